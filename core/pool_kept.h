/* pool_kept.h - decides whether a kept connection may carry another request. */
#ifndef PROMPTIC_POOL_KEPT_H
#define PROMPTIC_POOL_KEPT_H

#include "pool.h"

/* Whether a kept connection may carry another request: it is known, there is nothing to read from
 * it, which could only be its end or a response to no request (RFC 9112 9.2, 9.3), and this machine
 * still has its address, which it may have lost while it slept or changed networks. */
bool pool_is_usable(struct pool *pool, const pool_end *peer, const pool_end *local);

/* Notes that this connection is about to carry its first request. */
void pool_note_connected(struct pool *pool, const pool_end *peer, const pool_end *local);

#endif
