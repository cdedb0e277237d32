#include "watch.h"

#include "pool.h"

bool watch_is_on(const struct watch *watch) {
    return watch->on_socket != NULL;
}

void watch_report(void *owner, int socket, int directions) {
    const struct watch *watch = owner;
    if (watch_is_on(watch))
        watch->on_socket(watch->loop, socket, directions, watch->userdata);
}

void watch_begin(const struct watch *watch, list_link *pools) {
    if (!watch_is_on(watch))
        return;
    for (list_link *link = pools->next; link != pools; link = link->next)
        pool_hide_connecting(LIST_ENTRY(link, struct pool, link));
}

void watch_end(const struct watch *watch, list_link *pools) {
    for (list_link *link = pools->next; link != pools; link = link->next)
        pool_settle(LIST_ENTRY(link, struct pool, link), watch_is_on(watch));
}
