/* Configuration files: whatever one contains, each mistake is reported on one line with file and
 * line number, and a file without mistakes is accepted by the engine. The input is the file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "fuzz.h"

static const char name[] = "fuzzed.conf";

static unsigned count_lines(const char *text, size_t len)
{
    unsigned lines = 0;
    for (size_t i = 0; i < len; i++)
        lines += text[i] == '\n';
    return lines;
}

/* Reads data as a file; returns the number of mistakes, checked against the lines reported. */
static unsigned load(const uint8_t *data, size_t size, struct config *config)
{
    char *errors_text = NULL;
    size_t errors_len = 0;
    FILE *file = fmemopen((void *)(uintptr_t)data, size, "r");
    FILE *errors = open_memstream(&errors_text, &errors_len);
    FUZZ_CHECK(file != NULL && errors != NULL, "no memory");
    unsigned mistakes = config_load_stream(config, file, name, errors);
    fclose(file);
    mistakes += config_finish(config, name, errors);
    fclose(errors);
    FUZZ_CHECK(mistakes == count_lines(errors_text, errors_len), "%u mistakes in '%s'", mistakes,
               errors_text);
    FUZZ_CHECK(mistakes == 0 || strncmp(errors_text, name, strlen(name)) == 0, "'%s'", errors_text);
    free(errors_text);
    return mistakes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct config config;
    struct fuzz_memory memory;
    const char *field = NULL;
    config_init(&config);
    if (size == 0 || load(data, size, &config) > 0)
        return 0;
    config.engine.allocator = fuzz_allocator(&memory);
    FUZZ_CHECK(te_config_check(&config.engine, &field) == TE_OK,
               "no mistake was found, but the engine does not like %s", field);
    return 0;
}
