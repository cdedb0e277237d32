/*
 * rows_header.c - the purpose of a .csv file's columns: the header's names, and problems
 * with them.
 */
#include "rows_header.h"

#include "nearest.h"
#include "rows_field.h"
#include "rows_json.h"
#include "rows_names.h"
#include "rows_refuse.h"
#include "rows_text.h"

#include <stdio.h>
#include <string.h>

/* A name that is no variable, beside those of answers and splits. */
static const char idx_name[] = "\"idx\"";

/* ----------------------------------------------------------------- messages */

const char *rows_header_name(const rows_reader *reader, const rows_column *column) {
    return reader->names.data + column->name;
}

int rows_header_cut(const rows_column *column, const char *name) {
    return rows_cut(name, column->name_length);
}

/* The names of all columns, or of as many as fit: "a", "b", ... */
static void list_columns(const rows_reader *reader, char *list, size_t size) {
    size_t used = 0;
    list[0] = '\0';
    for (size_t i = 0; i < reader->column_count; i++) {
        const rows_column *column = &reader->columns[i];
        const char *name = rows_header_name(reader, column);
        if (column->use == COLUMN_BLANK)
            continue;
        const char *before = used > 0 ? ", " : "";
        int length = rows_header_cut(column, name);
        if (used + (size_t)length + sizeof ", , ..." > size) {
            snprintf(list + used, size - used, "%s...", before);
            return;
        }
        used += (size_t)snprintf(list + used, size - used, "%s%.*s", before, length, name);
    }
}

/* -------------------------------------------------------------------- names */

static bool is_named(const rows_reader *reader, const rows_column *column, const char *name,
                     size_t length) {
    return column->name_length == length &&
           memcmp(rows_header_name(reader, column), name, length) == 0;
}

static bool is_at(const rows_reader *reader, const rows_column *column, rows_place place) {
    return is_named(reader, column, reader->names.data + place.at, place.length);
}

/* Whether the column's name is the other one but for its case and the spaces around it. */
static bool is_alike(const rows_reader *reader, const rows_column *column, const char *name,
                     size_t length) {
    return column->name_length >= 2 && rows_is_alike(rows_header_name(reader, column) + 1,
                                                     column->name_length - 2, name + 1, length - 2);
}

/* Whether this column's name is near the wanted one. */
static bool is_near(const rows_reader *reader, const rows_column *column, const rows_value *other) {
    char name[128], wanted[128];
    const char *const values[] = {wanted, NULL};
    size_t length = column->name_length;
    if (length - 2 >= sizeof name || other->length - 2 >= sizeof wanted)
        return false;
    snprintf(name, sizeof name, "%.*s", (int)length - 2, rows_header_name(reader, column) + 1);
    snprintf(wanted, sizeof wanted, "%.*s", (int)other->length - 2, other->at + 1);
    return bindings_nearest_value(values, name) != NULL;
}

/* ------------------------------------------------------------- no such column */

/* Whether a header whose text this is would have the wanted column with this separator. */
static bool would_have(const char *text, size_t length, char separator, const char *wanted,
                       size_t wanted_length) {
    const char *at = text, *end = text + length;
    while (end > at && (end[-1] == '\n' || end[-1] == '\r'))
        end--;
    for (;;) {
        const char *next = memchr(at, separator, (size_t)(end - at));
        const char *last = next != NULL ? next : end;
        bool quoted = last - at >= 2 && *at == '"' && last[-1] == '"';
        if (rows_is_alike(at + quoted, (size_t)(last - at) - (quoted ? 2 : 0), wanted + 1,
                          wanted_length - 2))
            return true;
        if (next == NULL)
            return false;
        at = next + 1;
    }
}

static const char separators[] = ";\t|,";

const char *rows_header_separator(char c) {
    static const char *const names[] = {"';'", "a tab", "'|'", "','"};
    const char *found = c != '\0' ? strchr(separators, c) : NULL;
    return found != NULL ? names[found - separators] : NULL;
}

/* The name of the separator that the file seems to have and is not read with; or NULL. */
static const char *other_separator(const rows_reader *reader, size_t length,
                                   const rows_value *wanted) {
    const char *text = reader->file.data + reader->file.at;
    for (const char *c = separators; *c != '\0'; c++)
        if (*c != reader->separator && memchr(text, *c, length) != NULL &&
            (reader->column_count == 1 || would_have(text, length, *c, wanted->at, wanted->length)))
            return rows_header_separator(*c);
    return NULL;
}

/* There is no column of that name, and none is separated otherwise. */
static rows_outcome refuse_name(rows_reader *reader, const rows_value *name_wanted) {
    char list[256];
    const char *wanted = name_wanted->at;
    int wanted_cut = rows_cut(wanted, name_wanted->length);
    const rows_column *near = NULL;
    for (size_t i = 0; i < reader->column_count && near == NULL; i++)
        if (is_alike(reader, &reader->columns[i], wanted, name_wanted->length))
            near = &reader->columns[i];
    for (size_t i = 0; i < reader->column_count && near == NULL; i++)
        if (is_near(reader, &reader->columns[i], name_wanted))
            near = &reader->columns[i];
    list_columns(reader, list, sizeof list);
    if (near == NULL)
        return rows_refuse(reader, ROWS_BROKEN, "there is no column %.*s: the columns are %s",
                           wanted_cut, wanted, list);
    const char *name = rows_header_name(reader, near);
    return rows_refuse(reader, ROWS_BROKEN,
                       "there is no column %.*s, did you mean %.*s? The columns are %s", wanted_cut,
                       wanted, rows_header_cut(near, name), name, list);
}

/* The text of the header has this length. */
static rows_outcome refuse_missing(rows_reader *reader, size_t length, rows_place place) {
    rows_value wanted = rows_name_at(reader, place);
    const char *separator = other_separator(reader, length, &wanted);
    if (separator == NULL)
        return rows_refuse_as(reader, "no_column", refuse_name(reader, &wanted));
    return rows_refuse_as(reader, "wrong_separator",
                          rows_refuse(reader, ROWS_BROKEN,
                                      "there is no column %.*s: the separator looks like %s",
                                      rows_cut(wanted.at, wanted.length), wanted.at, separator));
}

/* --------------------------------------------------------------------- uses */

/* [-0, +0, m] Takes a column's name; ROWS_BROKEN if it cannot be used. */
static rows_outcome add_column(lua_State *L, rows_reader *reader, const rows_field *field) {
    rows_column *column = &reader->columns[reader->column_count];
    size_t number = reader->column_count + 1;
    *column = (rows_column){.name = reader->names.length};
    if (!rows_csv_add_field(L, reader, field, &reader->names, NULL))
        return rows_refuse(reader, ROWS_BROKEN,
                           "the name of column %zu is not UTF-8: save the file as UTF-8", number);
    column->name_length = reader->names.length - column->name;
    if (field->length == 0)
        column->use = COLUMN_BLANK;
    else if (!rows_names_add(&reader->seen, reader->names.data, column->name, column->name_length))
        return rows_refuse(reader, ROWS_BROKEN, "column %.*s is there twice",
                           rows_header_cut(column, rows_header_name(reader, column)),
                           rows_header_name(reader, column));
    reader->column_count++;
    return ROWS_READ;
}

/* Refuses a column that is the answers', the split or the idx but for its case: it would silently
 * become an input of the prompt. */
static rows_outcome refuse_alike(rows_reader *reader, const rows_column *column) {
    const struct {
        const char *name;
        size_t length;
    } names[] = {{reader->names.data + reader->label.at, reader->label.length},
                 {reader->names.data + reader->split.at, reader->split.length},
                 {idx_name, sizeof idx_name - 1}};
    const char *name = rows_header_name(reader, column);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is_alike(reader, column, names[i].name, names[i].length))
            return rows_refuse(reader, ROWS_BROKEN, "column %.*s: did you mean %.*s?",
                               rows_header_cut(column, name), name,
                               rows_cut(names[i].name, names[i].length), names[i].name);
    return ROWS_READ;
}

static rows_outcome settle_use(rows_reader *reader, size_t index) {
    rows_column *column = &reader->columns[index];
    if (column->use == COLUMN_BLANK) {
        if (reader->mappings != NULL)
            column->use = COLUMN_IGNORED;
        return ROWS_READ;
    }
    if (is_at(reader, column, reader->label))
        column->use = COLUMN_EXPECTED;
    else if (is_at(reader, column, reader->split))
        column->use = COLUMN_SPLIT;
    else if (reader->mappings != NULL || is_named(reader, column, idx_name, sizeof idx_name - 1))
        column->use = COLUMN_IGNORED;
    else
        return refuse_alike(reader, column);
    return ROWS_READ;
}

/* Only the last columns may be without a name, unless the variables are listed: pandas writes its
 * index as a first column that has none. */
static rows_outcome check_blank(rows_reader *reader) {
    size_t last = reader->mappings != NULL ? 0 : reader->column_count;
    while (last > 0 && reader->columns[last - 1].use == COLUMN_BLANK)
        last--;
    for (size_t i = 0; i < last; i++)
        if (reader->columns[i].use == COLUMN_BLANK)
            return rows_refuse_as(
                reader, "no_name",
                rows_refuse(reader, ROWS_BROKEN, "column %zu has no name", i + 1));
    return ROWS_READ;
}

/* The index of the column of this name; the number of columns if there is none. */
static size_t find_column(const rows_reader *reader, rows_place place) {
    size_t index = 0;
    while (index < reader->column_count && !is_at(reader, &reader->columns[index], place))
        index++;
    return index;
}

/* Finds the columns that were asked for; the text of the header has this length. */
static rows_outcome find_columns(rows_reader *reader, size_t length) {
    size_t count = reader->column_count;
    reader->expected = find_column(reader, reader->label);
    if (reader->expected == count)
        return refuse_missing(reader, length, reader->label);
    if (reader->needs_split && find_column(reader, reader->split) == count)
        return refuse_missing(reader, length, reader->split);
    for (size_t i = 0; i < reader->mapping_count; i++) {
        rows_mapping *mapping = &reader->mappings[i];
        mapping->index = find_column(reader, mapping->column);
        if (mapping->index == count)
            return refuse_missing(reader, length, mapping->column);
    }
    return ROWS_READ;
}

rows_outcome rows_header_take(lua_State *L, rows_reader *reader, size_t count, size_t length) {
    rows_outcome outcome = ROWS_READ;
    if (!rows_names_reserve(&reader->seen, count))
        return rows_refuse(reader, ROWS_BROKEN, "not enough memory");
    for (size_t i = 0; i < count && outcome == ROWS_READ; i++)
        outcome = add_column(L, reader, &reader->fields[i]);
    rows_names_clear(&reader->seen);
    if (outcome == ROWS_READ)
        outcome = check_blank(reader);
    if (outcome == ROWS_READ)
        outcome = find_columns(reader, length);
    for (size_t i = 0; i < count && outcome == ROWS_READ; i++)
        outcome = settle_use(reader, i);
    return outcome;
}
