/*
 * interpreter_sandbox.c - promptic-lua --sandbox: the sandbox in a child process.
 *
 * Nothing it does can slow or crash the script, and the client meets it over HTTP as it would meet
 * the platform. The child reads a pipe whose other end only this process holds, and ends when that
 * closes: so it is gone after kill -9 as well, and after an end by exit() it is also waited for.
 */
#include "interpreter_sandbox.h"

#include "clock.h"
#include "interpreter_report.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define START_SECONDS 30
#define STOP_SECONDS 5

static const char announcement[] = "promptic sandbox: ";
static const char api_key[] = "ptc_sandbox"; /* the sandbox's default */

static struct {
    pid_t owner; /* the process that started it; a fork of it must leave it alone */
    pid_t pid;
    int input;  /* where its stdin is written */
    int output; /* where its stdout is read */
} sandbox = {.input = -1, .output = -1};

/* ------------------------------------------------------------------- pipes */

/* Where stdin, stdout or stderr is closed a pipe may get its number, which is then not its own. */
static bool keep_off_standard(int *descriptor) {
    if (*descriptor > STDERR_FILENO)
        return true;
    int other = fcntl(*descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(*descriptor);
    *descriptor = other;
    return other >= 0;
}

static bool open_pipe(int ends[2]) {
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    bool first = keep_off_standard(&ends[0]);
    return keep_off_standard(&ends[1]) && first;
}

/* ------------------------------------------------------------------- start */

/* The child's environment: this one's, without what would run before the sandbox. Freed by the
 * caller; NULL if out of memory. */
static char **child_environment(void) {
    size_t count = 0, kept = 0;
    while (environ[count] != NULL)
        count++;
    char **list = malloc((count + 1) * sizeof *list);
    for (size_t i = 0; list != NULL && i <= count; i++)
        if (environ[i] == NULL || strncmp(environ[i], "LUA_INIT", strlen("LUA_INIT")) != 0)
            list[kept++] = environ[i];
    return list;
}

/* Returns 0 or an errno. */
static int spawn(char *const *arguments, int input, int output) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    char **environment = child_environment();
    if (environment == NULL)
        return ENOMEM;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    /* A group of its own: Ctrl-C is the script's to handle, perhaps with further calls. */
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setpgroup(&attributes, 0);
    int problem =
        posix_spawn(&sandbox.pid, "/proc/self/exe", &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    free(environment);
    return problem;
}

static int start_child(const interpreter_options *options) {
    const char *arguments[8 + 2 * INTERPRETER_MOST_SANDBOX_OPTIONS] = {options->argv[0]};
    size_t count = 1;
    if (options->ignore_environment)
        arguments[count++] = "-E";
    arguments[count++] = "--run";
    arguments[count++] = "promptic.sandbox";
    arguments[count++] = "--stop-on-eof";
    for (size_t i = 0; i < options->sandbox_argument_count; i++)
        arguments[count++] = options->sandbox_arguments[i];
    int input[2] = {-1, -1}, output[2] = {-1, -1};
    int problem = open_pipe(input) && open_pipe(output) ? 0 : errno;
    if (problem == 0)
        problem = spawn((char *const *)arguments, input[0], output[1]);
    close(input[0]);
    close(output[1]);
    sandbox.owner = getpid();
    sandbox.input = input[1];
    sandbox.output = output[0];
    return problem;
}

/* -------------------------------------------------------------------- talk */

/* Reads what the child writes, until the deadline. Returns the count of bytes, 0 once it has ended,
 * or -1 where time is up. */
static ssize_t read_output(char *buffer, size_t size, double deadline) {
    for (;;) {
        double left = deadline - clock_seconds();
        struct pollfd wanted = {.fd = sandbox.output, .events = POLLIN};
        int ready = poll(&wanted, 1, left > 0 ? (int)(left * 1000) + 1 : 0);
        if (ready > 0) {
            ssize_t count = read(sandbox.output, buffer, size);
            if (count >= 0 || errno != EINTR)
                return count > 0 ? count : 0;
        } else if (ready == 0 || errno != EINTR) {
            return -1;
        }
    }
}

/* Reads the line with the address and reduces it to that. */
static bool read_address(char *line, size_t size) {
    double deadline = clock_seconds() + START_SECONDS;
    size_t length = 0;
    while (length + 1 < size) {
        if (read_output(line + length, 1, deadline) <= 0)
            return false;
        if (line[length] != '\n') {
            length++;
            continue;
        }
        line[length] = '\0';
        size_t start = strlen(announcement);
        if (strncmp(line, announcement, start) == 0) {
            memmove(line, line + start, length - start + 1);
            return true;
        }
        length = 0;
    }
    return false;
}

/* -------------------------------------------------------------------- stop */

/* Ends the child and waits until it is gone. */
static void stop(void) {
    if (sandbox.pid <= 0 || sandbox.owner != getpid())
        return;
    char ignored[512];
    ssize_t count;
    double deadline = clock_seconds() + STOP_SECONDS;
    close(sandbox.input);
    while ((count = read_output(ignored, sizeof ignored, deadline)) > 0)
        ;
    if (count < 0)
        kill(sandbox.pid, SIGKILL);
    close(sandbox.output);
    while (waitpid(sandbox.pid, NULL, 0) < 0 && errno == EINTR)
        ;
    sandbox.pid = 0;
}

bool interpreter_start_sandbox(const interpreter_options *options) {
    char address[256];
    int problem = start_child(options);
    if (problem != 0) {
        char text[128];
        snprintf(text, sizeof text, "cannot start the sandbox: %s", strerror(problem));
        interpreter_message(text);
        return false;
    }
    atexit(stop);
    if (!read_address(address, sizeof address)) {
        stop();
        interpreter_message("the sandbox did not start"); /* it has said why itself, to stderr */
        return false;
    }
    setenv("PROMPTIC_ENDPOINT", address, 1);
    setenv("PROMPTIC_API_KEY", api_key, 1);
    unsetenv("PROMPTIC_ACCESS_TOKEN");
    unsetenv("PROMPTIC_AI_APPLICATION_ID");
    unsetenv("PROMPTIC_WORKSPACE_ID");
    unsetenv("PROMPTIC_AI_APPLICATION_ID");
    return true;
}
