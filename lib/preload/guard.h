/* The guard of a program that has the library: a process beside it, which answers the socket calls
 * that go past the library (filter.h): made by instructions of the program's own, by a library that
 * was linked to a C library of its own, or by a static program that it executes. */
#ifndef TCPENGINE_PRELOAD_GUARD_H
#define TCPENGINE_PRELOAD_GUARD_H

/* For this process and whatever it executes; it lives as long as any of them. 0, or -errno: they
 * are without one. */
int guard_start(void);

#endif
