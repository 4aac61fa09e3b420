#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/options.h"
#include "service.h"
#include "util/std_files.h"

struct arguments {
    int argc;
    char **argv;
};

static void log_lines(char *text)
{
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        log_write(LOG_LEVEL_ERROR, "%s", line);
}

/* From here on only the log writes to stderr. */
static bool reload(void *ctx, struct config *ret_config)
{
    struct arguments *arguments = ctx;
    char *text = NULL;
    size_t len = 0;
    FILE *errors = open_memstream(&text, &len);
    if (errors == NULL)
        return false;
    bool is_right =
        options_load(arguments->argc, arguments->argv, ret_config, errors, errors) == OPTIONS_RUN;
    fclose(errors);
    log_lines(text);
    free(text);
    return is_right;
}

static int flush_output(void)
{
    if (fflush(stdout) == 0)
        return SERVICE_EXIT_OK;
    fprintf(stderr, "tcpengined: stdout: %s (%s)\n", strerror(errno), strerrorname_np(errno));
    return SERVICE_EXIT_FAILED;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.argc = argc, .argv = argv};
    struct config config;
    if (!std_files_fill())
        return SERVICE_EXIT_FAILED;
    switch (options_load(argc, argv, &config, stdout, stderr)) {
    case OPTIONS_DONE:
        return flush_output();
    case OPTIONS_FAILED:
        return SERVICE_EXIT_CONFIG;
    case OPTIONS_RUN:
        break;
    }
    /* A client that is gone, or a log file at its size limit, is an error to handle, not a reason
     * to die. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    log_init(STDERR_FILENO, config.log_level);
    struct service_options options = {.config = &config, .reload = reload, .ctx = &arguments};
    return service_run(&options);
}
