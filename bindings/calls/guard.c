/*
 * guard.c - entries into the scheduler from outside of tasks.
 *
 * Hosts that run scripts in coroutines may suspend them by a count hook, anywhere. What works on
 * the scheduler's data must not be suspended half-way, since another coroutine might come in then.
 * So it runs in a coroutine of its own, the shell, below a C call: no yield passes that, and the
 * caller's hook is not there. The caller's count of instructions is left as it is, which
 * lua_sethook would begin anew.
 */
#include "guard.h"

#include "registry.h"
#include "tasks.h"

/* [-?, +n, -] The shell's body: calls the function below its arguments. */
static int run_shell(lua_State *L) {
    bindings_entry *entry = lua_touserdata(L, 1);
    entry->status = lua_pcall(L, lua_gettop(L) - 2, LUA_MULTRET, 0);
    return lua_gettop(L) - 1;
}

/* [-0, +1, m] Pushes a new shell. */
static lua_State *push_new(lua_State *L) {
    lua_State *shell = lua_newthread(L);
    lua_sethook(shell, NULL, 0, 0);
    return shell;
}

/* [-0, +1, m] Pushes a coroutine that can be resumed with a function: the one that is kept, unless
 * that is at work. */
static lua_State *push_shell(lua_State *L, const bindings_state *state) {
    if (state->shell_at_work)
        return push_new(L);
    bindings_get(L, BINDINGS_SHELL);
    if (lua_isthread(L, -1))
        return lua_tothread(L, -1);
    lua_pop(L, 1);
    lua_State *shell = push_new(L);
    lua_pushvalue(L, -1);
    bindings_set(L, BINDINGS_SHELL);
    return shell;
}

/* [-0, +0, -] One that has failed is not kept. */
static void return_shell(lua_State *L, bindings_state *state, int status) {
    state->shell_at_work = false;
    if (status == LUA_OK)
        return;
    lua_pushnil(L);
    bindings_set(L, BINDINGS_SHELL);
}

#ifdef LUAJIT_VERSION_NUM

/* LuaJIT has one hook for all coroutines. */
static void take_hook(lua_State *L, bindings_entry *entry) {
    entry->hook = lua_gethook(L);
    entry->mask = lua_gethookmask(L);
    entry->count = lua_gethookcount(L);
    if (entry->hook != NULL)
        lua_sethook(L, NULL, 0, 0);
}

/* One that was set meanwhile, by a signal handler, stays. */
static void give_hook(lua_State *L, const bindings_entry *entry) {
    if (entry->hook != NULL && lua_gethook(L) == NULL)
        lua_sethook(L, entry->hook, entry->mask, entry->count);
}

void bindings_lend_hook(lua_State *L, const bindings_state *state) {
    if (state->entry != NULL)
        give_hook(L, state->entry);
}

void bindings_return_hook(lua_State *L, const bindings_state *state) {
    if (state->entry != NULL)
        take_hook(L, state->entry);
}

#else

static void take_hook(lua_State *L, bindings_entry *entry) {
    (void)L;
    (void)entry;
}

static void give_hook(lua_State *L, const bindings_entry *entry) {
    (void)L;
    (void)entry;
}

void bindings_lend_hook(lua_State *L, const bindings_state *state) {
    (void)L;
    (void)state;
}

void bindings_return_hook(lua_State *L, const bindings_state *state) {
    (void)L;
    (void)state;
}

#endif

lua_State *bindings_hook_giver(lua_State *L, const bindings_state *state) {
    for (const bindings_entry *entry = state->entry; entry != NULL; entry = entry->outer)
        if (L == entry->shell)
            L = entry->caller;
    return L;
}

/* [-0, +0, m] Fills the shell on top of L with the body and the values below it. */
static void load_shell(lua_State *L, lua_State *shell, bindings_entry *entry) {
    int count = lua_gettop(L) - 1;
    if (!lua_checkstack(shell, count + 2))
        luaL_error(L, "too many arguments");
    lua_pushcfunction(shell, run_shell);
    lua_pushlightuserdata(shell, entry);
    for (int i = 1; i <= count; i++)
        lua_pushvalue(L, i);
    lua_xmove(L, shell, count);
}

/* [-?, +n, e] Moves the results, or the error. */
static int take_results(lua_State *L, lua_State *shell, const bindings_entry *entry, int status,
                        int count) {
    if (status != LUA_OK) { /* out of memory, or of C stack, before the body ran */
        lua_xmove(shell, L, 1);
        return lua_error(L);
    }
    if (!lua_checkstack(L, count + LUA_MINSTACK))
        return luaL_error(L, "too many results");
    lua_xmove(shell, L, count);
    return entry->status == LUA_OK ? count : lua_error(L);
}

int bindings_guard(lua_State *L) {
    bindings_state *state = bindings_state_of(L);
    int count = lua_gettop(L);
    luaL_checkstack(L, count + LUA_MINSTACK, "too many arguments");
    lua_State *shell = push_shell(L, state);
    bool kept = !state->shell_at_work;
    bindings_entry entry = {.caller = L, .shell = shell, .outer = state->entry, .status = LUA_OK};
    load_shell(L, shell, &entry);
    take_hook(L, &entry);
    state->entry = &entry;
    state->shell_at_work = true;
    int status = compat_resume(shell, L, count + 1, &count);
    state->entry = entry.outer;
    if (kept)
        return_shell(L, state, status);
    give_hook(L, &entry);
    bindings_pass_hook(state, shell, L);
    return take_results(L, shell, &entry, status, count);
}

bool bindings_drive_background(lua_State *L, bindings_state *state, double seconds) {
    lua_pushcfunction(L, bindings_guard);
    bindings_get(L, BINDINGS_DRIVER);
    lua_pushnumber(L, seconds);
    if (lua_pcall(L, 2, 1, 0) != LUA_OK)
        return false;
    state->background = lua_tonumber(L, -1) > 0;
    lua_pop(L, 1);
    return true;
}
