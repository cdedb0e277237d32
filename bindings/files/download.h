/*
 * download.h - Lua's side of writer.h: a file that is written as a whole or not at all.
 */
#ifndef PROMPTIC_DOWNLOAD_H
#define PROMPTIC_DOWNLOAD_H

#include "compat.h"

/* A promptic_request's on_body: userdata is the download. A failure is kept for commit. */
void download_write(const char *piece, size_t length, void *userdata);

/* [-0, +0, e] The download at index; raises for anything else. */
void *download_check(lua_State *L, int index);

/* [-0, +1 or 2, m] open(path, private): a new download (private: a new file is its owner's alone),
 * or nil and why the target cannot be written; false if it is a FIFO that nobody reads yet: to
 * be tried again. It is given up when it is collected; its methods: add(bytes)  writes them; a
 * failure is kept for commit commit()    puts the bytes into the target's place, on the disk for
 * good; returns how many there are, or nil and why that failed; false if a FIFO or terminal
 * takes no more for now: to be called again discard()   removes it; does nothing after either of
 * the two */
int download_open(lua_State *L);

#endif
