/*
 * promptic_endpoints.h - types of the table of endpoints: rows of endpoints and of their parameters.
 * A part of promptic.h, which includes it.
 */
#ifndef PROMPTIC_ENDPOINTS_H
#define PROMPTIC_ENDPOINTS_H

#include <stdbool.h>

/* Where a parameter goes in the request. */
typedef enum promptic_place {
    PROMPTIC_IN_NO_REQUEST, /* nowhere: of a function that makes none by itself */
    PROMPTIC_IN_PATH,       /* a segment of the path */
    PROMPTIC_IN_QUERY,      /* the query string */
    PROMPTIC_IN_BODY,       /* a field of the JSON object that is the body */
    PROMPTIC_IN_LIST,       /* the whole body, a JSON array */
    PROMPTIC_IN_ITEM,       /* a field of each element of the list */
    PROMPTIC_IN_CHANGES,    /* the whole body, a JSON object that is passed through */
    PROMPTIC_IN_FIELD       /* a known field of the changes */
} promptic_place;

/* How a call in Lua gives a parameter, wherever it goes. */
typedef enum promptic_passed {
    PROMPTIC_BY_NAME,     /* in the table of options, which comes last */
    PROMPTIC_BY_POSITION, /* in the order of the rows */
    PROMPTIC_BY_FIELD     /* as a field of another one: of an element, of changes */
} promptic_passed;

typedef enum promptic_type {
    PROMPTIC_STRING,
    PROMPTIC_INTEGER,
    PROMPTIC_NUMBER,
    PROMPTIC_BOOLEAN,
    PROMPTIC_OBJECT,
    PROMPTIC_ARRAY,
    PROMPTIC_STRINGS, /* an array of strings */
    PROMPTIC_ANY,
    PROMPTIC_DOCUMENT /* an object, or the JSON text of one */
} promptic_type;

/* What a value is besides its type. The platform checks the first two; those of functions in Lua
 * are checked before they run (bindings/table/formats.c). */
typedef enum promptic_format {
    PROMPTIC_FORMAT_NONE,
    PROMPTIC_FORMAT_UUID,
    PROMPTIC_FORMAT_TIME,             /* RFC 3339's date-time */
    PROMPTIC_FORMAT_ID,               /* a segment of a path */
    PROMPTIC_FORMAT_BYTES,            /* a string that may hold any byte */
    PROMPTIC_FORMAT_SECONDS,          /* 0 or more */
    PROMPTIC_FORMAT_POSITIVE_SECONDS, /* more than 0 */
    PROMPTIC_FORMAT_FUNCTION,         /* a function; `signature` names its arguments */
    PROMPTIC_FORMAT_TEXT_OR_FALSE,
    PROMPTIC_FORMAT_CLIENT,
    PROMPTIC_FORMAT_ROWS_SOURCE,  /* a list, a function or a path */
    PROMPTIC_FORMAT_BYTES_SOURCE, /* a string, or a table with a path */
    PROMPTIC_FORMAT_NAME,         /* a text with a character that is not white space */
    PROMPTIC_FORMATS              /* how many there are */
} promptic_format;

/* One parameter of an endpoint. Every pointer is to static memory. */
typedef struct promptic_parameter promptic_parameter;
struct promptic_parameter {
    const char *name; /* in C and Lua: snake_case. NULL ends a list of parameters */
    const char *wire; /* on the wire; "a.b" means field b of field a, dropped if a is given */
    promptic_type type;
    promptic_place place;
    promptic_passed passed;
    promptic_format format;
    bool required;             /* must be there */
    bool nullable;             /* JSON null is a value of it */
    const char *fallback;      /* sent if the caller gives none; NULL: then it is left out */
    const char *const *values; /* the enum's values, ended by NULL; NULL: any */
    double minimum, maximum;   /* if maximum > minimum: of a number, or of the length of a list
                                * or a string */
    const char *summary;       /* reference text, one line */
    const char *signature;     /* of a function: its arguments, "level, text"; else NULL */
    const char *assumed;       /* the platform's default, or NULL */
    const promptic_parameter *items; /* of a list in a body: the fields of its elements (place
                                      * PROMPTIC_IN_ITEM); NULL: any */
};

/* The form of what a call returns. */
typedef enum promptic_form {
    PROMPTIC_RETURNS_NOTHING,  /* an empty response */
    PROMPTIC_RETURNS_OBJECT,   /* an object of the type */
    PROMPTIC_RETURNS_LIST,     /* an object whose field is an array of objects of the type */
    PROMPTIC_RETURNS_BYTES,    /* bytes of any kind, to which the platform redirects */
    PROMPTIC_RETURNS_ITERATOR, /* in Lua: a function that returns the next object of the type */
    PROMPTIC_RETURNS_VALUE     /* in Lua: a value; the type is Lua's, "list" or "any" */
} promptic_form;

/* What a call returns. Every pointer is to static memory. */
typedef struct promptic_returns {
    promptic_form form;
    const char *type;  /* of an object: its name in the contract; NULL if the form has none */
    const char *field; /* of a list: the field that holds it */
    bool optional;     /* of an object: null, which is nil in Lua, takes its place */
} promptic_returns;

/* One endpoint. Every pointer is to static memory. */
typedef struct promptic_endpoint {
    const char *name;   /* the contract's operationId, also the method's name */
    const char *module; /* the resource it belongs to: "experiments" */
    const char *verb;   /* GET, POST, PATCH or DELETE */
    const char *path;   /* template below /api/v1: "/experiments/{experiment_id}" */
    const promptic_parameter *parameters;
    bool repeatable;        /* a second attempt does no harm: GET, DELETE, upsert_annotation */
    bool without_workspace; /* a session token is enough: list_workspaces, list_ai_applications */
    promptic_returns returns;
    const char *summary; /* reference text, one line */
    const char *since;   /* the release of the Python client that has it first, or "docs" if
                          * only the platform's pages have it; NULL: always there */
    const char *dropped; /* the release of the Python client that has it no more, or NULL; older
                          * platforms serve it */
    bool redirects;      /* its response is a redirect to the bytes, which is a success of the
                          * call: the result's header location, for a request with that url */
    const char *instead; /* the endpoint that newer platforms have in its place, or NULL */
} promptic_endpoint;

#endif
