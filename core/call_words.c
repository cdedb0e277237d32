#include "call_words.h"

#include "clean.h"
#include "client.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void call_hide(const promptic_call *call, char *words, size_t length) {
    const struct proxy *proxy = &call->foreign.proxy;
    const clean_secrets own = {.values = {proxy->password, proxy->basic}};
    clean_hide(words, length, &call->client->secrets);
    clean_hide(words, length, &own);
}

void call_log(const promptic_call *call, promptic_log_level level, const char *format, ...) {
    char words[1024], line[512];
    va_list arguments;
    if (call->log == NULL)
        return;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    call_hide(call, words, strlen(words));
    clean_line(line, sizeof line, words, strlen(words));
    call->log(level, line, call->log_userdata);
}

char *call_clean_copy(const promptic_call *call, const char *words, size_t limit) {
    const promptic_allocator *allocator = &call->client->allocator;
    size_t length = strlen(words);
    char *hidden = text_copy(allocator, words, length);
    char *line = memory_new(allocator, limit + 1);
    if (hidden != NULL && line != NULL) {
        call_hide(call, hidden, length);
        clean_line(line, limit + 1, hidden, length);
    } else {
        memory_free(allocator, line);
        line = NULL;
    }
    memory_free(allocator, hidden);
    return line;
}
