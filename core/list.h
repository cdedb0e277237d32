/* list.h - doubly linked lists whose links are members of what they hold. Nothing is allocated;
 * a link that is in no list points at itself. */
#ifndef PROMPTIC_LIST_H
#define PROMPTIC_LIST_H

#include <stdbool.h>
#include <stddef.h>

typedef struct list_link {
    struct list_link *previous, *next;
} list_link;

/* The struct of type TYPE whose member MEMBER is this link. */
#define LIST_ENTRY(LINK, TYPE, MEMBER) ((TYPE *)(void *)((char *)(LINK)-offsetof(TYPE, MEMBER)))

static inline void list_init(list_link *link) {
    link->previous = link->next = link;
}

static inline bool list_is_empty(const list_link *list) {
    return list->next == list;
}

static inline void list_remove(list_link *link) {
    link->previous->next = link->next;
    link->next->previous = link->previous;
    list_init(link);
}

static inline void list_append(list_link *list, list_link *link) {
    link->previous = list->previous;
    link->next = list;
    list->previous->next = link;
    list->previous = link;
}

#endif
