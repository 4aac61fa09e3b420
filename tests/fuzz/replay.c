/* Gives inputs to a fuzz target one by one, in builds without libFuzzer: files, the files of
 * folders, and those in packs (pack.py): the kept corpus, or one input that a fuzzer has found. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

#define PATH_LEN_MAX 4096
#define PACK_NAME "pack"

/* In a buffer of exactly its size, so that AddressSanitizer sees every read beyond it. */
static void replay_input(const uint8_t *data, size_t size)
{
    uint8_t *bytes = malloc(size);
    if (size > 0)
        memcpy(bytes, data, size);
    LLVMFuzzerTestOneInput(bytes, size);
    free(bytes);
}

/* Each input is preceded by its length in two bytes. */
static unsigned replay_pack(const char *path, const uint8_t *data, size_t size)
{
    struct fuzz_input pack = {data, size};
    unsigned inputs = 0;
    while (pack.left > 0) {
        size_t len;
        const uint8_t *input = fuzz_bytes(&pack, fuzz_u16(&pack), &len);
        fprintf(stderr, "%s: input %u\n", path,
                inputs++); /* the last line printed names the failing input */
        replay_input(input, len);
    }
    return inputs;
}

static unsigned replay_file(const char *path, const char *name, size_t size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(size + 1);
    unsigned inputs = 1;
    if (file == NULL || data == NULL || fread(data, 1, size, file) != size)
        fuzz_fail("cannot read %s", path);
    fclose(file);
    if (strcmp(name, PACK_NAME) == 0) {
        inputs = replay_pack(path, data, size);
    } else {
        fprintf(stderr, "%s\n", path);
        replay_input(data, size);
    }
    free(data);
    return inputs;
}

static unsigned replay(const char *path);

static unsigned replay_folder(const char *path)
{
    struct dirent **entries;
    unsigned inputs = 0;
    int count = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char inner[PATH_LEN_MAX];
        snprintf(inner, sizeof(inner), "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.')
            inputs += replay(inner);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return inputs;
}

static unsigned replay(const char *path)
{
    struct stat status;
    const char *slash = strrchr(path, '/');
    if (stat(path, &status) != 0)
        fuzz_fail("%s does not exist", path);
    if (S_ISDIR(status.st_mode))
        return replay_folder(path);
    return replay_file(path, slash != NULL ? slash + 1 : path, (size_t)status.st_size);
}

int main(int argc, char **argv)
{
    unsigned inputs = 0;
    for (int i = 1; i < argc; i++)
        inputs += replay(argv[i]);
    if (inputs == 0)
        fuzz_fail("usage: %s FILE|FOLDER...: no input was named", argv[0]);
    fprintf(stderr, "%u inputs replayed\n", inputs);
    return 0;
}
