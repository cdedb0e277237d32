/* rows_reader.c - reads observations from a file, one after the other, whatever its format. */
#include "rows_reader.h"

#include "rows_array.h"
#include "rows_csv.h"
#include "rows_lines.h"
#include "rows_refuse.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const *split_values(void) {
    const promptic_parameter *p = rows_endpoint()->parameters;
    while (strcmp(p->name, "split") != 0)
        p++;
    return p->values;
}

static const rows_format formats[] = {{".csv", rows_read_csv, ','},
                                      {".tsv", rows_read_csv, '\t'},
                                      {".jsonl", rows_read_line, '\0'},
                                      {".ndjson", rows_read_line, '\0'},
                                      {".json", rows_read_element, '\0'}};

const rows_format *rows_find_format(const char *path) {
    size_t length = strlen(path);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        size_t ending = strlen(formats[i].ending);
        if (length >= ending && strcasecmp(path + length - ending, formats[i].ending) == 0)
            return &formats[i];
    }
    return NULL;
}

/* [-0, +0, m] Keeps a name, as JSON. */
static rows_place keep_name(lua_State *L, rows_reader *reader, const char *name) {
    rows_place place = {.at = reader->names.length};
    if (!json_buffer_add_string(L, &reader->names, name, strlen(name), NULL))
        luaL_error(L, "the name of a column is not UTF-8");
    place.length = reader->names.length - place.at;
    return place;
}

/* [-0, +0, m] */
static void keep_names(lua_State *L, rows_reader *reader, const rows_reading *reading) {
    bool has_label = reading->label_column != NULL;
    reader->needs_split = reading->split_column != NULL;
    reader->label = keep_name(L, reader, has_label ? reading->label_column : "expected");
    reader->split = keep_name(L, reader, reader->needs_split ? reading->split_column : "split");
    if (reading->variables == NULL)
        return;
    reader->mappings = calloc(reading->variable_count + 1, sizeof *reader->mappings);
    if (reader->mappings == NULL)
        luaL_error(L, "not enough memory");
    for (size_t i = 0; i < reading->variable_count; i++) {
        rows_place name = keep_name(L, reader, reading->variables[i].name);
        rows_place column = keep_name(L, reader, reading->variables[i].column);
        reader->mappings[reader->mapping_count++] = (rows_mapping){.name = name, .column = column};
    }
}

bool rows_reader_open(lua_State *L, rows_reader *reader, const char *path,
                      const rows_reading *reading) {
    const rows_format *format = reading->format != NULL ? reading->format : rows_find_format(path);
    reader->read = format->read;
    reader->separator = reading->separator != '\0' ? reading->separator : format->separator;
    reader->separator_given = reading->separator != '\0';
    reader->splits = split_values();
    keep_names(L, reader, reading);
    return rows_file_open(&reader->file, path);
}

#define MAGIC 6 /* bytes that tell formats apart */

/* Formats of other programs, by the bytes that such files begin with. */
static const struct {
    const char *bytes, *what;
} others[] = {
    {"PK\3\4", "a ZIP archive, as .xlsx and .ods files are: export the table as CSV"},
    {"\xD0\xCF\x11\xE0", "a document of an older Office, such as .xls: export the table as CSV"},
    {"PAR1\x15", "a Parquet file: export the table as CSV"},
    {"\x1F\x8B", "compressed by gzip: decompress it first, for example with gunzip -k"},
    {"\x28\xB5\x2F\xFD", "compressed by zstd: decompress it first, for example with unzstd"},
    {"\xFD\x37zXZ", "compressed by xz: decompress it first, for example with unxz -k"},
    {"BZh91A", "compressed by bzip2: decompress it first, for example with bunzip2 -k"},
};

/* Files that no format is: NULL, or what this one seems to be. */
static const char *foreign(const unsigned char *bytes, size_t length) {
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        size_t wanted = strlen(others[i].bytes);
        if (length >= wanted && memcmp(bytes, others[i].bytes, wanted) == 0)
            return others[i].what;
    }
    bool is_marked = length >= 2 && ((bytes[0] == 0xFF && bytes[1] == 0xFE) ||
                                     (bytes[0] == 0xFE && bytes[1] == 0xFF));
    bool has_zeros = length >= 2 && (bytes[0] == 0) != (bytes[1] == 0);
    return is_marked || has_zeros ? "UTF-16, not UTF-8: save the file as UTF-8" : NULL;
}

/* Reads the beginning of the file; ROWS_BROKEN where that is no text that can be read. */
static rows_outcome open_window(rows_reader *reader) {
    rows_file *file = &reader->file;
    const char *problem = NULL;
    reader->line = file->line;
    while (problem == NULL && file->end < MAGIC && !file->ended)
        problem = rows_file_more(file);
    if (problem != NULL)
        return rows_stop(reader, problem);
    reader->opened = true;
    problem = foreign((const unsigned char *)file->data, file->end);
    return problem != NULL ? rows_refuse(reader, ROWS_BROKEN, "the file is %s", problem)
                           : ROWS_READ;
}

rows_outcome rows_reader_read(lua_State *L, rows_reader *reader, json_buffer *out) {
    size_t before = out->length;
    rows_file_begin(&reader->file);
    reader->before = 0;
    reader->is_empty = false;
    rows_outcome outcome = reader->opened ? ROWS_READ : open_window(reader);
    if (outcome == ROWS_READ)
        outcome = reader->read(L, reader, out);
    if (outcome != ROWS_READ)
        out->length = before;
    if (outcome == ROWS_READ || outcome == ROWS_BAD)
        reader->number++;
    return outcome;
}

void rows_reader_unread(rows_reader *reader) {
    reader->file.at -= reader->before;
    reader->file.line = reader->line;
    reader->before = 0;
    reader->stage = STAGE_ELEMENT;
    reader->number--;
}

void rows_reader_close(rows_reader *reader) {
    rows_file_close(&reader->file);
    rows_csv_close(reader);
    json_reader_free(&reader->json);
    rows_keys_clear(&reader->keys);
    json_buffer_clear(&reader->names);
    free(reader->mappings);
    reader->mappings = NULL;
    json_buffer_clear(&reader->scratch);
}
