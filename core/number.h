/*
 * number.h - numbers as text, with a decimal point whatever the locale of the host says. Everything
 * that leaves the library, to the wire or into a message, is written by these.
 */
#ifndef PROMPTIC_NUMBER_H
#define PROMPTIC_NUMBER_H

/* Room for any double, and for the end of its text. */
#define NUMBER_SIZE 40

/* As printf's %.*g in the C locale, with 1 to 17 digits. Returns text. */
char *number_text(char text[NUMBER_SIZE], double value, int digits);

/* With as few digits as read back as the same double. Returns text. */
char *number_shortest(char text[NUMBER_SIZE], double value);

#endif
