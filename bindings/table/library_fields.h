/*
 * library_fields.h - the fields of the library's own classes: the parameters of their rows in library.c.
 */
#ifndef PROMPTIC_LIBRARY_FIELDS_H
#define PROMPTIC_LIBRARY_FIELDS_H

#include "promptic.h"

/* Each is ended by a row without a name. */
extern const promptic_parameter library_error_fields[];
extern const promptic_parameter library_upload_error_fields[];
extern const promptic_parameter library_upload_fields[];
extern const promptic_parameter library_row_fields[];
extern const promptic_parameter library_response_fields[];
extern const promptic_parameter library_comparison_fields[];
extern const promptic_parameter library_http_fields[];
extern const promptic_parameter library_tracer_fields[];
extern const promptic_parameter library_span_fields[];
extern const promptic_parameter library_prompt_fields[];
extern const promptic_parameter library_session_fields[];
extern const promptic_parameter library_logout_fields[];
extern const promptic_parameter library_contract_fields[];
extern const promptic_parameter library_status_fields[];
extern const promptic_parameter library_task_fields[];

/* The kinds that is_error takes, ended by NULL. Out of memory and wrong arguments raise Lua's own errors; rows
 * that cannot be used raise kind argument. */
extern const char *const library_error_kinds[];

#endif
