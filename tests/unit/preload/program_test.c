#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <program.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/test.h"

static char folder[] = "/tmp/program_test-XXXXXX";
static char file[64];

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(file);
    return rmdir(folder);
}

static const char *file_with(const void *bytes, size_t count)
{
    snprintf(file, sizeof(file), "%s/file", folder);
    FILE *made = fopen(file, "w");
    assert_non_null(made);
    assert_int_equal(fwrite(bytes, 1, count, made), count);
    fclose(made);
    return file;
}

static enum program_kind kind_of(const char *path, char judged[PATH_MAX])
{
    return program_kind_of(path, judged, PATH_MAX);
}

static void this_very_program_is_dynamic(void **state)
{
    char judged[PATH_MAX];
    (void)state;
    assert_int_equal(kind_of("/proc/self/exe", judged), PROGRAM_DYNAMIC);
}

static void a_script_is_what_its_interpreter_is(void **state)
{
    char judged[PATH_MAX];
    static const char text[] = "#! /bin/sh -e\nexit 1\n";
    (void)state;
    assert_int_equal(kind_of(file_with(text, sizeof(text) - 1), judged), PROGRAM_DYNAMIC);
    assert_string_equal(judged, "/bin/sh");
}

static void a_script_of_itself_ends(void **state)
{
    char judged[PATH_MAX], text[80];
    (void)state;
    snprintf(text, sizeof(text), "#!%s/file\n", folder);
    assert_int_not_equal(kind_of(file_with(text, strlen(text)), judged), PROGRAM_DYNAMIC);
}

/* The first bytes of this program, with something changed. */
static const char *changed_copy(size_t at, uint8_t byte)
{
    static uint8_t bytes[8192];
    int fd = open("/proc/self/exe", O_RDONLY);
    ssize_t count = read(fd, bytes, sizeof(bytes));
    assert_true(count > 64);
    close(fd);
    if (at < sizeof(bytes))
        bytes[at] = byte;
    return file_with(bytes, (size_t)count);
}

enum { AT_CLASS = 4, AT_MACHINE = 18, AT_PHNUM = 56 }; /* of an ELF header of 64 bits */

static void elf_files_are_told_apart(void **state)
{
    char judged[PATH_MAX];
    (void)state;
    assert_int_equal(kind_of(changed_copy(SIZE_MAX, 0), judged), PROGRAM_DYNAMIC);
    assert_int_equal(kind_of(changed_copy(AT_CLASS, 1), judged), PROGRAM_FOREIGN);
    assert_int_equal(kind_of(changed_copy(AT_MACHINE, 2), judged), PROGRAM_FOREIGN); /* SPARC */
    assert_int_equal(kind_of(changed_copy(AT_PHNUM, 0), judged), PROGRAM_STATIC);
}

/* The dynamic linker of another C library would not load ours. */
static void another_c_library_takes_no_library(void **state)
{
    static uint8_t bytes[8192];
    static const char linker[] = "ld-linux";
    char judged[PATH_MAX];
    int fd = open("/proc/self/exe", O_RDONLY);
    ssize_t count = read(fd, bytes, sizeof(bytes));
    (void)state;
    close(fd);
    assert_true(count > 0);
    uint8_t *name = memmem(bytes, (size_t)count, linker, sizeof(linker) - 1);
    assert_non_null(name);
    memcpy(name, "ld-musl-", sizeof(linker) - 1);
    assert_int_equal(kind_of(file_with(bytes, (size_t)count), judged), PROGRAM_STATIC);
}

/* Its system calls go past the C library that it may be linked to. */
static void a_go_program_takes_no_library(void **state)
{
    static uint8_t bytes[8192];
    char judged[PATH_MAX];
    int fd = open("/proc/self/exe", O_RDONLY);
    ssize_t count = read(fd, bytes, sizeof(bytes));
    (void)state;
    close(fd);
    assert_true(count > 0);
    uint8_t *name = memmem(bytes, (size_t)count, "GNU", 4); /* the name of a note */
    assert_non_null(name);
    memcpy(name, "Go\0", 4);
    assert_int_equal(kind_of(file_with(bytes, (size_t)count), judged), PROGRAM_STATIC);
    memcpy(name, "Gp\0", 4);
    assert_int_equal(kind_of(file_with(bytes, (size_t)count), judged), PROGRAM_DYNAMIC);
}

static void a_program_is_found_as_the_shell_would(void **state)
{
    char found[PATH_MAX];
    (void)state;
    setenv("PATH", "/nowhere:/etc:/bin:/usr/bin", 1);
    assert_true(program_find("sh", found, sizeof(found)));
    assert_string_equal(found, "/bin/sh");
    assert_true(program_find("/bin/sh", found, sizeof(found)));
    errno = 0;
    assert_false(program_find("no-such-program", found, sizeof(found)));
    assert_int_equal(errno, ENOENT);
    assert_false(program_find("sh", found, 3)); /* no room */
}

static void what_is_neither_is_said_so(void **state)
{
    char judged[PATH_MAX];
    (void)state;
    assert_int_equal(kind_of(file_with("echo\n", 5), judged), PROGRAM_UNRECOGNISED);
    assert_int_equal(kind_of(file_with("", 0), judged), PROGRAM_UNRECOGNISED);
    assert_int_equal(kind_of(file_with("\177ELF", 4), judged), PROGRAM_FOREIGN); /* cut off */
    assert_int_equal(kind_of("/nowhere/at/all", judged), PROGRAM_UNREADABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(this_very_program_is_dynamic),
        cmocka_unit_test(a_script_is_what_its_interpreter_is),
        cmocka_unit_test(a_script_of_itself_ends),
        cmocka_unit_test(elf_files_are_told_apart),
        cmocka_unit_test(another_c_library_takes_no_library),
        cmocka_unit_test(a_go_program_takes_no_library),
        cmocka_unit_test(a_program_is_found_as_the_shell_would),
        cmocka_unit_test(what_is_neither_is_said_so),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
