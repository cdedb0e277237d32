#include "inflow.h"

#include "clock.h"

#include <string.h>
#include <strings.h>

/* Most bytes that are allocated for a response ahead of its arrival: a server may claim anything.
 */
#define MOST_AHEAD ((int64_t)1024 * 1024)

void inflow_init(struct inflow *inflow, const promptic_allocator *allocator) {
    memset(inflow, 0, sizeof *inflow);
    inflow->allocator = allocator;
    text_init(&inflow->body, allocator);
    text_init(&inflow->left, allocator);
}

void inflow_close(struct inflow *inflow) {
    gzip_free(inflow->gzip);
    inflow->gzip = NULL;
    text_free(&inflow->left);
    inflow->left_at = 0;
}

void inflow_free(struct inflow *inflow) {
    inflow_close(inflow);
    text_free(&inflow->body);
}

void inflow_start(struct inflow *inflow, uint64_t most, inflow_fn on_body, void *userdata,
                  bool keeps_failures) {
    inflow_close(inflow);
    text_clear(&inflow->body);
    inflow->most = most;
    inflow->on_body = on_body;
    inflow->userdata = userdata;
    inflow->keeps_failures = keeps_failures;
    inflow->is_held = false;
    inflow->came = inflow->decoded = 0;
    inflow->problem = INFLOW_FINE;
    inflow_forget_codings(inflow);
    if (on_body != NULL)
        on_body(NULL, 0, userdata);
}

static bool fail(struct inflow *inflow, inflow_problem problem) {
    inflow->problem = problem;
    return false;
}

/* ------------------------------------------------------------------ codings */

void inflow_forget_codings(struct inflow *inflow) {
    inflow->codings = 0;
    inflow->is_gzip = inflow->is_strange = false;
}

static bool is_word(const char *at, size_t length, const char *word) {
    return length == strlen(word) && strncasecmp(at, word, length) == 0;
}

/* The next word of a list with commas (RFC 9110, 5.6.1), from *at on; its length is 0 at the end.
 */
static size_t next_word(const char **at, const char *end) {
    while (*at < end && memchr(", \t", **at, 3) != NULL)
        ++*at;
    const char *stop = *at;
    while (stop < end && memchr(", \t", *stop, 3) == NULL)
        stop++;
    return (size_t)(stop - *at);
}

void inflow_note_coding(struct inflow *inflow, const char *value, size_t length) {
    const char *end = value + length;
    for (size_t word; (word = next_word(&value, end)) > 0; value += word) {
        if (is_word(value, word, "identity"))
            continue;
        inflow->codings++;
        inflow->is_gzip = is_word(value, word, "gzip") || is_word(value, word, "x-gzip");
    }
}

void inflow_note_transfer_coding(struct inflow *inflow, const char *value, size_t length) {
    const char *end = value + length;
    for (size_t word; (word = next_word(&value, end)) > 0; value += word)
        inflow->is_strange = inflow->is_strange || !is_word(value, word, "chunked");
}

bool inflow_open(struct inflow *inflow, int status, int64_t length, bool to_head) {
    bool has_body = status >= 200 && status != 204 && status != 304 && !to_head;
    bool is_success = status >= 200 && status < 300;
    inflow->is_failure = !is_success && !inflow->keeps_failures;
    if (!is_success)
        inflow->on_body = NULL;
    if (!has_body)
        return true;
    if (inflow->is_strange || inflow->codings > 1 || (inflow->codings == 1 && !inflow->is_gzip))
        return fail(inflow, INFLOW_CODING);
    if (inflow->codings == 1 && (inflow->gzip = gzip_new(inflow->allocator)) == NULL)
        return fail(inflow, INFLOW_NO_MEMORY);
    /* The text is not moved again and again while it grows. */
    if (length > 0 && inflow->on_body == NULL &&
        !text_reserve(&inflow->body, (size_t)(length < MOST_AHEAD ? length : MOST_AHEAD)))
        return fail(inflow, INFLOW_NO_MEMORY);
    return true;
}

/* -------------------------------------------------------------------- bytes */

/* Counts bytes of one kind; false if there are too many. */
static bool count(struct inflow *inflow, uint64_t *counter, size_t length) {
    if (length > inflow->most - *counter)
        return fail(inflow, INFLOW_TOO_BIG);
    *counter += length;
    return true;
}

/* How much of a failure's body is read. */
static uint64_t most_of_failure(const struct inflow *inflow) {
    return inflow->most < INFLOW_FAILURE_BYTES ? inflow->most : INFLOW_FAILURE_BYTES;
}

/* Counts bytes as they come. Those of a failure are enough once so many have come: gzip can have
 * any number of them that decode to nothing. */
static bool count_came(struct inflow *inflow, size_t length) {
    if (!inflow->is_failure)
        return count(inflow, &inflow->came, length);
    if (inflow->came >= most_of_failure(inflow))
        return fail(inflow, INFLOW_ENOUGH);
    inflow->came += length;
    return true;
}

/* Keeps what fits of a failure's body. */
static bool keep_failure(struct inflow *inflow, const char *bytes, size_t length) {
    uint64_t most = most_of_failure(inflow);
    bool fits = length <= most - inflow->body.length;
    text_add_n(&inflow->body, bytes, fits ? length : (size_t)(most - inflow->body.length));
    if (inflow->body.failed)
        return fail(inflow, INFLOW_NO_MEMORY);
    return fits || fail(inflow, INFLOW_ENOUGH);
}

/* Hands on decoded bytes. */
static bool deliver(struct inflow *inflow, const char *bytes, size_t length) {
    if (length == 0)
        return true;
    if (inflow->is_failure)
        return keep_failure(inflow, bytes, length);
    if (!count(inflow, &inflow->decoded, length))
        return false;
    if (inflow->on_body != NULL) {
        inflow->on_body(bytes, length, inflow->userdata);
        return true;
    }
    text_add_n(&inflow->body, bytes, length);
    return !inflow->body.failed || fail(inflow, INFLOW_NO_MEMORY);
}

/* What was read of a failure's body is for a message, and may be all there is. */
static inflow_problem problem_of(const struct inflow *inflow) {
    if (inflow->gzip->problem == GZIP_NO_MEMORY)
        return INFLOW_NO_MEMORY;
    return inflow->is_failure ? INFLOW_ENOUGH : INFLOW_NO_GZIP;
}

/* Decodes until then; *length becomes the rest's. */
static bool decode(struct inflow *inflow, const char *bytes, size_t *length, int64_t until_us) {
    struct gzip *gzip = inflow->gzip;
    while (*length > 0 || gzip->has_more) {
        size_t read = gzip_read(gzip, bytes, *length);
        bytes += read;
        *length -= read;
        if (!deliver(inflow, gzip->piece, gzip->piece_length))
            return false;
        if (gzip->problem != GZIP_FINE)
            return fail(inflow, problem_of(inflow));
        if (inflow->is_held || clock_now_us() >= until_us)
            break;
    }
    return true;
}

bool inflow_take(struct inflow *inflow, const char *bytes, size_t length, int64_t until_us) {
    size_t left = length;
    if (!count_came(inflow, length))
        return false;
    if (inflow->gzip == NULL)
        return deliver(inflow, bytes, length);
    if (!decode(inflow, bytes, &left, until_us))
        return false;
    text_clear(&inflow->left);
    inflow->left_at = 0;
    if (left == 0)
        return true;
    text_add_n(&inflow->left, bytes + length - left, left);
    return !inflow->left.failed || fail(inflow, INFLOW_NO_MEMORY);
}

bool inflow_go_on(struct inflow *inflow, int64_t until_us) {
    size_t left = inflow->left.length - inflow->left_at;
    if (inflow->gzip == NULL)
        return true;
    const char *bytes = left > 0 ? inflow->left.data + inflow->left_at : NULL;
    if (!decode(inflow, bytes, &left, until_us))
        return false;
    inflow->left_at = inflow->left.length - left;
    return true;
}

bool inflow_has_left(const struct inflow *inflow) {
    return inflow->gzip != NULL &&
           (inflow->left_at < inflow->left.length || inflow->gzip->has_more);
}

bool inflow_is_whole(const struct inflow *inflow) {
    return inflow->gzip == NULL || inflow->is_failure || gzip_is_whole(inflow->gzip);
}
