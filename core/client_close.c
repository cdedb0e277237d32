/* client_close.c - a client ends, and its calls with it. */
#include "call.h"
#include "call_end.h"
#include "client.h"
#include "loop.h"

void promptic_client_close(promptic_client *client) {
    loop_check_process(client->loop);
    if (client->closed)
        return;
    client->closed = true;
    client_retain(client); /* a callback may free it */
    while (!list_is_empty(&client->calls))
        call_fail(LIST_ENTRY(client->calls.next, promptic_call, client_link), PROMPTIC_CANCELLED,
                  "client_closed", "the client was closed");
    client_disconnect(client);
    loop_dispatch(client->loop);
    loop_notify_timer(
        client->loop); /* other clients' calls may have been waiting for ours to end */
    client_release(client);
}

void promptic_client_free(promptic_client *client) {
    if (client == NULL)
        return;
    promptic_client_close(client);
    client_release(client);
}
