/*
 * json.c - what no Lua script reaches of bindings/json: shapes, roots, the buffer, decoding
 * in steps of any size, and that every allocation may fail. It needs no server.
 */
#include "check.h"

#include "json.h"
#include "json_buffer.h"
#include "json_decode.h"
#include "json_encode.h"

#include <lauxlib.h>
#include <lualib.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Counts down with every block that is asked for, the buffer's and Lua's; at 0 there is none. */
static long allocations_left = -1;

void *__real_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size) {
    if (allocations_left == 0)
        return NULL;
    allocations_left -= allocations_left > 0 ? 1 : 0;
    return __real_realloc(block, size);
}

static void *lua_allocate(void *unused, void *block, size_t old_size, size_t size) {
    (void)unused;
    if (size == 0) {
        free(block);
        return NULL;
    }
    bool grows = block == NULL || size > old_size; /* Lua relies on shrinking */
    return grows ? realloc(block, size) : __real_realloc(block, size);
}

/* Notes a check that fails, with what it is about. */
static void expect(bool holds, const char *what, const char *seen) {
    if (!CHECK(holds))
        fprintf(stderr, "... %s: %s\n", what, seen == NULL ? "(nothing)" : seen);
}

typedef struct shape_case {
    const char *source; /* a Lua expression; A marks a table as an array */
    json_shape shape;
    const char *root;
    const char *expected; /* the text, or the message */
    bool encodes;
} shape_case;

static const shape_case shape_cases[] = {
    {"{}", JSON_ANY, NULL, "{}", true},
    {"{}", JSON_OBJECT, NULL, "{}", true},
    {"{}", JSON_ARRAY, NULL, "[]", true},
    {"A{}", JSON_ANY, NULL, "[]", true},
    {"A{}", JSON_ARRAY, NULL, "[]", true},
    {"{{}}", JSON_ARRAY, NULL, "[{}]", true},
    {"{1,2}", JSON_ARRAY, NULL, "[1,2]", true},
    {"{a=1}", JSON_OBJECT, NULL, "{\"a\":1}", true},
    {"nil", JSON_ANY, "x", "null", true},
    {"A{}", JSON_OBJECT, "variables", "variables: an object is needed here, this is an array",
     false},
    {"{1}", JSON_OBJECT, "", "value: an object is needed here, this is an array", false},
    {"{a=1}", JSON_ARRAY, "list", "list: an array is needed here, this is an object", false},
    {"'x'", JSON_ARRAY, "list", "list: an array is needed here, this is a string", false},
    {"nil", JSON_OBJECT, NULL, "value: an object is needed here, this is a nil", false},
    {"{[2]=1}", JSON_ARRAY, "list",
     "list[1]: missing, while [2] is there; a sparse array has no JSON form", false},
    {"{{},{},{variables={x=0/0}}}", JSON_ARRAY, "observations",
     "observations[3].variables.x: NaN has no JSON form", false},
    {"0/0", JSON_ANY, "temperature", "temperature: NaN has no JSON form", false},
};

static void check_shape(lua_State *L, const shape_case *c) {
    int top = lua_gettop(L);
    lua_pushfstring(L, "local A = ...; return %s", c->source);
    luaL_loadstring(L, lua_tostring(L, -1));
    lua_pushcfunction(L, json_function_array);
    lua_call(L, 1, 1);
    json_buffer *b = json_buffer_push(L);
    json_buffer_add(L, b, "before", 6);
    bool encoded = json_encode(L, -2, c->shape, c->root, b);
    expect(lua_gettop(L) == top + 3 + !encoded, c->source, "leaves the stack uneven");
    expect(encoded == c->encodes, c->source, encoded ? "encoded" : lua_tostring(L, -1));
    if (!encoded) {
        expect(strcmp(lua_tostring(L, -1), c->expected) == 0, c->expected, lua_tostring(L, -1));
        expect(b->length == 6, c->source, "leaves a part in the buffer");
    }
    size_t length = 0;
    char *text = json_buffer_take(b, &length);
    if (encoded) {
        expect(strcmp(text + 6, c->expected) == 0, c->expected, text);
        expect(length == strlen(text), c->source, "has the wrong length");
    }
    free(text);
    lua_settop(L, top);
}

static void check_buffer(lua_State *L) {
    size_t length = 1;
    size_t invalid_at = 0;
    json_buffer *b = json_buffer_push(L);
    expect(json_buffer_take(b, &length) == NULL && length == 0, "an empty buffer", "gives a block");
    expect(!json_buffer_add_string(L, b, "ab\xC0", 3, &invalid_at), "bad UTF-8", "is accepted");
    expect(invalid_at == 3 && b->length == 0, "bad UTF-8", "is reported wrongly");
    expect(!json_buffer_add_string(L, b, "\xE2\x82\xAC", 2, NULL), "cut UTF-8", "is accepted");
    expect(json_buffer_add_string(L, b, "a\n", 2, NULL), "a string", "is refused");
    for (int i = 0; i < 10000; i++)
        json_buffer_add(L, b, "0123456789", 10);
    char *text = json_buffer_take(b, &length);
    expect(length == 100005 && strncmp(text, "\"a\\n\"0123", 9) == 0, "a long text", text);
    expect(text[length] == '\0', "a long text", "has no end");
    free(text);
    json_buffer_add(L, b, "left to the collector", 21);
    lua_pop(L, 1);
}

static const char sample[] = "\xEF\xBB\xBF {\"a\":[1,2.5,null,{\"\\u00e9\\n\":null,\"b\":[]}],"
                             "\"a\":{\"c\":-0.1},\"d\":\"\\ud83d\xFF\"}";

/* [-0, +1, m] Decodes in steps; false with a message. */
static bool decode_in_steps(lua_State *L, const char *text, size_t length, size_t bytes) {
    json_progress progress = JSON_GOES_ON;
    json_decoding_push(L, text, length, 0, NULL);
    for (long steps = 0; progress == JSON_GOES_ON; steps++) {
        progress = json_decoding_step(L, -1, bytes);
        if (steps > (long)length + 2)
            luaL_error(L, "a step does nothing");
    }
    lua_remove(L, -2);
    return progress == JSON_DONE;
}

/* What the sweep runs: both ways, refusals included. */
static int work(lua_State *L) {
    json_buffer *b = json_buffer_push(L);
    if (!json_decode(L, sample, sizeof sample - 1, 0) ||
        !json_encode(L, -1, JSON_OBJECT, "root", b))
        return luaL_error(L, "unexpected: %s", lua_tostring(L, -1));
    if (!decode_in_steps(L, sample, sizeof sample - 1, 4))
        return luaL_error(L, "unexpected: %s", lua_tostring(L, -1));
    for (int i = 0; i < 40; i++)
        json_buffer_add_string(L, b, sample + 3, sizeof sample - 6, NULL);
    json_decode(L, "[1.]", 4, 0);
    decode_in_steps(L, "[[[1.]]]", 8, 1);
    lua_createtable(L, 0, 1);
    lua_pushlstring(L, "odd\xFFkey", 7);
    lua_pushnumber(L, 1e308 * 10);
    lua_rawset(L, -3);
    json_encode(L, -1, JSON_ANY, NULL, b);
    free(json_buffer_take(b, NULL));
    return 0;
}

/* [-0, +0, m] Adds the value on top, or the message, as JSON. */
static void add_outcome(lua_State *L, json_buffer *b) {
    if (!json_encode(L, -1, JSON_ANY, NULL, b))
        expect(false, "what was decoded", lua_tostring(L, -1));
}

/* A text with more elements, members and levels than wait on the stack. */
static size_t make_wide(char *text, size_t size) {
    size_t length = 0;
    for (int i = 0; i < 30; i++)
        length += (size_t)snprintf(text + length, size - length, "{\"k\":[%d,", i);
    for (int i = 0; i < 200; i++)
        length += (size_t)snprintf(text + length, size - length, "{\"m%d\":null,\"n\":%d},", i, i);
    length += (size_t)snprintf(text + length, size - length, "{");
    for (int i = 0; i < 100; i++)
        length += (size_t)snprintf(text + length, size - length, "\"k%d\":[\"%d\"],", i % 90, i);
    length += (size_t)snprintf(text + length, size - length, "\"last\":true}");
    for (int i = 0; i < 30; i++)
        length += (size_t)snprintf(text + length, size - length, "],\"after\":%d}", i);
    return length;
}

/* Whatever the steps, and wherever the text ends, what comes of it is the same. */
static void check_steps(lua_State *L) {
    static char text[16384];
    size_t length = make_wide(text, sizeof text);
    for (size_t end = 0; end <= length; end += end < length - 40 ? 97 : 1) {
        json_buffer *whole = json_buffer_push(L);
        bool decodes = json_decode(L, text, end, 0);
        expect(decodes == (end == length), "a text that is cut", "decoded");
        add_outcome(L, whole);
        lua_pop(L, 1);
        for (size_t bytes = 1; bytes < 5000; bytes = bytes * 3 + 1) {
            json_buffer *steps = json_buffer_push(L);
            expect(decode_in_steps(L, text, end, bytes) == decodes, "steps", lua_tostring(L, -1));
            add_outcome(L, steps);
            expect(steps->length == whole->length, "steps", steps->data);
            lua_pop(L, 2);
        }
        lua_pop(L, 1);
    }
}

static void sweep(lua_State *L) {
    long count = 0;
    int status = LUA_ERRMEM;
    for (; status != LUA_OK && count < 100000; count++) {
        lua_pushcfunction(L, work);
        allocations_left = count;
        status = lua_pcall(L, 0, 0, 0);
        allocations_left = -1;
        if (status != LUA_OK) {
            const char *message = lua_tostring(L, -1);
            expect(message != NULL && strstr(message, "not enough memory") != NULL,
                   "lack of memory", message);
            lua_pop(L, 1);
        }
        lua_gc(L, LUA_GCCOLLECT, 0);
    }
    expect(status == LUA_OK && count > 20, "the sweep", "does not end where it should");
}

enum { LONG = 2000000 };

/* No step goes far beyond the bytes that it is asked for, whatever stands there. */
static void check_bounds(lua_State *L) {
    static const char *const pieces[] = {
        "1,", "[],", "\"\\u00e9\",", "{\"a\":null},", "x", "\xC3\xA9", "\\n", " ", "[", "\xFF"};
    static char text[LONG];
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        size_t piece = strlen(pieces[i]), length = 1;
        bool is_string = i >= 4 && i != 7 && i != 8;
        text[0] = '[';
        if (is_string)
            text[length++] = '"';
        for (; length + piece < LONG - 8; length += piece)
            memcpy(text + length, pieces[i], piece);
        if (is_string)
            text[length++] = '"';
        length += (size_t)snprintf(text + length, sizeof text - length, is_string ? "]" : "1]");
        size_t steps = 0;
        json_decoding_push(L, text, length, 0, NULL);
        while (json_decoding_step(L, -1, 4096) == JSON_GOES_ON)
            steps++;
        if (i != 8) /* which ends where it is nested too deeply */
            expect(steps >= length / (4096 + 64 * 1024), pieces[i], "decoded in too few steps");
        lua_pop(L, 2);
    }
}

enum { SMALL_STACK = 128 * 1024, LEVELS = 1000 };

/* [-0, +1, m] Tables within each other, arrays and objects in turn. */
static void push_nested(lua_State *L, int levels) {
    lua_newtable(L);
    for (int i = 1; i < levels; i++) {
        lua_createtable(L, 1, 1);
        lua_insert(L, -2);
        if (i % 2 == 0)
            lua_rawseti(L, -2, 1);
        else
            lua_setfield(L, -2, "a");
    }
}

/* Depth costs no C stack, in either direction, at once and in steps, refused or not. */
static void *nest(void *userdata) {
    lua_State *L = userdata;
    json_buffer *b = json_buffer_push(L);
    push_nested(L, LEVELS);
    expect(json_encode(L, -1, JSON_ANY, NULL, b), "1,000 levels", "are refused");
    expect(json_decode(L, b->data, b->length, 0), "1,000 levels", "are not decoded");
    expect(decode_in_steps(L, b->data, b->length, 100), "1,000 levels", "not decoded in steps");
    push_nested(L, LEVELS + 1);
    expect(!json_encode(L, -1, JSON_ANY, NULL, b), "1,001 levels", "are not refused");
    expect(strstr(lua_tostring(L, -1), "nested deeper than 1000 tables") != NULL, "1,001 levels",
           lua_tostring(L, -1));
    lua_settop(L, 0);
    return NULL;
}

static void check_depth(lua_State *L) {
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, SMALL_STACK);
    expect(pthread_create(&thread, &attributes, nest, L) == 0, "a thread", "does not begin");
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
}

int main(void) {
    lua_State *L = lua_newstate(lua_allocate, NULL);
    luaL_openlibs(L);
    for (size_t i = 0; i < sizeof shape_cases / sizeof *shape_cases; i++)
        check_shape(L, &shape_cases[i]);
    check_buffer(L);
    check_steps(L);
    check_bounds(L);
    check_depth(L);
    sweep(L);
    lua_close(L);
    return report("json");
}
