/*
 * otlp.c - checks the request of ingest_traces: OTLP's JSON, in its nesting. Receivers pass over
 * names that they do not know, so that spans below a misspelt one would be lost without a word.
 *
 * Refused are: a list that is none, an element that is no object, a name that is a known one in
 * another spelling (scope_spans), any other name where only attributes or their values can be, and
 * the absence of what everything else is below of. Values such
 * as ids and times are the platform's to judge: it says which spans it has rejected, and why.
 */
#include "otlp.h"

#include "ascii.h"
#include "json_decode.h"

#include <stdarg.h>
#include <string.h>

typedef struct otlp_type otlp_type;

/* A field that the check goes into, or whose name it knows. */
typedef struct otlp_field {
    const char *name;
    const otlp_type *type; /* of the object or of each element; NULL: any value */
    bool is_list;
    bool required;
} otlp_field;

struct otlp_type {
    const char *what; /* what an element is called in messages */
    bool closed;      /* further names are refused */
    otlp_field fields[16];
};

/* A place in the request, and the one that it is in. */
typedef struct otlp_place {
    const struct otlp_place *in;
    const char *name; /* of a field; NULL for an element */
    size_t element;   /* counted from 1 */
} otlp_place;

typedef struct otlp_check {
    lua_State *L;
    const bindings_site *site;
} otlp_check;

/* What is nested deeper is left to the encoder, which has a bound. */
enum { MOST_LEVELS = 100 };

/* clang-format off */
static const otlp_type any_value;
static const otlp_type key_value = {"{ key, value }", true, {{"key", NULL, false, true}, {"value", &any_value, false, false}}};
static const otlp_type array_value = {"{ values }", false, {{"values", &any_value, true, false}}};
static const otlp_type kvlist_value = {"{ values }", false, {{"values", &key_value, true, false}}};
static const otlp_type any_value = {"{ stringValue } or another of OTLP's values", true, {
    {"stringValue", NULL, false, false}, {"boolValue", NULL, false, false}, {"intValue", NULL, false, false},
    {"doubleValue", NULL, false, false}, {"bytesValue", NULL, false, false},
    {"arrayValue", &array_value, false, false}, {"kvlistValue", &kvlist_value, false, false}}};

#define ATTRIBUTES {"attributes", &key_value, true, false}, {"droppedAttributesCount", NULL, false, false}
static const otlp_type with_attributes = {"an object", false, {
    ATTRIBUTES, {"name", NULL, false, false}, {"version", NULL, false, false}, {"timeUnixNano", NULL, false, false},
    {"traceId", NULL, false, false}, {"spanId", NULL, false, false}, {"traceState", NULL, false, false}}};
static const otlp_type status = {"an object", false, {{"code", NULL, false, false}, {"message", NULL, false, false}}};
static const otlp_type span = {"a span", false, {
    {"traceId", NULL, false, true}, {"spanId", NULL, false, true}, {"parentSpanId", NULL, false, false},
    {"traceState", NULL, false, false}, {"name", NULL, false, false}, {"kind", NULL, false, false},
    {"startTimeUnixNano", NULL, false, true}, {"endTimeUnixNano", NULL, false, false}, ATTRIBUTES,
    {"events", &with_attributes, true, false}, {"droppedEventsCount", NULL, false, false},
    {"links", &with_attributes, true, false}, {"droppedLinksCount", NULL, false, false},
    {"status", &status, false, false}}};
static const otlp_type scope_spans = {"{ spans }", false, {
    {"scope", &with_attributes, false, false}, {"spans", &span, true, true}, {"schemaUrl", NULL, false, false}}};
static const otlp_type resource = {"{ attributes }", true, {ATTRIBUTES, {"entityRefs", NULL, false, false}}};
static const otlp_type resource_spans = {"{ scopeSpans }", false, {
    {"resource", &resource, false, false}, {"scopeSpans", &scope_spans, true, true}, {"schemaUrl", NULL, false, false}}};
/* clang-format on */

/* ------------------------------------------------------------------ errors */

/* [-0, +1, m] Pushes "request.resource_spans[1].scopeSpans". */
static const char *push_place(lua_State *L, const otlp_place *place) {
    luaL_checkstack(L, 4, NULL);
    const char *in = place->in != NULL ? push_place(L, place->in) : NULL;
    if (in == NULL)
        lua_pushstring(L, place->name);
    else if (place->name != NULL)
        lua_pushfstring(L, "%s.%s", in, place->name);
    else
        lua_pushfstring(L, "%s[%d]", in, (int)place->element);
    if (in != NULL)
        lua_remove(L, -2);
    return lua_tostring(L, -1);
}

/* [-?, +?, e] */
static void refuse(const otlp_check *check, const otlp_place *place, const char *format, ...) {
    lua_State *L = check->L;
    const char *where = push_place(L, place);
    va_list arguments;
    va_start(arguments, format);
    const char *problem = lua_pushvfstring(L, format, arguments);
    va_end(arguments);
    bindings_argument_error(L, check->site, "%s: %s", where, problem);
}

/* ------------------------------------------------------------------- names */

/* Whether two names are the same but for underscores and the case of letters. */
static bool is_spelling_of(const char *name, const char *known) {
    for (;; name++, known++) {
        while (*name == '_')
            name++;
        if (ascii_lower(*name) != ascii_lower(*known))
            return false;
        if (*name == '\0')
            return true;
    }
}

static const otlp_field *find(const otlp_type *type, const char *name,
                              bool (*same)(const char *, const char *)) {
    for (const otlp_field *field = type->fields; field->name != NULL; field++)
        if (same(name, field->name))
            return field;
    return NULL;
}

static bool is_equal(const char *name, const char *known) {
    return strcmp(name, known) == 0;
}

/* [-0, +0, e] Checks the names of the object at index. */
static void check_names(const otlp_check *check, const otlp_type *type, const otlp_place *place,
                        int index) {
    lua_State *L = check->L;
    for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            refuse(check, place, "%s expected, this table is a list", type->what);
        const char *name = lua_tostring(L, -2);
        if (find(type, name, is_equal) != NULL)
            continue;
        const otlp_field *meant = find(type, name, is_spelling_of);
        if (meant != NULL)
            refuse(check, place, "unknown field '%s', did you mean '%s'?", name, meant->name);
        if (type->closed)
            refuse(check, place, "%s expected, this table has a field '%s'", type->what, name);
    }
}

/* ------------------------------------------------------------------ values */

/* Whether a table makes its JSON itself, or its fields: its content is not what will be sent. */
static bool is_lazy(lua_State *L, int index) {
    static const char *const events[] = {"__tojson", "__pairs"};
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (luaL_getmetafield(L, index, events[i])) {
            lua_pop(L, 1);
            return true;
        }
    return false;
}

static bool is_absent(lua_State *L, int index) {
    return lua_isnil(L, index) ||
           (lua_islightuserdata(L, index) && lua_touserdata(L, index) == NULL);
}

/* [-0, +0, e] */
static void check_object(const otlp_check *check, const otlp_type *type, const otlp_place *place,
                         int index, int level);

/* [-0, +0, e] Raises unless the table at index has the keys 1 to n only. */
static void check_keys(const otlp_check *check, const otlp_type *type, const otlp_place *place,
                       int index) {
    lua_State *L = check->L;
    size_t length = lua_rawlen(L, index), count = 0;
    for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
        count++;
        if (lua_type(L, -2) == LUA_TSTRING)
            refuse(check, place, "a list of %s expected, this table has a field '%s'", type->what,
                   lua_tostring(L, -2));
    }
    if (count != length)
        refuse(check, place, "a list of %s expected, this table has holes", type->what);
}

/* [-0, +0, e] */
static void check_list(const otlp_check *check, const otlp_type *type, const otlp_place *place,
                       int index, int level) {
    lua_State *L = check->L;
    if (!lua_istable(L, index))
        refuse(check, place, "a list of %s expected, got %s", type->what, luaL_typename(L, index));
    if (is_lazy(L, index))
        return;
    check_keys(check, type, place, index);
    size_t length = lua_rawlen(L, index);
    for (size_t i = 1; i <= length; i++) {
        otlp_place element = {.in = place, .element = i};
        lua_rawgeti(L, index, (compat_index)i);
        check_object(check, type, &element, lua_gettop(L), level + 1);
        lua_pop(L, 1);
    }
}

static void check_object(const otlp_check *check, const otlp_type *type, const otlp_place *place,
                         int index, int level) {
    lua_State *L = check->L;
    if (level > MOST_LEVELS)
        return;
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    if (!lua_istable(L, index))
        refuse(check, place, "%s expected, got %s", type->what, luaL_typename(L, index));
    if (is_lazy(L, index))
        return;
    check_names(check, type, place, index);
    for (const otlp_field *field = type->fields; field->name != NULL; field++) {
        otlp_place inner = {.in = place, .name = field->name};
        lua_pushstring(L, field->name);
        lua_rawget(L, index);
        if (is_absent(L, -1)) {
            if (field->required)
                refuse(check, place, "%s is missing", field->name);
        } else if (field->is_list) {
            check_list(check, field->type, &inner, lua_gettop(L), level + 1);
        } else if (field->type != NULL) {
            check_object(check, field->type, &inner, lua_gettop(L), level + 1);
        }
        lua_pop(L, 1);
    }
}

/* ----------------------------------------------------------------- request */

/* [-0, +1, m] Pushes the field of the request that everything is in; nil if it has none. */
static void push_resource_spans(lua_State *L, int index) {
    lua_pushliteral(L, "resource_spans");
    lua_rawget(L, index);
    if (!is_absent(L, -1))
        return;
    lua_pop(L, 1);
    lua_pushliteral(L, "resourceSpans");
    lua_rawget(L, index);
}

void bindings_check_otlp(lua_State *L, const bindings_site *site, int index) {
    otlp_check check = {.L = L, .site = site};
    otlp_place request = {.name = site->list};
    otlp_place spans = {.in = &request, .name = "resource_spans"};
    int top = lua_gettop(L);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    if (lua_type(L, index) == LUA_TSTRING) {
        size_t length;
        const char *text = lua_tolstring(L, index, &length);
        if (!json_decode(L, text, length, 0))
            refuse(&check, &request, "%s", lua_tostring(L, -1));
        index = lua_gettop(L);
        spans.name = "resourceSpans";
    }
    if (!lua_istable(L, index))
        refuse(&check, &request, "a JSON object expected");
    if (is_lazy(L, index))
        return;
    push_resource_spans(L, index);
    if (is_absent(L, -1))
        refuse(&check, &request, "%s is missing", spans.name);
    check_list(&check, &resource_spans, &spans, lua_gettop(L), 1);
    lua_settop(L, top);
}
