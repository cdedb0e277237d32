/*
 * config_file.h - the configuration file's keys, its path, and its content as bytes.
 * config.c reads it, config_write.c changes it.
 */
#ifndef PROMPTIC_CONFIG_FILE_H
#define PROMPTIC_CONFIG_FILE_H

#include "promptic.h"
#include "text.h"
#include "toml.h"

/* Bytes. A longer file is no configuration. */
#define CONFIG_LONGEST_FILE ((size_t)64 * 1024)

/* Its name in a message, cut so that it leaves room for the message. */
#define CONFIG_NAME_IN_MESSAGE "%.250s"

/* The keys that mean something, all of them at the top level. */
typedef enum config_key {
    CONFIG_API_KEY,
    CONFIG_ACCESS_TOKEN,
    CONFIG_AI_APPLICATION_ID,
    CONFIG_WORKSPACE_ID, /* the older name of the same */
    CONFIG_ENDPOINT,
    CONFIG_KEYS
} config_key;

/* The key's name in the file; a static string. */
const char *config_key_name(config_key key);

/* The key of this name, CONFIG_KEYS if there is none. */
config_key config_find_key(const char *name);

/* Adds the file's path: the given one, ~/.promptic/config.toml if that is NULL. Nothing is added
 * if `given` is empty or there is no home directory. */
void config_add_path(struct text *path, const char *given);

/* Failures that errno has no number for. */
enum {
    CONFIG_NO_FILE = -1,        /* a pipe, whose reading could block, or a folder */
    CONFIG_FOREIGN = -2,        /* it belongs to a user who is neither this one nor root */
    CONFIG_WRITABLE = -3,       /* anybody can change it */
    CONFIG_LOCKED = -4,         /* another writer holds the lock too long */
    CONFIG_FOLDER_FOREIGN = -5, /* as above, of the folder, in which files can be exchanged */
    CONFIG_FOLDER_WRITABLE = -6
};

/* Whether the folder of the path, and of what it is a link to, is such a one: 0, or why not. A
 * folder that is not there passes. */
int config_check_folder(const char *path);

/* Reads the file into *data, CONFIG_LONGEST_FILE + 1 bytes that the caller wipes and frees; NULL
 * if it could not be allocated. Never waits for a writer. Returns 0, a number of errno or
 * one of the above: the writer of the file chooses the server that gets the credential. */
int config_read_file(const promptic_allocator *allocator, const char *path, char **data,
                     size_t *length);

/* Wipes and frees what config_read_file gave. NULL is allowed. */
void config_free_file(const promptic_allocator *allocator, char *data);

/* The number as text; a static string. */
const char *config_reason(int code);

#endif
