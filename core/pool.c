#include "pool.h"

#include "clock.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* ------------------------------------------------------------- the list */

static pool_socket *find(struct pool *pool, int number) {
    for (size_t i = 0; i < pool->count; i++)
        if (pool->sockets[i].number == number)
            return &pool->sockets[i];
    return NULL;
}

/* The socket's entry, a new one if need be; NULL if there is no room. */
static pool_socket *find_or_add(struct pool *pool, int number) {
    pool_socket *socket = find(pool, number);
    if (socket != NULL || pool->count == pool->capacity)
        return socket;
    pool->sockets[pool->count] = (pool_socket){.number = number};
    return &pool->sockets[pool->count++];
}

static void notify(struct pool *pool, pool_socket *socket, unsigned char directions) {
    if (socket->reported == directions)
        return;
    socket->reported = directions;
    pool->report(pool->owner, socket->number, directions);
}

static void drop(struct pool *pool, pool_socket *socket) {
    notify(pool, socket, 0);
    *socket = pool->sockets[--pool->count];
}

static bool is_polled(const pool_socket *socket) {
    return socket->wanted != 0 && (!socket->is_ours || socket->is_open);
}

/* Whether the number still means the socket that was opened. */
static bool is_same(const pool_socket *socket) {
    struct stat status;
    return fstat(socket->number, &status) == 0 && S_ISSOCK(status.st_mode) &&
           status.st_ino == socket->inode;
}

/* A socket was closed before it carried a request; if the name has another address, libcurl 7.88
 * goes on with it only when all transfers run: see run_all. */
static void note_lost(struct pool *pool) {
    if (pool->running == 0)
        return;
    pool->lost_socket = true;
    pool->due_ms = clock_now_ms();
}

/* ------------------------------------------------------ libcurl's callbacks */

int pool_open_socket(const struct curl_sockaddr *address) {
#ifdef SOCK_CLOEXEC
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
#else
    int number = socket(address->family, address->socktype, address->protocol);
    if (number >= 0)
        fcntl(number, F_SETFD, FD_CLOEXEC);
    return number;
#endif
}

/* A curl_opensocket_callback. An entry of the same number is that of a socket libcurl has closed
 * silently; what libcurl wants of it stays, since libcurl takes that for reported. */
static curl_socket_t on_open(void *userdata, curlsocktype purpose, struct curl_sockaddr *address) {
    struct pool *pool = userdata;
    struct stat status;
    int number = pool_open_socket(address);
    (void)purpose;
    if (number < 0)
        return CURL_SOCKET_BAD;
    pool_socket *socket = fstat(number, &status) == 0 ? find_or_add(pool, number) : NULL;
    if (socket == NULL) {
        close(number);
        return CURL_SOCKET_BAD;
    }
    socket->is_ours = socket->is_open = socket->is_connecting = true;
    socket->is_named = false;
    socket->inode = status.st_ino;
    return number;
}

/* A curl_closesocket_callback. */
static int on_close(void *userdata, curl_socket_t number) {
    struct pool *pool = userdata;
    pool_socket *socket = find(pool, (int)number);
    if (socket != NULL) {
        notify(pool, socket, 0);
        socket->is_open = false;
        if (socket->is_connecting)
            note_lost(pool);
        if (socket->wanted == 0)
            drop(pool, socket);
    }
    return close((int)number);
}

static unsigned char directions_of(int what) {
    return (unsigned char)((what == CURL_POLL_IN || what == CURL_POLL_INOUT ? PROMPTIC_READ : 0) |
                           (what == CURL_POLL_OUT || what == CURL_POLL_INOUT ? PROMPTIC_WRITE : 0));
}

/* A curl_socket_callback. */
static int on_socket(CURL *easy, curl_socket_t number, int what, void *userdata, void *unused) {
    struct pool *pool = userdata;
    unsigned char directions = directions_of(what);
    pool_socket *socket =
        directions != 0 ? find_or_add(pool, (int)number) : find(pool, (int)number);
    (void)unused;
    if (socket == NULL)
        return 0;
    socket->wanted = directions;
    socket->easy = directions != 0 ? easy : NULL;
    if (directions == 0)
        notify(pool, socket, 0);
    if (directions == 0 && !(socket->is_ours && socket->is_open))
        drop(pool, socket);
    return 0;
}

/* A curl_multi_timer_callback. */
static int on_timer(CURLM *multi, long timeout_ms, void *userdata) {
    struct pool *pool = userdata;
    (void)multi;
    pool->due_ms = clock_after_ms(clock_now_ms(), timeout_ms);
    return 0;
}

/* ---------------------------------------------------------------- lifetime */

struct pool *pool_new(const promptic_allocator *allocator, long most_kept, pool_report_fn report,
                      pool_moved_fn moved, void *owner) {
    struct pool *pool = memory_new(allocator, sizeof *pool);
    if (pool == NULL)
        return NULL;
    pool->allocator = allocator;
    list_init(&pool->link);
    list_init(&pool->working);
    pool->due_ms = CLOCK_NEVER;
    pool->most_kept = most_kept;
    pool->report = report;
    pool->moved = moved;
    pool->owner = owner;
    return pool;
}

static void set_up_multi(struct pool *pool, CURLM *multi) {
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, pool);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, pool);
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    /* By itself libcurl keeps four connections a transfer under way (CURLMOPT_MAXCONNECTS(3)), so
     * that it would close most of them whenever many have just ended. */
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, pool->most_kept);
}

static void free_handles(struct pool *pool, pool_handles *handles) {
    if (handles == NULL)
        return;
    if (handles->multi != NULL)
        curl_multi_cleanup(handles->multi);
    if (handles->share != NULL)
        curl_share_cleanup(handles->share);
    memory_free(pool->allocator, handles);
}

static bool make_share(pool_handles *handles) {
    if (handles->share == NULL)
        handles->share = curl_share_init();
    return handles->share != NULL && curl_share_setopt(handles->share, CURLSHOPT_SHARE,
                                                       CURL_LOCK_DATA_SSL_SESSION) == CURLSHE_OK;
}

/* Makes the missing handles; existing ones are kept if that fails. */
static bool make_handles(struct pool *pool) {
    if (pool->handles == NULL)
        pool->handles = memory_new(pool->allocator, sizeof *pool->handles);
    if (pool->handles == NULL || (pool->handles->share == NULL && !make_share(pool->handles)))
        return false;
    pool->handles->multi = curl_multi_init();
    if (pool->handles->multi != NULL)
        set_up_multi(pool, pool->handles->multi);
    return pool->handles->multi != NULL;
}

void pool_free(struct pool *pool) {
    list_remove(&pool->link);
    free_handles(pool, pool->handles); /* calls on_close for each kept connection */
    memory_free(pool->allocator, pool->sockets);
    memory_free(pool->allocator, pool);
}

bool pool_reserve(struct pool *pool) {
    size_t needed = pool->count + (pool->running + 1) * POOL_SOCKETS_OF_TRANSFER;
    if ((pool->handles == NULL || pool->handles->multi == NULL) && !make_handles(pool))
        return false;
    if (needed <= pool->capacity)
        return true;
    size_t capacity = needed > 2 * pool->capacity ? needed : 2 * pool->capacity;
    pool_socket *sockets =
        memory_resize(pool->allocator, pool->sockets, capacity * sizeof *sockets);
    if (sockets == NULL)
        return false;
    pool->sockets = sockets;
    pool->capacity = capacity;
    return true;
}

/* --------------------------------------------------------------- transfers */

CURLcode pool_attach(struct pool *pool, CURL *easy) {
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, pool);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, pool);
    return curl_easy_setopt(easy, CURLOPT_SHARE, pool->handles->share);
}

CURLMcode pool_add(struct pool *pool, CURL *easy) {
    CURLMcode code = curl_multi_add_handle(pool->handles->multi, easy);
    if (code == CURLM_OK)
        pool->running++;
    return code;
}

void pool_remove(struct pool *pool, CURL *easy) {
    pool->running--;
    for (size_t i = 0; i < pool->count; i++)
        if (pool->sockets[i].easy == easy)
            pool->sockets[i].easy = NULL;
    curl_multi_remove_handle(pool->handles->multi, easy);
}

/* ----------------------------------------------------------------- driving */

size_t pool_fill(struct pool *pool, struct pollfd *fds, size_t room) {
    size_t filled = 0;
    for (size_t i = 0; i < pool->count && filled < room; i++) {
        const pool_socket *socket = &pool->sockets[i];
        if (!is_polled(socket))
            continue;
        fds[filled].fd = socket->number;
        fds[filled].revents = 0;
        fds[filled++].events = (short)((socket->wanted & PROMPTIC_READ ? POLLIN : 0) |
                                       (socket->wanted & PROMPTIC_WRITE ? POLLOUT : 0));
    }
    return filled;
}

static unsigned char ready_directions(short events) {
    /* An error is found, with its reason, by reading and writing. */
    bool is_wrong = events != 0 && !(events & (POLLIN | POLLOUT));
    return (unsigned char)((events & POLLIN || is_wrong ? PROMPTIC_READ : 0) |
                           (events & POLLOUT || is_wrong ? PROMPTIC_WRITE : 0));
}

size_t pool_take(struct pool *pool, const struct pollfd *fds, size_t count) {
    size_t taken = 0;
    for (size_t i = 0; i < pool->count && taken < count; i++)
        if (is_polled(&pool->sockets[i]))
            pool->sockets[i].ready = ready_directions(fds[taken++].revents);
    return taken;
}

void pool_note_ready(struct pool *pool, int number, int directions) {
    pool_socket *socket = find(pool, number);
    if (socket != NULL && is_polled(socket))
        socket->ready |= (unsigned char)(directions & (PROMPTIC_READ | PROMPTIC_WRITE));
}

static int curl_events(unsigned char directions) {
    return (directions & PROMPTIC_READ ? CURL_CSELECT_IN : 0) |
           (directions & PROMPTIC_WRITE ? CURL_CSELECT_OUT : 0);
}

/* libcurl 7.88 sets no timer for the next address of a name after the one before took too long. The
 * function is deprecated because it is slow; no other one runs all transfers and reports their
 * sockets. */
static CURLMcode run_all(struct pool *pool) {
    int running;
    pool->lost_socket = false;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    return curl_multi_socket_all(pool->handles->multi, &running);
#pragma GCC diagnostic pop
}

/* Has libcurl handle a socket. */
static CURLMcode act(struct pool *pool, pool_socket *socket) {
    int number = socket->number, events = curl_events(socket->ready), running;
    if (socket->easy != NULL && (socket->ready & PROMPTIC_READ))
        pool->moved(pool->owner, socket->easy, socket->number);
    socket->ready = 0;
    socket->is_behind = false;
    return curl_multi_socket_action(pool->handles->multi, number, events, &running);
}

/* Handles the sockets that are ready, those for which an earlier step had no time first. True if
 * there were any. */
static bool act_on_ready(struct pool *pool, CURLMcode *code, bool one) {
    bool acted = false, was_behind = pool->is_behind;
    pool->is_behind = false;
    for (int round = was_behind ? 0 : 1; round < 2; round++) {
        /* From the end: what libcurl does may drop any entry, and then the last one, which has had
         * its turn, moves to that place. */
        for (size_t i = pool->count; i-- > 0 && *code == CURLM_OK;) {
            pool_socket *socket = i < pool->count ? &pool->sockets[i] : NULL;
            if (socket == NULL || socket->ready == 0 || (round == 0 && !socket->is_behind))
                continue;
            if ((acted || !one) && clock_now_us() >= pool->until_us) {
                socket->is_behind = pool->is_behind = true;
                continue;
            }
            *code = act(pool, socket);
            acted = true;
        }
    }
    return acted;
}

pool_progress pool_drive(struct pool *pool, int64_t now_ms, bool one) {
    int running;
    bool acted = pool->lost_socket;
    CURLMcode code = acted ? run_all(pool) : CURLM_OK;
    acted = act_on_ready(pool, &code, one) || acted;
    if (pool->due_ms <= now_ms && code == CURLM_OK) {
        pool->due_ms = CLOCK_NEVER; /* on_timer sets the next */
        code = curl_multi_socket_action(pool->handles->multi, CURL_SOCKET_TIMEOUT, 0, &running);
        acted = true;
    }
    return code != CURLM_OK ? POOL_BROKEN : acted ? POOL_ACTED : POOL_IDLE;
}

void pool_repair(struct pool *pool) {
    curl_multi_cleanup(pool->handles->multi);
    pool->handles->multi = NULL;
    pool->due_ms = CLOCK_NEVER;
    pool->lost_socket = pool->is_behind = false;
    while (pool->count > 0)
        drop(pool, &pool->sockets[pool->count - 1]);
}

void pool_hide_connecting(struct pool *pool) {
    for (size_t i = 0; i < pool->count; i++)
        if (pool->sockets[i].is_connecting)
            notify(pool, &pool->sockets[i], 0);
}

/* libcurl 7.88 closes sockets that never connected without calling on_close. What it wants of such
 * an entry stays, as in on_open. */
static void drop_closed(struct pool *pool) {
    for (size_t i = pool->count; i-- > 0;) {
        pool_socket *socket = &pool->sockets[i];
        if (!socket->is_ours || !socket->is_open || !socket->is_connecting || is_same(socket))
            continue;
        socket->is_open = false;
        note_lost(pool);
        if (socket->wanted == 0)
            drop(pool, socket);
    }
}

void pool_settle(struct pool *pool, bool to_host) {
    drop_closed(pool);
    for (size_t i = 0; i < pool->count && to_host; i++)
        if (is_polled(&pool->sockets[i]))
            notify(pool, &pool->sockets[i], pool->sockets[i].wanted);
}

/* -------------------------------------------------------------------- fork */

/* Keeps what was abandoned reachable, so that leak checkers take it for what it is. The only
 * variable of the process: it is written in forked children alone. */
static pool_handles *abandoned;

void pool_abandon(struct pool *pool) {
    for (size_t i = 0; i < pool->count; i++)
        if (pool->sockets[i].is_ours && pool->sockets[i].is_open && is_same(&pool->sockets[i]))
            close(pool->sockets[i].number);
    pool->count = pool->running = 0;
    pool->due_ms = CLOCK_NEVER;
    pool->lost_socket = pool->is_behind = false;
    if (pool->handles == NULL)
        return;
    pool_handles *previous = __atomic_load_n(&abandoned, __ATOMIC_RELAXED);
    do
        pool->handles->abandoned = previous;
    while (!__atomic_compare_exchange_n(&abandoned, &previous, pool->handles, false,
                                        __ATOMIC_RELEASE, __ATOMIC_RELAXED));
    pool->handles = NULL;
}
