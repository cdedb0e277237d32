/*
 * download.h - a file that is written beside its target and takes the target's place as a whole: an
 * existing file stays as it is until everything has come.
 */
#ifndef PROMPTIC_DOWNLOAD_H
#define PROMPTIC_DOWNLOAD_H

#include "compat.h"

/* A promptic_request's on_body: userdata is the download. A failure is kept for commit. */
void download_write(const char *piece, size_t length, void *userdata);

/* [-0, +0, e] The download at index; raises for anything else. */
void *download_check(lua_State *L, int index);

/* [-0, +1 or 2, m] open(path): a new download, or nil and why the target cannot be written. It is
 * given up when it is collected; its methods:
 *   commit()   puts the file into the target's place, on the disk for good; returns how many bytes
 *              it has, or nil and why that failed
 *   discard()  removes it; does nothing after either of the two */
int download_open(lua_State *L);

#endif
