/*
 * interpreter_sandbox.h - --sandbox.
 */
#ifndef PROMPTIC_INTERPRETER_SANDBOX_H
#define PROMPTIC_INTERPRETER_SANDBOX_H

#include "interpreter_options.h"

#include <stdbool.h>

/* Starts the sandbox in a process of its own and points the environment at it. It ends with this
 * process, however that ends. False after printing the problem. */
bool interpreter_start_sandbox(const interpreter_options *options);

#endif
