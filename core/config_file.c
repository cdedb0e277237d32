#include "config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const names[CONFIG_KEYS] = {
    [CONFIG_API_KEY] = "api_key",
    [CONFIG_ACCESS_TOKEN] = "access_token",
    [CONFIG_AI_APPLICATION_ID] = "ai_application_id",
    [CONFIG_WORKSPACE_ID] = "workspace_id",
    [CONFIG_ENDPOINT] = "endpoint",
};

const char *config_key_name(config_key key) {
    return names[key];
}

config_key config_find_key(const char *name) {
    int key = 0;
    while (key < CONFIG_KEYS && strcmp(name, names[key]) != 0)
        key++;
    return (config_key)key;
}

/* The user's home directory: HOME, else what the system's user database says. */
static void add_home(struct text *path) {
    const char *home = getenv("HOME");
    if (home != NULL && home[0] != '\0') {
        text_add(path, home);
        return;
    }
    char buffer[16 * 1024];
    struct passwd user, *found = NULL;
    if (getpwuid_r(getuid(), &user, buffer, sizeof buffer, &found) == 0 && found != NULL)
        text_add(path, user.pw_dir);
}

void config_add_path(struct text *path, const char *given) {
    if (given != NULL) {
        text_add(path, given);
        return;
    }
    add_home(path);
    if (path->length > 0)
        text_add(path, "/.promptic/config.toml");
}

/* Not strerror, which may share a buffer between threads, and speaks the locale. */
const char *config_reason(int code) {
    switch (code) {
    case CONFIG_NO_FILE:
        return "not a regular file";
    case CONFIG_FOREIGN:
        return "it belongs to another user";
    case CONFIG_WRITABLE:
        return "anybody can change it; check its content, then chmod 600";
    case CONFIG_LOCKED:
        return "another program holds its lock";
    case CONFIG_FOLDER_FOREIGN:
        return "its folder belongs to another user";
    case CONFIG_FOLDER_WRITABLE:
        return "anybody can change its folder; check the file's content, then chmod 700 the folder";
    case EACCES:
    case EPERM:
        return "permission denied";
    case ENOENT:
        return "no such file";
    case ENOTDIR:
        return "a part of its path is not a folder";
    case EISDIR:
        return "is a directory";
    case EFBIG:
        return "it is larger than 64 KiB";
    case EROFS:
        return "the file system is read-only";
    case ENOSPC:
    case EDQUOT:
        return "no space left on the disk";
    case ELOOP:
        return "too many symbolic links";
    default:
        return "input/output error";
    }
}

/* In a sticky folder, such as /tmp, nobody can exchange the file of another. */
static int check_folder_of(const char *path) {
    struct stat status;
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        strcpy(folder, ".");
    else if ((size_t)(slash - path) + 2 > sizeof folder)
        return ENAMETOOLONG;
    else
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - path) + 1, path);
    if (stat(folder, &status) != 0)
        return 0;
    if (status.st_uid != geteuid() && status.st_uid != 0)
        return CONFIG_FOLDER_FOREIGN;
    bool is_open = (status.st_mode & S_IWOTH) != 0 && (status.st_mode & S_ISVTX) == 0;
    return is_open ? CONFIG_FOLDER_WRITABLE : 0;
}

int config_check_folder(const char *path) {
    char target[PATH_MAX];
    int problem = check_folder_of(path);
    if (problem == 0 && realpath(path, target) != NULL)
        problem = check_folder_of(target);
    return problem;
}

/* Reads up to `size` bytes; -1 and errno if that fails. */
static ssize_t read_all(int file, char *buffer, size_t size) {
    size_t length = 0;
    while (length < size) {
        ssize_t count = read(file, buffer + length, size - length);
        if (count == 0)
            break;
        if (count > 0)
            length += (size_t)count;
        else if (errno != EINTR)
            return -1;
    }
    return (ssize_t)length;
}

/* Whether the open file may be read and name an endpoint for credentials: 0, or why not. Of
 * devices /dev/null is a file without content. */
static int check_file(int file) {
    struct stat status;
    if (fstat(file, &status) != 0)
        return errno;
    if (S_ISDIR(status.st_mode))
        return EISDIR;
    if (S_ISCHR(status.st_mode))
        return 0;
    if (!S_ISREG(status.st_mode))
        return CONFIG_NO_FILE;
    if (status.st_uid != geteuid() && status.st_uid != 0)
        return CONFIG_FOREIGN;
    return (status.st_mode & S_IWOTH) != 0 ? CONFIG_WRITABLE : 0;
}

int config_read_file(const promptic_allocator *allocator, const char *path, char **data,
                     size_t *length) {
    *data = NULL;
    *length = 0;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0)
        return errno == ENXIO ? CONFIG_NO_FILE : errno;
    int problem = check_file(file);
    if (problem == 0)
        problem = config_check_folder(path);
    if (problem != 0) {
        close(file);
        return problem;
    }
    *data = memory_resize(allocator, NULL, CONFIG_LONGEST_FILE + 1);
    ssize_t count = *data != NULL ? read_all(file, *data, CONFIG_LONGEST_FILE + 1) : -1;
    int code = *data == NULL ? ENOMEM : count < 0 ? errno : 0;
    close(file);
    *length = count > 0 ? (size_t)count : 0;
    return *length > CONFIG_LONGEST_FILE ? EFBIG : code;
}

void config_free_file(const promptic_allocator *allocator, char *data) {
    if (data != NULL)
        text_wipe(data, CONFIG_LONGEST_FILE + 1);
    memory_free(allocator, data);
}
