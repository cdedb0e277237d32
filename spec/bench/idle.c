/*
 * idle.c - the yardstick of a start: a program that links liblua and libcurl and does nothing.
 */
#include <curl/curl.h>
#include <lauxlib.h>
#include <stddef.h>

/* Kept by the linker, called by nobody. */
void *const linked[] = {(void *)curl_easy_init, (void *)luaL_newstate};

int main(void) {
    return linked[0] == NULL;
}
