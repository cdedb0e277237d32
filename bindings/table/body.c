/*
 * body.c - the JSON body of a request, written from the arguments in the order of the table's rows.
 *
 * The fields of an object are first spread over stack slots, one a row, and then written. So each
 * field of a list's item is read once, which matters where a list holds a million.
 */
#include "body.h"

#include "arguments.h"
#include "json_encode.h"
#include "nearest.h"
#include "otlp.h"
#include "site.h"

#include <string.h>

enum { MAX_FIELDS = 24 };

/* What is written: whose argument it is, by which rows, into what. */
typedef struct writing {
    lua_State *L;
    bindings_site site;
    const promptic_parameter *all;                /* the endpoint's rows */
    const promptic_parameter *fields[MAX_FIELDS]; /* those of the place that is written */
    int field_count;
    int slots; /* stack index of the first field's value; nil if it is absent */
    json_buffer *buffer;
} writing;

bool bindings_has_body(const promptic_endpoint *row) {
    for (const promptic_parameter *p = row->parameters; p->name != NULL; p++)
        if (p->place == PROMPTIC_IN_BODY || p->place == PROMPTIC_IN_LIST ||
            p->place == PROMPTIC_IN_CHANGES)
            return true;
    return false;
}

/* [-0, +field_count, e] Picks the rows of a place and makes an empty slot for each. */
static void take_fields(writing *w, promptic_place place) {
    luaL_checkstack(w->L, MAX_FIELDS + LUA_MINSTACK, NULL);
    w->slots = lua_gettop(w->L) + 1;
    w->field_count = 0;
    for (const promptic_parameter *p = w->all; p->name != NULL; p++) {
        if (p->place != place)
            continue;
        if (w->field_count == MAX_FIELDS)
            luaL_error(w->L, "endpoint '%s' has too many fields", w->site.function);
        w->fields[w->field_count++] = p;
        lua_pushnil(w->L);
    }
}

/* [-0, +0, -] */
static void clear_slots(writing *w) {
    lua_settop(w->L, w->slots - 1);
    for (int i = 0; i < w->field_count; i++)
        lua_pushnil(w->L);
}

/* ----------------------------------------------------- from tables to slots */

/* The field of this name, in snake_case or as on the wire; -1 if there is none. */
static int find_field(const writing *w, const char *name) {
    for (int i = 0; i < w->field_count; i++)
        if (strcmp(w->fields[i]->name, name) == 0 ||
            (strcmp(w->fields[i]->wire, name) == 0 && strchr(name, '.') == NULL))
            return i;
    return -1;
}

static bool is_item(const promptic_parameter *parameter) {
    return parameter->place == PROMPTIC_IN_ITEM;
}

/* [-?, +?, e] */
static void refuse_field(writing *w, const char *name) {
    const char *near = bindings_nearest_parameter(w->all, is_item, name);
    if (near != NULL)
        bindings_argument_error(w->L, &w->site, "%s[%d]: unknown field '%s', did you mean '%s'?",
                                w->site.list, (int)w->site.item, name, near);
    bindings_argument_error(w->L, &w->site, "%s[%d]: unknown field '%s'", w->site.list,
                            (int)w->site.item, name);
}

/* [-1, +0, e] Puts the value on top, of the key below it, into its slot. */
static void take_field(writing *w) {
    lua_State *L = w->L;
    if (lua_type(L, -2) != LUA_TSTRING)
        bindings_argument_error(L, &w->site, "%s: fields have names, this one has a %s as its key",
                                w->site.list, luaL_typename(L, -2));
    const char *name = lua_tostring(L, -2);
    int field = find_field(w, name);
    if (field < 0 && w->site.item > 0)
        refuse_field(w, name);
    if (field < 0) { /* of changes: write_unknown passes it through */
        lua_pop(L, 1);
        return;
    }
    if (!lua_isnil(L, w->slots + field)) {
        const char *label = bindings_push_label(L, &w->site, w->fields[field]);
        bindings_argument_error(L, &w->site, "%s: also given as '%s'", label,
                                w->fields[field]->wire);
    }
    bindings_check_value(L, &w->site, w->fields[field], -1);
    lua_replace(L, w->slots + field);
}

/* [-0, +0, e] */
static void take_table(writing *w, int index) {
    for (lua_pushnil(w->L); lua_next(w->L, index) != 0;)
        take_field(w);
}

static bool is_null(lua_State *L, int index) {
    return lua_islightuserdata(L, index) && lua_touserdata(L, index) == NULL;
}

/* [-0, +0, m] A field "a.b" becomes field b of a table in a's slot, unless a is given. A null is
 * dropped, but a required a stays. */
static void fold_field(writing *w, int field) {
    lua_State *L = w->L;
    const char *dot = strchr(w->fields[field]->wire, '.');
    if (dot == NULL || lua_isnil(L, w->slots + field))
        return;
    for (int i = 0; i < w->field_count; i++) {
        const promptic_parameter *whole = w->fields[i];
        size_t length = (size_t)(dot - w->fields[field]->wire);
        bool empty = is_null(L, w->slots + field);
        if (strncmp(whole->wire, w->fields[field]->wire, length) != 0 ||
            whole->wire[length] != '\0' || !lua_isnil(L, w->slots + i) ||
            (empty && !whole->required))
            continue;
        lua_createtable(L, 0, 1);
        if (!empty) {
            lua_pushvalue(L, w->slots + field);
            lua_setfield(L, -2, dot + 1);
        }
        lua_replace(L, w->slots + i);
    }
}

/* ------------------------------------------------------- from slots to JSON */

/* [-0, +0, e] A list of items by rows of their own. */
static void write_list(writing *w, int index);

/* [-0, +0, e] A list inside the body. */
static void write_inner_list(writing *w, const promptic_parameter *parameter, int index) {
    int top = lua_gettop(w->L);
    writing inner = {.L = w->L, .site = w->site, .all = parameter->items, .buffer = w->buffer};
    inner.site.list = parameter->name;
    write_list(&inner, lua_absindex(w->L, index));
    lua_settop(w->L, top);
}

/* [-0, +0, e] */
static void write_value(writing *w, const promptic_parameter *parameter, int index) {
    if (parameter->items != NULL) {
        write_inner_list(w, parameter, index);
        return;
    }
    json_shape shape = JSON_ANY;
    if (parameter->type == PROMPTIC_ARRAY || parameter->type == PROMPTIC_STRINGS)
        shape = JSON_ARRAY;
    else if (parameter->type == PROMPTIC_OBJECT && !is_null(w->L, index))
        shape = JSON_OBJECT;
    if (json_encode(w->L, index, shape, parameter->name, w->buffer))
        return;
    const char *reason = lua_tostring(w->L, -1); /* begins with the name */
    if (w->site.item > 0)
        bindings_argument_error(w->L, &w->site, "%s[%d].%s", w->site.list, (int)w->site.item,
                                reason);
    if (w->site.list != NULL)
        bindings_argument_error(w->L, &w->site, "%s.%s", w->site.list, reason);
    bindings_argument_error(w->L, &w->site, "%s", reason);
}

/* [-0, +0, m] Writes what comes before a field's value. */
static void write_name(writing *w, const char *wire, bool *first) {
    json_buffer_add(w->L, w->buffer, *first ? "\"" : ",\"", *first ? 1 : 2);
    json_buffer_add(w->L, w->buffer, wire, strlen(wire));
    json_buffer_add(w->L, w->buffer, "\":", 2);
    *first = false;
}

/* [-0, +0, m] A default as it stands in the table. */
static void write_fallback(writing *w, const promptic_parameter *parameter) {
    const char *text = parameter->fallback;
    if (parameter->type == PROMPTIC_STRING)
        json_buffer_add_string(w->L, w->buffer, text, strlen(text), NULL);
    else
        json_buffer_add(w->L, w->buffer, text, strlen(text));
}

/* [-0, +0, e] Writes a field, its default where the value at index is nil, or nothing. */
static void write_field(writing *w, const promptic_parameter *field, int index, bool *first) {
    bool given = !lua_isnil(w->L, index);
    if (given || field->fallback != NULL)
        write_name(w, field->wire, first);
    if (given)
        write_value(w, field, index);
    else if (field->fallback != NULL)
        write_fallback(w, field);
}

/* [-0, +0, e] Writes the fields in their slots, without the braces around them. */
static void write_slots(writing *w, bool *first) {
    for (int i = 0; i < w->field_count; i++) {
        const promptic_parameter *field = w->fields[i];
        if (strchr(field->wire, '.') != NULL) /* it is in another slot by now */
            continue;
        if (field->required && lua_isnil(w->L, w->slots + i))
            bindings_argument_error(w->L, &w->site, "%s is missing",
                                    bindings_push_label(w->L, &w->site, field));
        write_field(w, field, w->slots + i, first);
    }
}

/* --------------------------------------------------------------- the bodies */

/* [-0, +0, e] An object of the row's own arguments. */
static void write_object(writing *w, int options) {
    lua_State *L = w->L;
    bool first = true;
    int position = 1; /* of the client */
    json_buffer_add(L, w->buffer, "{", 1);
    for (const promptic_parameter *p = w->all; p->name != NULL; p++) {
        bool is_option = bindings_is_option(p);
        position += bindings_is_positional(p) ? 1 : 0;
        if (p->place != PROMPTIC_IN_BODY)
            continue;
        w->site.argument = is_option ? options : position;
        if (is_option)
            bindings_push_option(L, options, p->name);
        else
            lua_pushvalue(L, position);
        write_field(w, p, lua_gettop(L), &first);
        lua_pop(L, 1);
    }
    json_buffer_add(L, w->buffer, "}", 1);
}

/* [-0, +0, e] Raises unless the table has the keys 1 to n only; returns n. */
static size_t check_list(writing *w, int index) {
    lua_State *L = w->L;
    size_t length = lua_rawlen(L, index), count = 0;
    for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
        count++;
        if (lua_type(L, -2) == LUA_TSTRING)
            bindings_argument_error(L, &w->site, "%s: a list expected, this table has a field '%s'",
                                    w->site.list, lua_tostring(L, -2));
    }
    if (count != length)
        bindings_argument_error(L, &w->site, "%s: a list expected, this table has holes",
                                w->site.list);
    return length;
}

/* [-0, +0, e] An item of the list, which is on top. */
static void write_item(writing *w, int index) {
    bool first = true;
    if (!lua_istable(w->L, index))
        bindings_argument_error(w->L, &w->site, "%s[%d]: table expected, got %s", w->site.list,
                                (int)w->site.item, luaL_typename(w->L, index));
    clear_slots(w);
    take_table(w, index);
    for (int i = 0; i < w->field_count; i++)
        fold_field(w, i);
    json_buffer_add(w->L, w->buffer, "{", 1);
    write_slots(w, &first);
    json_buffer_add(w->L, w->buffer, "}", 1);
}

static void write_list(writing *w, int index) {
    size_t length = check_list(w, index);
    lua_pushnil(w->L); /* where the item stays while it is written */
    int item = lua_gettop(w->L);
    take_fields(w, PROMPTIC_IN_ITEM);
    json_buffer_add(w->L, w->buffer, "[", 1);
    for (w->site.item = 1; w->site.item <= length; w->site.item++) {
        lua_rawgeti(w->L, index, (compat_index)w->site.item);
        lua_replace(w->L, item);
        if (w->site.item > 1)
            json_buffer_add(w->L, w->buffer, ",", 1);
        write_item(w, item);
    }
    json_buffer_add(w->L, w->buffer, "]", 1);
}

void bindings_write_item(lua_State *L, const promptic_endpoint *row, int index, size_t item,
                         json_buffer *b, bool *refused) {
    writing w = {.L = L, .all = row->parameters, .buffer = b};
    const promptic_parameter *list = row->parameters;
    int top = lua_gettop(L);
    while (list->place != PROMPTIC_IN_LIST)
        list++;
    w.site = (bindings_site){
        .function = row->name, .list = list->name, .item = item, .refused = refused};
    take_fields(&w, PROMPTIC_IN_ITEM);
    write_item(&w, index);
    lua_settop(L, top);
}

/* [-0, +0, e] Passes fields through that the table of endpoints does not have. */
static void write_unknown(writing *w, int index, bool *first) {
    lua_State *L = w->L;
    for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
        size_t length;
        const char *name = lua_tolstring(L, -2, &length);
        if (find_field(w, name) >= 0)
            continue;
        if (!*first)
            json_buffer_add(L, w->buffer, ",", 1);
        *first = false;
        if (!json_buffer_add_string(L, w->buffer, name, length, NULL))
            bindings_argument_error(L, &w->site, "%s: the field name '%s' is not UTF-8",
                                    w->site.list, name);
        json_buffer_add(L, w->buffer, ":", 1);
        if (!json_encode(L, -1, JSON_ANY, name, w->buffer))
            bindings_argument_error(L, &w->site, "%s.%s", w->site.list, lua_tostring(L, -1));
    }
}

/* [-0, +0, e] */
static void write_changes(writing *w, int index) {
    bool first = true;
    take_fields(w, PROMPTIC_IN_FIELD);
    take_table(w, index);
    for (int i = 0; i < w->field_count; i++)
        fold_field(w, i);
    json_buffer_add(w->L, w->buffer, "{", 1);
    write_slots(w, &first);
    write_unknown(w, index, &first);
    json_buffer_add(w->L, w->buffer, "}", 1);
}

/* [-0, +0, e] The JSON text of an object, as it is. */
static void write_text(writing *w, int index) {
    size_t length;
    const char *text = lua_tolstring(w->L, index, &length);
    json_buffer_add(w->L, w->buffer, text, length);
}

void bindings_write_body(lua_State *L, const promptic_endpoint *row, int options, json_buffer *b) {
    writing w = {.L = L, .all = row->parameters, .buffer = b};
    int top = lua_gettop(L);
    int position = 1;
    w.site.function = row->name;
    w.site.level = BINDINGS_METHOD_LEVEL;
    for (const promptic_parameter *p = row->parameters; p->name != NULL; p++) {
        if (bindings_is_positional(p))
            position++;
        if (p->place != PROMPTIC_IN_LIST && p->place != PROMPTIC_IN_CHANGES)
            continue;
        w.site.argument = position;
        w.site.list = p->name;
        if (p->type == PROMPTIC_DOCUMENT) /* OTLP's request is the only one */
            bindings_check_otlp(L, &w.site, position);
        if (p->place == PROMPTIC_IN_LIST)
            write_list(&w, position);
        else if (lua_type(L, position) == LUA_TSTRING)
            write_text(&w, position);
        else
            write_changes(&w, position);
        lua_settop(L, top);
        return;
    }
    write_object(&w, options);
    lua_settop(L, top);
}
