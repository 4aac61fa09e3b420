#include "program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* The kernel follows as many. */
#define SCRIPTS_MAX 5
#define HEAD_BYTES 512
#define LINKER_BYTES 256
#define NOTES_BYTES 4096

/* The dynamic linker of this very program: what we are linked with, we can be loaded by. */
static bool read_linker_of(int fd, const ElfW(Ehdr) * header, char linker[LINKER_BYTES])
{
    for (unsigned i = 0; i < header->e_phnum; i++) {
        ElfW(Phdr) row;
        off_t at = (off_t)(header->e_phoff + (size_t)i * header->e_phentsize);
        if (pread(fd, &row, sizeof(row), at) != (ssize_t)sizeof(row))
            return false;
        if (row.p_type != PT_INTERP)
            continue;
        memset(linker, 0, LINKER_BYTES);
        size_t length = row.p_filesz < LINKER_BYTES - 1 ? row.p_filesz : LINKER_BYTES - 1;
        return pread(fd, linker, length, (off_t)row.p_offset) == (ssize_t)length;
    }
    return false;
}

/* Notes of one segment: a header, a name and a description each, the last two padded. */
static bool has_note_named(int fd, const ElfW(Phdr) * segment, const char *name, size_t name_bytes)
{
    unsigned char notes[NOTES_BYTES];
    size_t length = segment->p_filesz < sizeof(notes) ? segment->p_filesz : sizeof(notes);
    if (pread(fd, notes, length, (off_t)segment->p_offset) != (ssize_t)length)
        return false;
    for (size_t at = 0; at + sizeof(ElfW(Nhdr)) + name_bytes <= length;) {
        ElfW(Nhdr) note;
        memcpy(&note, notes + at, sizeof(note));
        at += sizeof(note);
        if (note.n_namesz == name_bytes && memcmp(notes + at, name, name_bytes) == 0)
            return true;
        at +=
            (((size_t)note.n_namesz + 3) & ~(size_t)3) + (((size_t)note.n_descsz + 3) & ~(size_t)3);
    }
    return false;
}

/* Its linker leaves its build id as a note, also in a stripped program. Go makes its system calls
 * by itself, even where a C library is linked to it. */
static bool is_go(int fd, const ElfW(Ehdr) * header)
{
    for (unsigned i = 0; i < header->e_phnum; i++) {
        ElfW(Phdr) row;
        off_t at = (off_t)(header->e_phoff + (size_t)i * header->e_phentsize);
        if (pread(fd, &row, sizeof(row), at) != (ssize_t)sizeof(row))
            return false;
        if (row.p_type == PT_NOTE && has_note_named(fd, &row, "Go\0", 4))
            return true;
    }
    return false;
}

static bool read_header(int fd, ElfW(Ehdr) * ret_header)
{
    return pread(fd, ret_header, sizeof(*ret_header), 0) == (ssize_t)sizeof(*ret_header) &&
           memcmp(ret_header->e_ident, ELFMAG, SELFMAG) == 0;
}

static bool own_header(ElfW(Ehdr) * ret_header, char linker[LINKER_BYTES])
{
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    bool is_read = fd >= 0 && read_header(fd, ret_header) && read_linker_of(fd, ret_header, linker);
    if (fd >= 0)
        close(fd);
    return is_read;
}

static enum program_kind kind_of_elf(int fd)
{
    ElfW(Ehdr) header, own;
    char linker[LINKER_BYTES], own_linker[LINKER_BYTES];
    if (!read_header(fd, &header) || !own_header(&own, own_linker))
        return PROGRAM_FOREIGN;
    if (header.e_ident[EI_CLASS] != own.e_ident[EI_CLASS] || header.e_machine != own.e_machine)
        return PROGRAM_FOREIGN;
    if (!read_linker_of(fd, &header, linker) || is_go(fd, &header))
        return PROGRAM_STATIC;
    /* /lib64/ld-linux-x86-64.so.2 may also be written with another folder in front. */
    const char *name = strrchr(linker, '/'), *own_name = strrchr(own_linker, '/');
    return name != NULL && own_name != NULL && strcmp(name, own_name) == 0 ? PROGRAM_DYNAMIC
                                                                           : PROGRAM_STATIC;
}

static bool is_privileged(int fd)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return false;
    bool other_user = (status.st_mode & S_ISUID) != 0 && status.st_uid != getuid();
    bool other_group = (status.st_mode & S_ISGID) != 0 && status.st_gid != getgid();
    return other_user || other_group ||
           (geteuid() != 0 && fgetxattr(fd, "security.capability", NULL, 0) > 0);
}

/* "#! /bin/sh -e": the word after "#!". */
static bool interpreter_of(char *head, char *ret_path, size_t room)
{
    char *word = head + 2 + strspn(head + 2, " \t");
    word[strcspn(word, " \t\n")] = '\0';
    return *word != '\0' && snprintf(ret_path, room, "%s", word) < (int)room;
}

/* True: ret_path is the interpreter now, look again. */
static bool look_at(const char *path, char *ret_path, size_t room, enum program_kind *ret_kind)
{
    char head[HEAD_BYTES] = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    *ret_kind = PROGRAM_UNREADABLE;
    if (fd < 0)
        return false;
    bool is_script = false;
    if (read(fd, head, sizeof(head) - 1) < 0)
        *ret_kind = PROGRAM_UNREADABLE;
    else if (memcmp(head, ELFMAG, SELFMAG) == 0)
        *ret_kind = is_privileged(fd) ? PROGRAM_PRIVILEGED : kind_of_elf(fd);
    else if (head[0] == '#' && head[1] == '!')
        is_script = interpreter_of(head, ret_path, room);
    else
        *ret_kind = PROGRAM_UNRECOGNISED;
    int saved = errno;
    close(fd);
    errno = saved;
    return is_script;
}

enum program_kind program_kind_of(const char *path, char *ret_path, size_t room)
{
    enum program_kind kind = PROGRAM_UNRECOGNISED;
    if (snprintf(ret_path, room, "%s", path) >= (int)room) {
        errno = ENAMETOOLONG;
        return PROGRAM_UNREADABLE;
    }
    for (int i = 0; i < SCRIPTS_MAX && look_at(ret_path, ret_path, room, &kind); i++)
        continue;
    return kind;
}

/* A file that cannot be executed is remembered while others are tried. */
static bool find_in(const char *path, const char *name, char *ret_file, size_t room)
{
    int seen = ENOENT;
    while (true) {
        size_t length = strcspn(path, ":");
        int written =
            snprintf(ret_file, room, "%.*s%s%s", (int)length, path, length == 0 ? "" : "/", name);
        if (written < (int)room && access(ret_file, X_OK) == 0)
            return true;
        if (errno == EACCES)
            seen = EACCES;
        path += length;
        if (*path++ == '\0')
            break;
    }
    errno = seen;
    return false;
}

bool program_find(const char *name, char *ret_file, size_t room)
{
    if (strchr(name, '/') != NULL)
        return snprintf(ret_file, room, "%s", name) < (int)room && access(name, X_OK) == 0;
    const char *path = getenv("PATH");
    return find_in(path == NULL ? "/bin:/usr/bin" : path, name, ret_file, room);
}
