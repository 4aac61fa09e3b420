/* Short names of tcpengine/units.h for tests, which are full of times. */
#ifndef TESTS_UNITS_H
#define TESTS_UNITS_H

#include <tcpengine/units.h>

#define MS TE_MS
#define SECOND TE_SECOND
#define MINUTE TE_MINUTE
#define DAY TE_DAY

#endif
