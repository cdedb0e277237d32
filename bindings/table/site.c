/*
 * site.c - errors of arguments, worded like Lua's own.
 */
#include "site.h"

#include <stdarg.h>
#include <string.h>

bool bindings_is_positional(const promptic_parameter *parameter) {
    return parameter->passed == PROMPTIC_BY_POSITION;
}

bool bindings_is_option(const promptic_parameter *parameter) {
    return parameter->passed == PROMPTIC_BY_NAME;
}

int bindings_argument_error(lua_State *L, const bindings_site *site, const char *format, ...) {
    lua_Debug info;
    int argument = site->argument;
    luaL_checkstack(L, 4, NULL);
    va_list values;
    va_start(values, format);
    const char *message = lua_pushvfstring(L, format, values);
    va_end(values);
    if (site->refused != NULL) {
        *site->refused = true;
        return lua_error(L);
    }
    if (lua_getstack(L, site->level, &info) && lua_getinfo(L, "n", &info) &&
        strcmp(info.namewhat, "method") == 0)
        argument--; /* self is not counted */
    luaL_where(L, site->level + 1);
    if (argument == 0)
        lua_pushfstring(L, "calling '%s' on bad self (%s)", site->function, message);
    else
        lua_pushfstring(L, "bad argument #%d to '%s' (%s)", argument, site->function, message);
    lua_concat(L, 2);
    return lua_error(L);
}

const char *bindings_push_label(lua_State *L, const bindings_site *site,
                                const promptic_parameter *parameter) {
    if (site->item > 0)
        return lua_pushfstring(L, "%s[%d].%s", site->list, (int)site->item, parameter->name);
    if (site->list != NULL)
        return lua_pushfstring(L, "%s.%s", site->list, parameter->name);
    if (bindings_is_option(parameter))
        return lua_pushfstring(L, "option '%s'", parameter->name);
    return lua_pushfstring(L, "%s", parameter->name);
}
