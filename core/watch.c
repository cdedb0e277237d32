#include "watch.h"

#include "loop.h"

bool watch_is_on(const promptic_loop *loop) {
    return loop->watch.on_socket != NULL;
}

void watch_report(void *owner, int socket, int directions) {
    promptic_loop *loop = owner;
    if (watch_is_on(loop))
        loop->watch.on_socket(loop, socket, directions, loop->watch.userdata);
}

void watch_begin(promptic_loop *loop) {
    if (!watch_is_on(loop))
        return;
    for (list_link *link = loop->pools.next; link != &loop->pools; link = link->next)
        pool_hide_connecting(LIST_ENTRY(link, pool, link));
}

void watch_end(promptic_loop *loop) {
    for (list_link *link = loop->pools.next; link != &loop->pools; link = link->next)
        pool_settle(LIST_ENTRY(link, pool, link), watch_is_on(loop));
}

void promptic_watch(promptic_loop *loop, promptic_socket_fn on_host_socket,
                    promptic_timer_fn on_timer, void *userdata) {
    loop_check_process(loop);
    loop->watch.on_socket = on_host_socket;
    loop->watch.on_timer = on_timer;
    loop->watch.userdata = userdata;
}

/* 0 stands for an error, which is found by reading and writing. */
size_t promptic_socket_ready(promptic_loop *loop, int socket, int directions) {
    loop_check_process(loop);
    for (list_link *link = loop->pools.next; link != &loop->pools; link = link->next)
        pool_note_ready(LIST_ENTRY(link, pool, link), socket,
                        directions != 0 ? directions : PROMPTIC_READ | PROMPTIC_WRITE);
    return loop_step(loop);
}
