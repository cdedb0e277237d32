/*
 * interpreter_terminal.c - the module promptic.terminal: what Lua cannot find out about the
 * terminal.
 *
 * Text is measured in columns by wcwidth under a UTF-8 locale of its own, so that neither the
 * user's locale nor the script's os.setlocale changes a table's layout.
 */
#include "interpreter_terminal.h"

#include "interpreter_line.h"
#include "interpreter_signals.h"

#include <lauxlib.h>

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#define REPLACEMENT 0xFFFD

/* -------------------------------------------------------------- characters */

/* Decodes one character. Returns how many bytes it takes; a byte that is not UTF-8 stands
 * for U+FFFD. */
static size_t decode(const char *text, size_t length, uint32_t *code) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)text[0];
    size_t size = first < 0x80             ? 1
                  : (first & 0xE0) == 0xC0 ? 2
                  : (first & 0xF0) == 0xE0 ? 3
                  : (first & 0xF8) == 0xF0 ? 4
                                           : 0;
    *code = REPLACEMENT;
    if (size == 0 || size > length)
        return 1;
    uint32_t value = size == 1 ? first : first & (0x7Fu >> size);
    for (size_t i = 1; i < size; i++) {
        if (((unsigned char)text[i] & 0xC0) != 0x80)
            return 1;
        value = value << 6 | ((unsigned char)text[i] & 0x3F);
    }
    if (value < least[size] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return 1;
    *code = value;
    return size;
}

static locale_t utf8_locale(void) {
    static locale_t locale;
    if (locale == (locale_t)0)
        locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    return locale;
}

/* How many columns the character takes. Where the system has no such locale all take one. */
static int columns_of(uint32_t code) {
    if (code < 0x7F)
        return code >= 0x20;
    locale_t locale = utf8_locale();
    if (locale == (locale_t)0)
        return 1;
    locale_t before = uselocale(locale);
    int columns = wcwidth((wchar_t)code);
    uselocale(before);
    return columns > 0 ? columns : 0;
}

/* ---------------------------------------------------------------- measures */

/* columns(text): how many columns it takes */
static int terminal_columns(lua_State *L) {
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    lua_Integer columns = 0;
    for (size_t i = 0; i < length;) {
        uint32_t code;
        i += decode(text + i, length - i, &code);
        columns += columns_of(code);
    }
    lua_pushinteger(L, columns);
    return 1;
}

/* cut(text, columns): the longest beginning that fits, how many columns it takes, and the rest */
static int terminal_cut(lua_State *L) {
    size_t length, end = 0;
    const char *text = luaL_checklstring(L, 1, &length);
    lua_Integer room = luaL_checkinteger(L, 2), taken = 0;
    while (end < length) {
        uint32_t code;
        size_t size = decode(text + end, length - end, &code);
        int columns = columns_of(code);
        if (taken + columns > room)
            break;
        taken += columns;
        end += size;
    }
    lua_pushlstring(L, text, end);
    lua_pushinteger(L, taken);
    lua_pushlstring(L, text + end, length - end);
    return 3;
}

/* -------------------------------------------------------------------- text */

/* What stands for the character where it is printed: a control character could move the cursor or
 * rename the window, and one that turns the direction of writing could hide what a text says. */
static uint32_t harmless(uint32_t code, bool one_line) {
    if (code == '\n' || code == '\t')
        return one_line ? ' ' : code;
    if (code == 0x2028 || code == 0x2029) /* Unicode's ends of a line and of a paragraph */
        return one_line ? ' ' : '\n';
    if (code == '\r')
        return ' ';
    if (code < 0x20)
        return 0x2400 + code; /* its picture */
    if ((code >= 0x7F && code < 0xA0) || code == 0x61C || code == 0x200E || code == 0x200F ||
        (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069))
        return REPLACEMENT;
    return code;
}

/* clean(text, one_line): the text without what a terminal would obey; with one_line also without
 * tabs and ends of lines */
static int terminal_clean(lua_State *L) {
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    bool one_line = lua_toboolean(L, 2);
    luaL_Buffer buffer;
    luaL_buffinit(L, &buffer);
    for (size_t i = 0; i < length;) {
        uint32_t code;
        size_t size = decode(text + i, length - i, &code);
        uint32_t shown = harmless(code, one_line);
        if (code == '\r' && i + 1 < length && text[i + 1] == '\n') {
            /* the end of the line follows */
        } else if (shown == code && code != REPLACEMENT) {
            luaL_addlstring(&buffer, text + i, size);
        } else {
            lua_pushfstring(L, "%U", (long)shown);
            luaL_addvalue(&buffer);
        }
        i += size;
    }
    luaL_pushresult(&buffer);
    return 1;
}

/* ------------------------------------------------------------------ streams */

static const char *const streams[] = {"stdin", "stdout", "stderr", NULL};

/* is_terminal("stdin" | "stdout" | "stderr") */
static int terminal_is_terminal(lua_State *L) {
    lua_pushboolean(L, isatty(luaL_checkoption(L, 1, NULL, streams)));
    return 1;
}

/* is_file(path): whether it is a regular file, which never blocks as a pipe does; nil if there
 * is nothing */
static int terminal_is_file(lua_State *L) {
    struct stat status;
    if (stat(luaL_checkstring(L, 1), &status) != 0)
        return 0;
    lua_pushboolean(L, S_ISREG(status.st_mode));
    return 1;
}

/* width("stdin" | "stdout" | "stderr"): the columns of the terminal, nil if it is none */
static int terminal_width(lua_State *L) {
    struct winsize size;
    if (ioctl(luaL_checkoption(L, 1, NULL, streams), TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 0;
    lua_pushinteger(L, size.ws_col);
    return 1;
}

/* ------------------------------------------------------------------- secret */

#define SECRET_BYTES 8192

static volatile sig_atomic_t continued;

static void on_continue(int signal) {
    (void)signal;
    continued = 1;
}

/* Hides input from now on, and only then asks, so that input typed right after the
 * question is not shown either. What was typed before is dropped. */
static void ask(const char *prompt, const struct termios *silent) {
    continued = 0;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, silent);
    fputs(prompt, stderr);
    fflush(stderr);
}

/* Waits until there is input. False after a signal, except SIGCONT: the shell shows again input that is
 * typed when the program was suspended. */
static bool wait_for_input(const sigset_t *mask) {
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    return ppoll(&input, 1, NULL, mask) > 0 || (errno == EINTR && continued);
}

/* Asks and reads a line from stdin. SIGCONT is blocked, but by mask. Returns the line's length, or
 * -1 at the end of input and after other signals. */
static ssize_t ask_line(const char *prompt, const struct termios *silent, const sigset_t *mask,
                        char *line, size_t size) {
    size_t length = 0;
    ask(prompt, silent);
    for (;;) {
        char byte;
        if (!wait_for_input(mask))
            return -1;
        if (continued) {
            length = 0;
            ask(prompt, silent);
            continue;
        }
        ssize_t count = read(STDIN_FILENO, &byte, 1);
        if (count <= 0)
            return count == 0 && length > 0 ? (ssize_t)length : -1;
        if (byte == '\n')
            return (ssize_t)length;
        if (length < size)
            line[length++] = byte;
    }
}

/* read_secret(prompt): a line typed without echo, nil if there is none. The prompt goes to
 * stderr. */
static int terminal_read_secret(lua_State *L) {
    const char *prompt = luaL_optstring(L, 1, "");
    struct termios before, silent;
    struct sigaction action;
    sigset_t blocked, mask;
    char line[SECRET_BYTES];
    if (tcgetattr(STDIN_FILENO, &before) != 0)
        return luaL_error(L, "standard input is no terminal");
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    silent.c_lflag |= ICANON;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGCONT);
    sigprocmask(SIG_BLOCK, &blocked, &mask);
    interpreter_handle(SIGCONT, on_continue, &action);
    ssize_t length = ask_line(prompt, &silent, &mask, line, sizeof line);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    sigaction(SIGCONT, &action, NULL);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    fputc('\n', stderr);
    if (length < 0)
        return 0;
    lua_pushlstring(L, line, (size_t)length);
    explicit_bzero(line, sizeof line);
    return 1;
}

/* discard(): drops typed or pasted input that was not read, so that it does not reach the shell */
static int terminal_discard(lua_State *L) {
    (void)L;
    (void)tcflush(STDIN_FILENO, TCIFLUSH);
    return 0;
}

/* --------------------------------------------------------------------- exec */

/* exec(arguments): becomes promptic-lua with these arguments; returns nil and why where it cannot */
static int terminal_exec(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Unsigned count = lua_rawlen(L, 1);
    const char **arguments = lua_newuserdatauv(L, (count + 2) * sizeof *arguments, 0);
    luaL_checkstack(L, (int)count + 2, "too many arguments");
    arguments[0] = "promptic-lua";
    for (lua_Unsigned i = 1; i <= count; i++) {
        lua_rawgeti(L, 1, (lua_Integer)i);
        arguments[i] = luaL_checkstring(L, -1);
    }
    arguments[count + 1] = NULL;
    fflush(NULL);
    execv("/proc/self/exe", (char *const *)arguments);
    return luaL_fileresult(L, 0, "promptic-lua");
}

int interpreter_open_terminal(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"clean", terminal_clean},
        {"columns", terminal_columns},
        {"cut", terminal_cut},
        {"discard", terminal_discard},
        {"exec", terminal_exec},
        {"is_file", terminal_is_file},
        {"is_terminal", terminal_is_terminal},
        {"read_line", interpreter_ask_line},
        {"read_secret", terminal_read_secret},
        {"width", terminal_width},
        {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}
