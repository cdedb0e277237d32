/* rows_room.c - what rows become where they are added: observations, or cases of a dataset. */
#include "rows_room.h"

const promptic_endpoint *rows_endpoint(void) {
    return promptic_endpoint_find("create_observations");
}

const char *rows_before_inputs(const rows_room *room) {
    return room->cases ? "{\"inputPayload\":" : "{\"variables\":";
}

const char *rows_before_answer(const rows_room *room) {
    return room->cases ? ",\"expectedPayload\":" : ",\"expected\":";
}
