/*
 * span_queue.c - the queue of promptic.tracer, a ring.
 *
 * A host's hook may suspend Lua code anywhere, and let another coroutine in half-way; a C function
 * is left alone. So the queue changes in C, by one call for each span that has ended. put is what
 * most spans need. It runs unprotected, so it uses no memory that is not there yet.
 */
#include "span_queue.h"

#include "forks.h"

#include <stdbool.h>

typedef struct {
    lua_Integer capacity, first, count;
    lua_Integer room;  /* slots of the ring that exist: to assign them takes no memory */
    lua_Integer quiet; /* spans that put may still take */
    unsigned process;  /* its generation: see forks.h */
} span_queue;

/* Upvalues of all functions. */
enum { QUEUE = 1, RING, STATS, DROPPED, MADE, QUEUE_FULL, UPVALUES = QUEUE_FULL };

static span_queue *queue_of(lua_State *L) {
    return lua_touserdata(L, lua_upvalueindex(QUEUE));
}

/* The slot of the span that comes next. */
static lua_Integer next_slot(const span_queue *queue) {
    return (queue->first + queue->count) % queue->capacity + 1;
}

/* [-0, +0, -] Whether a value of the table at index, which may be none, is a table: that has to
 * become text before the script changes it. */
static bool holds_table(lua_State *L, int index) {
    if (!lua_istable(L, index))
        return false;
    lua_pushnil(L);
    while (lua_next(L, index)) {
        bool is_table = lua_istable(L, -1);
        lua_pop(L, is_table ? 2 : 1);
        if (is_table)
            return true;
    }
    return false;
}

/* [-0, +0, -] Adds one to a count in the table of an upvalue. False if a script has put something else
 * in its place. Its name is an upvalue too: to push a text may run the collector, and so finalizers
 * that raise. */
static bool count_one(lua_State *L, int table, int name) {
    int index = lua_upvalueindex(table);
    lua_pushvalue(L, lua_upvalueindex(name));
    lua_pushvalue(L, -1);
    lua_rawget(L, index);
    bool is_number = lua_type(L, -1) == LUA_TNUMBER;
    lua_Integer count = lua_tointeger(L, -1) + 1;
    lua_pop(L, 1);
    if (!is_number) {
        lua_pop(L, 1);
        return false;
    }
    lua_pushinteger(L, count);
    lua_rawset(L, index);
    return true;
}

static bool is_full(const span_queue *queue) {
    return queue->count >= queue->capacity;
}

/* [-0, +0, -] Forgets the oldest, whose slot is the next one's if the queue is full. */
static void forget_oldest(span_queue *queue) {
    queue->first = (queue->first + 1) % queue->capacity;
    queue->count--;
}

/* [-0, +0, -] Whether the span of put's arguments needs nothing but its slot. */
static bool is_plain(lua_State *L, const span_queue *queue) {
    unsigned process = bindings_generation();
    return queue->process == process && (unsigned)lua_tointeger(L, 2) == process &&
           queue->quiet > 0 && next_slot(queue) <= queue->room && !holds_table(L, 3);
}

/* [-0, +1, -] put(span, process, attributes): see span_queue.h. */
static int put_span(lua_State *L) {
    span_queue *queue = queue_of(L);
    lua_settop(L, 3);
    bool may = is_plain(L, queue) && count_one(L, STATS, MADE);
    if (may) {
        if (is_full(queue)) {
            count_one(L, DROPPED, QUEUE_FULL);
            forget_oldest(queue);
        }
        lua_settop(L, 1);
        lua_rawseti(L, lua_upvalueindex(RING), (compat_index)next_slot(queue));
        queue->count++;
        queue->quiet--;
    }
    lua_pushboolean(L, may);
    return 1;
}

/* [-0, +0, m] Makes slots, up to double, so that the one of this number exists. */
static void make_room(lua_State *L, span_queue *queue, lua_Integer slot) {
    lua_Integer wanted = 2 * slot < queue->capacity ? 2 * slot : queue->capacity;
    while (queue->room < wanted) {
        lua_pushboolean(L, false);
        lua_rawseti(L, lua_upvalueindex(RING), (compat_index)(queue->room + 1));
        queue->room++;
    }
}

/* [-0, +1, m] add(span): see span_queue.h. */
static int add_span(lua_State *L) {
    span_queue *queue = queue_of(L);
    lua_Integer slot = next_slot(queue);
    bool was_full = is_full(queue);
    if (slot > queue->room)
        make_room(L, queue, slot);
    if (was_full)
        forget_oldest(queue);
    lua_settop(L, 1);
    lua_rawseti(L, lua_upvalueindex(RING), (compat_index)slot);
    queue->count++;
    lua_pushboolean(L, was_full);
    return 1;
}

/* [-0, +1, -] take(): see span_queue.h; nil if there is none. */
static int take_span(lua_State *L) {
    span_queue *queue = queue_of(L);
    compat_index slot = (compat_index)(queue->first + 1);
    if (queue->count == 0)
        return 0;
    lua_rawgeti(L, lua_upvalueindex(RING), slot);
    lua_pushboolean(L, false);
    lua_rawseti(L, lua_upvalueindex(RING), slot);
    forget_oldest(queue);
    return 1;
}

/* count() */
static int count_spans(lua_State *L) {
    lua_pushinteger(L, queue_of(L)->count);
    return 1;
}

/* quiet(number) */
static int set_quiet(lua_State *L) {
    queue_of(L)->quiet = luaL_checkinteger(L, 1);
    return 0;
}

/* clear() */
static int clear_spans(lua_State *L) {
    span_queue *queue = queue_of(L);
    while (queue->count > 0) {
        take_span(L);
        lua_settop(L, 0);
    }
    queue->quiet = 0;
    queue->process = bindings_generation();
    return 0;
}

/* [-0, +1, e] new(capacity, stats) */
static int new_queue(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"put", put_span},    {"add", add_span},      {"take", take_span}, {"count", count_spans},
        {"quiet", set_quiet}, {"clear", clear_spans}, {NULL, NULL}};
    lua_Integer capacity = luaL_checkinteger(L, 1);
    lua_settop(L, 2);
    lua_newtable(L);
    span_queue *queue = compat_newuserdata(L, sizeof *queue);
    *queue = (span_queue){.capacity = capacity, .process = bindings_generation()};
    lua_newtable(L);
    lua_pushvalue(L, 2);
    lua_getfield(L, 2, "dropped");
    lua_pushliteral(L, "made");
    lua_pushliteral(L, "queue_full");
    luaL_setfuncs(L, functions, UPVALUES);
    return 1;
}

int bindings_open_span_queue(lua_State *L) {
    lua_pushcfunction(L, new_queue);
    return 1;
}
