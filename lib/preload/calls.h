/* The functions of the C library that are replaced: their attribute. */
#ifndef TCPENGINE_PRELOAD_CALLS_H
#define TCPENGINE_PRELOAD_CALLS_H

#define REPLACES __attribute__((visibility("default")))

#endif
