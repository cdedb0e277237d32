/* rows_names.c - notices a name that comes twice, in constant time a name. */
#include "rows_names.h"

#include "rows_hash.h"

#include <stdlib.h>
#include <string.h>

/* An entry of the hash table; length 0: the place is free. */
struct rows_name {
    size_t at, length;
};

bool rows_names_reserve(rows_names *names, size_t count) {
    size_t capacity = 16;
    while (capacity / 2 < count)
        capacity *= 2;
    names->places = calloc(capacity, sizeof *names->places);
    names->capacity = names->places != NULL ? capacity : 0;
    return names->places != NULL;
}

bool rows_names_add(rows_names *names, const char *text, size_t at, size_t length) {
    size_t mask = names->capacity - 1;
    size_t place = (size_t)rows_checksum(text + at, length) & mask;
    for (; names->places[place].length > 0; place = (place + 1) & mask) {
        const rows_name *other = &names->places[place];
        if (other->length == length && memcmp(text + other->at, text + at, length) == 0)
            return false;
    }
    names->places[place] = (rows_name){.at = at, .length = length};
    return true;
}

void rows_names_clear(rows_names *names) {
    free(names->places);
    *names = (rows_names){.places = NULL};
}
