#include "failure.h"

#include "clean.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 4, 0))) static void fill(promptic_error *error, promptic_kind kind,
                                                       const char *code, const char *format,
                                                       va_list arguments) {
    char message[2 * sizeof error->message];
    vsnprintf(message, sizeof message, format, arguments);
    error->kind = kind;
    error->code = code;
    clean_line(error->message, sizeof error->message, message, strlen(message));
}

promptic_kind failure_set(promptic_error *error, promptic_kind kind, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (error != NULL)
        fill(error, kind, NULL, format, arguments);
    va_end(arguments);
    return kind;
}

promptic_kind failure_set_code(promptic_error *error, promptic_kind kind, const char *code,
                               const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (error != NULL)
        fill(error, kind, code, format, arguments);
    va_end(arguments);
    return kind;
}

promptic_kind failure_memory(promptic_error *error) {
    return failure_set(error, PROMPTIC_MEMORY, "not enough memory");
}

const char *promptic_kind_name(promptic_kind kind) {
    static const char *const names[] = {
        [PROMPTIC_OK] = "ok",
        [PROMPTIC_API_ERROR] = "api",
        [PROMPTIC_TIMEOUT] = "timeout",
        [PROMPTIC_CONNECTION] = "connection",
        [PROMPTIC_TLS] = "tls",
        [PROMPTIC_DECODE] = "decode",
        [PROMPTIC_CANCELLED] = "cancelled",
        [PROMPTIC_AUTH] = "auth",
        [PROMPTIC_CONFIG] = "config",
        [PROMPTIC_ARGUMENT] = "argument",
        [PROMPTIC_MEMORY] = "memory",
    };
    size_t count = sizeof names / sizeof *names;
    return (size_t)kind < count ? names[kind] : "unknown";
}
