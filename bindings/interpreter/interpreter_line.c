/*
 * interpreter_line.c - reads a line at the terminal, with readline if it is installed.
 *
 * libreadline is loaded when the first line is read: scripts never pay for it. If it is missing, or
 * PROMPTIC_NO_READLINE is set, the terminal's own editing is used. Its callback interface is used,
 * so that Ctrl-C is handled here and never jumps out of the library.
 */
#include "interpreter_line.h"

#include "interpreter_signals.h"

#include <lauxlib.h>

#include <dlfcn.h>
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---------------------------------------------------------------- readline */

typedef char *next_match_function(const char *text, int state);
typedef char **matches_function(const char *text, int start, int end);

/* The functions used of libreadline, by their names without rl_. */
static struct {
    void (*callback_handler_install)(const char *prompt, void (*on_line)(char *line));
    void (*callback_handler_remove)(void);
    void (*callback_read_char)(void);
    void (*callback_sigcleanup)(void);
    void (*free_line_state)(void);
    void (*cleanup_after_signal)(void);
    void (*reset_after_signal)(void);
    void (*resize_terminal)(void);
    int (*forced_update_display)(void);
    int (*variable_bind)(const char *name, const char *value);
    char **(*completion_matches)(const char *text, next_match_function *next);
    void (*add_history)(const char *line);
    void (*clear_history)(void);
    int *catch_signals, *catch_sigwinch;
    int *attempted_completion_over, *completion_append_character;
    const char **readline_name, **completer_word_break_characters;
    char **line_buffer;
    FILE **outstream;
    matches_function **attempted_completion_function;
} readline;

#define SYMBOL(FIELD, NAME) \
    { NAME, offsetof(__typeof__(readline), FIELD) }
#define RL(FIELD) SYMBOL(FIELD, "rl_" #FIELD)

static bool load_symbols(void *library) {
    static const struct {
        const char *name;
        size_t offset;
    } symbols[] = {
        RL(callback_handler_install),
        RL(callback_handler_remove),
        RL(callback_read_char),
        RL(callback_sigcleanup),
        RL(free_line_state),
        RL(cleanup_after_signal),
        RL(reset_after_signal),
        RL(resize_terminal),
        RL(forced_update_display),
        RL(variable_bind),
        RL(completion_matches),
        SYMBOL(add_history, "add_history"),
        SYMBOL(clear_history, "clear_history"),
        RL(catch_signals),
        RL(catch_sigwinch),
        RL(attempted_completion_over),
        RL(completion_append_character),
        RL(readline_name),
        RL(completer_word_break_characters),
        RL(line_buffer),
        RL(outstream),
        RL(attempted_completion_function),
    };
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        void *symbol = dlsym(library, symbols[i].name);
        if (symbol == NULL)
            return false;
        memcpy((char *)&readline + symbols[i].offset, &symbol, sizeof symbol);
    }
    return true;
}

/* Without any locale in the environment readline would take each byte for a character. */
static void choose_locale(void) {
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != '\0')
            return;
    }
    setlocale(LC_CTYPE, "C.UTF-8");
}

static char **complete(const char *text, int start, int end);

static bool load_readline(void) {
    static const char *const names[] = {"libreadline.so.8", "libreadline.so.7"};
    const char *refused = getenv("PROMPTIC_NO_READLINE");
    void *library = NULL;
    if (refused != NULL && refused[0] != '\0')
        return false;
    for (size_t i = 0; library == NULL && i < sizeof names / sizeof *names; i++)
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return false;
    if (!load_symbols(library)) {
        dlclose(library);
        return false;
    }
    choose_locale();
    *readline.readline_name = "promptic-lua";
    *readline.catch_signals = 0;
    *readline.catch_sigwinch = 0;
    *readline.completer_word_break_characters = " \t\n\"\\'`><=;+-*/%^~#{}()[],.:|&";
    *readline.attempted_completion_function = complete;
    /* what ~/.inputrc says goes before this */
    readline.variable_bind("enable-bracketed-paste", "on");
    return true;
}

static bool has_readline(void) {
    static int loaded = -1;
    if (loaded < 0)
        loaded = load_readline();
    return loaded != 0;
}

/* ------------------------------------------------------------------- line */

/* The line that is being read. */
static struct {
    lua_State *L;
    int completer; /* index of the function that completes, 0 for none */
    int next;      /* of the matches, which are on top of the stack then */
    bool done;
    FILE *screen; /* where prompt and input are shown */
    char *line;   /* freed by the next read, as pushing it may raise */
    size_t size;
} reading;

/* ------------------------------------------------------------- completion */

typedef struct place {
    const char *text;
    int start, end;
} place;

/* [-1, +1, e] */
static int ask_completer(lua_State *L) {
    const place *at = lua_touserdata(L, 2);
    lua_pushlstring(L, at->text, (size_t)at->end);
    lua_replace(L, 2);
    lua_pushinteger(L, at->start);
    lua_call(L, 2, 1);
    return 1;
}

static char *next_match(const char *text, int state) {
    (void)text;
    reading.next = state == 0 ? 1 : reading.next + 1;
    lua_rawgeti(reading.L, -1, reading.next);
    const char *match = lua_type(reading.L, -1) == LUA_TSTRING ? lua_tostring(reading.L, -1) : NULL;
    char *copy = match == NULL ? NULL : strdup(match);
    lua_pop(reading.L, 1);
    return copy;
}

/* What could stand instead of the text between start and end, in readline's form. */
static char **complete(const char *text, int start, int end) {
    lua_State *L = reading.L;
    char **matches = NULL;
    place at = {*readline.line_buffer, start, end};
    *readline.attempted_completion_over = 1; /* no names of files instead */
    *readline.completion_append_character = '\0';
    if (reading.completer == 0 || !lua_checkstack(L, LUA_MINSTACK))
        return NULL;
    lua_pushcfunction(L, ask_completer);
    lua_pushvalue(L, reading.completer);
    lua_pushlightuserdata(L, &at);
    if (lua_pcall(L, 2, 1, 0) == LUA_OK && lua_istable(L, -1))
        matches = readline.completion_matches(text, next_match);
    lua_pop(L, 1);
    return matches;
}

/* ----------------------------------------------------------------- signals */

static volatile sig_atomic_t interrupted, resized, continued;
static volatile sig_atomic_t ending; /* SIGTERM or SIGHUP */

static void note(int signal) {
    if (signal == SIGINT)
        interrupted = 1;
    else if (signal == SIGWINCH)
        resized = 1;
    else if (signal == SIGCONT)
        continued = 1;
    else
        ending = signal;
}

static const int noted[] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGCONT};
#define NOTED (sizeof noted / sizeof *noted)

typedef struct saved_signals {
    struct sigaction actions[NOTED];
    sigset_t mask; /* as it was, and is while input is waited for */
} saved_signals;

/* From here on the signals are noted, and arrive only where input is waited for. */
static void take_signals(saved_signals *saved, bool block) {
    struct sigaction action = {.sa_flags = 0};
    sigset_t mask;
    interrupted = resized = continued = ending = 0;
    action.sa_handler = note;
    sigemptyset(&action.sa_mask);
    sigemptyset(&mask);
    for (size_t i = 0; block && i < NOTED; i++)
        sigaddset(&mask, noted[i]);
    sigprocmask(SIG_BLOCK, &mask, &saved->mask);
    for (size_t i = 0; i < NOTED; i++)
        sigaction(noted[i], interpreter_ignores(noted[i]) ? NULL : &action, &saved->actions[i]);
}

static void give_signals_back(const saved_signals *saved) {
    for (size_t i = 0; i < NOTED; i++)
        sigaction(noted[i], &saved->actions[i], NULL);
    sigprocmask(SIG_SETMASK, &saved->mask, NULL);
    if (ending) /* now that the terminal is as it was */
        raise(ending);
}

/* -------------------------------------------------------------------- read */

typedef enum outcome { LINE, END, INTERRUPTED } outcome;

static void on_line(char *line) {
    readline.callback_handler_remove();
    reading.line = line;
    reading.done = true;
}

static void give_up_line(void) {
    readline.free_line_state();
    readline.callback_sigcleanup();
    readline.cleanup_after_signal();
    readline.callback_handler_remove();
}

/* A signal came while input was waited for. Returns whether it ends the line. */
static bool react(void) {
    if (interrupted) {
        fputs("^C", reading.screen); /* before readline moves the cursor */
        fflush(reading.screen);
        give_up_line();
        fputc('\n', reading.screen);
        return true;
    }
    if (ending) {
        give_up_line();
        return true;
    }
    if (continued) { /* the shell may have changed the terminal's modes */
        readline.cleanup_after_signal();
        readline.reset_after_signal();
        readline.forced_update_display();
    }
    if (resized)
        readline.resize_terminal();
    continued = resized = 0;
    return false;
}

static outcome read_edited(const char *prompt) {
    saved_signals saved;
    take_signals(&saved, true);
    *readline.outstream = reading.screen;
    readline.callback_handler_install(prompt, on_line);
    while (!reading.done) {
        struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
        if (ppoll(&input, 1, NULL, &saved.mask) > 0) {
            readline.callback_read_char();
        } else if (errno != EINTR) {
            give_up_line();
            break;
        } else if (react()) {
            break;
        }
    }
    give_signals_back(&saved);
    if (reading.line != NULL)
        return LINE;
    return interrupted ? INTERRUPTED : END;
}

/* Prints the prompt without the marks around its escape sequences, which are readline's. */
static void print_prompt(const char *prompt) {
    for (const char *c = prompt; *c != '\0'; c++)
        if (*c != '\001' && *c != '\002')
            fputc(*c, reading.screen);
    fflush(reading.screen);
}

/* A line with the editing that the terminal itself has; its length, or -1. */
static ssize_t read_cooked(void) {
    ssize_t length;
    do {
        errno = 0;
        length = getline(&reading.line, &reading.size, stdin);
        if (length < 0)
            clearerr(stdin); /* after Ctrl-D more can be typed */
    } while (length < 0 && errno == EINTR && !interrupted && !ending);
    return length;
}

/* A terminal that was asked to puts these around pasted text. */
static const char paste_begin[] = "\033[200~", paste_end[] = "\033[201~";

static void remove_all(char *text, const char *what) {
    size_t length = strlen(what);
    while ((text = strstr(text, what)) != NULL)
        memmove(text, text + length, strlen(text + length) + 1);
}

/* The line that was read has the beginning of a paste: reads on until its end. */
static bool read_paste(void) {
    char *pasted = NULL;
    bool fits = true;
    while (fits && strstr(reading.line, paste_end) == NULL) {
        size_t length = pasted != NULL ? strlen(pasted) : 0;
        char *more = realloc(pasted, length + strlen(reading.line) + 1);
        fits = more != NULL;
        if (!fits)
            break;
        pasted = more;
        strcpy(pasted + length, reading.line);
        if (read_cooked() < 0)
            break;
    }
    size_t before = pasted != NULL ? strlen(pasted) : 0, last = strlen(reading.line);
    char *whole = fits ? malloc(before + last + 1) : NULL;
    if (whole != NULL) {
        memcpy(whole, pasted != NULL ? pasted : "", before);
        memcpy(whole + before, reading.line, last + 1);
        free(reading.line);
        reading.line = whole;
        reading.size = before + last + 1;
        remove_all(whole, paste_begin);
        remove_all(whole, paste_end);
    }
    free(pasted);
    return whole != NULL;
}

/* Whether the terminal can be asked to mark pasted text. */
static bool marks_pastes(void) {
    const char *terminal = getenv("TERM");
    return isatty(STDIN_FILENO) && terminal != NULL && strcmp(terminal, "dumb") != 0;
}

/* Without readline. SIGCONT and SIGWINCH do no harm here. */
static outcome read_plain(const char *prompt) {
    saved_signals saved;
    bool marks = marks_pastes();
    if (marks)
        fputs("\033[?2004h", reading.screen);
    print_prompt(prompt);
    take_signals(&saved, false);
    ssize_t length = read_cooked();
    if (length >= 0 && marks && strstr(reading.line, paste_begin) != NULL && !read_paste())
        length = -1;
    if (marks)
        fputs("\033[?2004l", reading.screen);
    fflush(reading.screen);
    give_signals_back(&saved);
    if (length < 0) {
        if (interrupted)
            fputc('\n', reading.screen); /* behind the ^C that the terminal has shown */
        return interrupted ? INTERRUPTED : END;
    }
    size_t end = strlen(reading.line);
    if (end > 0 && reading.line[end - 1] == '\n')
        reading.line[end - 1] = '\0';
    return LINE;
}

/* [-?, +1 or 2, e] */
static int read_line(lua_State *L, FILE *screen) {
    static const char *const outcomes[] = {[END] = "end", [INTERRUPTED] = "interrupted"};
    const char *prompt = luaL_checkstring(L, 1);
    lua_settop(L, 2);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    free(reading.line);
    memset(&reading, 0, sizeof reading);
    reading.L = L;
    reading.completer = lua_isfunction(L, 2) ? 2 : 0;
    reading.screen = screen;
    fflush(NULL);
    outcome outcome = has_readline() ? read_edited(prompt) : read_plain(prompt);
    fflush(screen);
    if (outcome == LINE) {
        lua_pushstring(L, reading.line);
        return 1;
    }
    luaL_pushfail(L);
    lua_pushstring(L, outcomes[outcome]);
    return 2;
}

int interpreter_read_line(lua_State *L) {
    return read_line(L, stdout);
}

int interpreter_ask_line(lua_State *L) {
    return read_line(L, stderr);
}

/* set_history(list): what the arrow keys go through, the oldest first */
int interpreter_set_history(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    if (!has_readline())
        return 0;
    readline.clear_history();
    lua_Integer count = luaL_len(L, 1);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, 1, i);
        if (lua_type(L, -1) == LUA_TSTRING)
            readline.add_history(lua_tostring(L, -1));
        lua_pop(L, 1);
    }
    return 0;
}
