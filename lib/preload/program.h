/* What kind of file a program is: whether a library can be preloaded into it. */
#ifndef TCPENGINE_PRELOAD_PROGRAM_H
#define TCPENGINE_PRELOAD_PROGRAM_H

#include <stddef.h>

enum program_kind {
    PROGRAM_DYNAMIC,     /* linked against this C library: takes the library */
    PROGRAM_STATIC,      /* no dynamic linker in it */
    PROGRAM_FOREIGN,     /* another machine, word size, or C library */
    PROGRAM_PRIVILEGED,  /* set-user-ID or with capabilities: the linker ignores LD_PRELOAD */
    PROGRAM_UNREADABLE,  /* errno says why */
    PROGRAM_UNRECOGNISED /* neither ELF nor a script: the shell's, as execvp(3) does */
};

/* Follows "#!" lines. ret_path: whose kind it is, the program or its interpreter. */
enum program_kind program_kind_of(const char *path, char *ret_path, size_t room);

#endif
