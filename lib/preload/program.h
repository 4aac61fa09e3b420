/* What kind of file a program is: whether a library can be preloaded into it. */
#ifndef TCPENGINE_PRELOAD_PROGRAM_H
#define TCPENGINE_PRELOAD_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

enum program_kind {
    PROGRAM_DYNAMIC,     /* linked against this C library: takes the library */
    PROGRAM_STATIC,      /* takes none: no dynamic linker in it, or that of another C library;
                          * or would go past it, as Go does */
    PROGRAM_FOREIGN,     /* another machine or word size */
    PROGRAM_PRIVILEGED,  /* set-user-ID or with capabilities: the linker ignores LD_PRELOAD */
    PROGRAM_UNREADABLE,  /* errno says why */
    PROGRAM_UNRECOGNISED /* neither ELF nor a script: the shell's, as execvp(3) does */
};

/* Follows "#!" lines. ret_path: whose kind it is, the program or its interpreter. */
enum program_kind program_kind_of(const char *path, char *ret_path, size_t room);

/* Where execvp(3) finds name. False: errno says why not. */
bool program_find(const char *name, char *ret_file, size_t room);

#endif
