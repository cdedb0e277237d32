/*
 * config_replace.h - replaces the configuration file as a whole, one writer at a time.
 *
 * Functions that can fail return 0 or a code that config_reason puts into words.
 */
#ifndef PROMPTIC_CONFIG_REPLACE_H
#define PROMPTIC_CONFIG_REPLACE_H

#include "text.h"

#include <sys/stat.h>

/* Resolves symbolic links; the target may not exist yet. */
int config_follow(struct text *path);

/* A copy of the path's folder, "." if it has none; freed with memory_free. NULL if out of memory. */
char *config_folder(const char *path);

/* Locks the file that lies beside the path, PATH.lock, against other writers: it is held over
 * reading, changing and replacing. Waits up to 5 seconds. *lock is closed with config_unlock; -1
 * if the file system has no locks or cannot be written. */
int config_lock(const char *path, const char *folder, int *lock);
void config_unlock(int lock);

/* Removes the drafts that writers of this path left behind when they were killed. Only while the
 * lock is held: else one of them may be alive. */
void config_clean_up(const char *path);

/* Puts the content into the path's place, in one step. before: the status of the replaced file,
 * or NULL; the new one gets its owner's permissions. A file that cannot be replaced, such as a
 * mount of its own in a container, is written in place. */
int config_replace(const char *path, const struct text *content, const struct stat *before);

#endif
