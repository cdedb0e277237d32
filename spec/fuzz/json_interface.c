/*
 * json_interface.c - checks what no Lua script reaches of bindings/json/json.h: shapes, roots, the
 * buffer, and that every allocation may fail. Exit status 1 where a check fails; leaks are the
 * sanitizer's.
 *
 *   cc -fsanitize=address,undefined -Ibindings -Ibindings/json $(pkg-config --cflags lua5.4) \
 *      spec/fuzz/json_interface.c bindings/json/json*.c -Wl,--wrap=realloc -l:liblua5.4-cjson.a
 * -llua5.4 -lm
 */
#include "json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int luaopen_cjson(lua_State *L);

/* lua-cjson loses its scratch buffer where Lua runs out of memory within it. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:strbuf_new\nleak:strbuf_init\n";
}

/* Counts down with every block that is asked for, the buffer's and Lua's; at 0 there is none. */
static long allocations_left = -1;

void *__real_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size) {
    if (allocations_left == 0) {
        return NULL;
    }
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

static int failures;

static void check(bool holds, const char *what, const char *seen) {
    if (!holds) {
        fprintf(stderr, "json_interface: %s: %s\n", what, seen == NULL ? "(nothing)" : seen);
        failures++;
    }
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
    lua_getfield(L, 1, "array");
    lua_call(L, 1, 1);
    json_buffer *b = json_buffer_push(L);
    json_buffer_add(L, b, "before", 6);
    bool encoded = json_encode(L, -2, c->shape, c->root, b);
    check(lua_gettop(L) == top + 3 + !encoded, c->source, "leaves the stack uneven");
    check(encoded == c->encodes, c->source, encoded ? "encoded" : lua_tostring(L, -1));
    if (!encoded) {
        check(strcmp(lua_tostring(L, -1), c->expected) == 0, c->expected, lua_tostring(L, -1));
        check(b->length == 6, c->source, "leaves a part in the buffer");
    }
    size_t length = 0;
    char *text = json_buffer_take(b, &length);
    if (encoded) {
        check(strcmp(text + 6, c->expected) == 0, c->expected, text);
        check(length == strlen(text), c->source, "has the wrong length");
    }
    free(text);
    lua_settop(L, top);
}

static void check_buffer(lua_State *L) {
    size_t length = 1;
    size_t invalid_at = 0;
    json_buffer *b = json_buffer_push(L);
    check(json_buffer_take(b, &length) == NULL && length == 0, "an empty buffer", "gives a block");
    check(!json_buffer_add_string(L, b, "ab\xC0", 3, &invalid_at), "bad UTF-8", "is accepted");
    check(invalid_at == 3 && b->length == 0, "bad UTF-8", "is reported wrongly");
    check(!json_buffer_add_string(L, b, "\xE2\x82\xAC", 2, NULL), "cut UTF-8", "is accepted");
    check(json_buffer_add_string(L, b, "a\n", 2, NULL), "a string", "is refused");
    for (int i = 0; i < 10000; i++) {
        json_buffer_add(L, b, "0123456789", 10);
    }
    char *text = json_buffer_take(b, &length);
    check(length == 100005 && strncmp(text, "\"a\\n\"0123", 9) == 0, "a long text", text);
    check(text[length] == '\0', "a long text", "has no end");
    free(text);
    json_buffer_add(L, b, "left to the collector", 21);
    lua_pop(L, 1);
}

/* What the sweep runs: both ways, refusals included. */
static int work(lua_State *L) {
    static const char text[] =
        "{\"a\":[1,2.5,null,{\"\\u00e9\\n\":null,\"b\":[]}],\"a\":{\"c\":1}}";
    json_buffer *b = json_buffer_push(L);
    if (!json_decode(L, text, sizeof text - 1) || !json_encode(L, -1, JSON_OBJECT, "root", b)) {
        return luaL_error(L, "unexpected: %s", lua_tostring(L, -1));
    }
    for (int i = 0; i < 40; i++) {
        json_buffer_add_string(L, b, text, sizeof text - 1, NULL);
    }
    json_decode(L, "[1.]", 4);
    lua_createtable(L, 0, 1);
    lua_pushlstring(L, "odd\xFFkey", 7);
    lua_pushnumber(L, 1e308 * 10);
    lua_rawset(L, -3);
    json_encode(L, -1, JSON_ANY, NULL, b);
    free(json_buffer_take(b, NULL));
    return 0;
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
            check(message != NULL && strstr(message, "not enough memory") != NULL, "lack of memory",
                  message);
            lua_pop(L, 1);
        }
        lua_gc(L, LUA_GCCOLLECT, 0);
    }
    check(status == LUA_OK && count > 20, "the sweep", "does not end where it should");
    printf("json_interface: swept %ld allocations\n", count - 1);
}

int main(void) {
    lua_State *L = lua_newstate(lua_allocate, NULL);
    luaL_openlibs(L);
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "preload");
    lua_pushcfunction(L, luaopen_cjson);
    lua_setfield(L, -2, "cjson");
    lua_settop(L, 0);
    lua_pushcfunction(L, luaopen_promptic_json);
    lua_call(L, 0, 1);
    for (size_t i = 0; i < sizeof shape_cases / sizeof *shape_cases; i++) {
        check_shape(L, &shape_cases[i]);
    }
    check_buffer(L);
    sweep(L);
    lua_close(L);
    printf("json_interface: %s\n", failures == 0 ? "passed" : "FAILED");
    fflush(stdout);
    return failures == 0 ? 0 : 1;
}
