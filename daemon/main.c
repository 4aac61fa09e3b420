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

/* All in one piece, so that a failure is met here, with its errno. */
static int print_output(const char *text, size_t len)
{
    if (fwrite(text, 1, len, stdout) == len && fflush(stdout) == 0)
        return SERVICE_EXIT_OK;
    fprintf(stderr, "tcpengined: stdout: %s (%s)\n", strerror(errno), strerrorname_np(errno));
    return SERVICE_EXIT_FAILED;
}

/* OPTIONS_RUN, or another action and *ret_status. */
static enum options_action load(const struct arguments *arguments, struct config *ret_config,
                                int *ret_status)
{
    char *text = NULL;
    size_t len = 0;
    FILE *output = open_memstream(&text, &len);
    *ret_status = SERVICE_EXIT_FAILED;
    if (output == NULL)
        return OPTIONS_FAILED;
    enum options_action action =
        options_load(arguments->argc, arguments->argv, ret_config, output, stderr);
    *ret_status = SERVICE_EXIT_CONFIG;
    if (fclose(output) == 0 && action == OPTIONS_DONE)
        *ret_status = print_output(text, len);
    free(text);
    return action;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.argc = argc, .argv = argv};
    struct config config;
    if (!std_files_fill())
        return SERVICE_EXIT_FAILED;
    int status;
    if (load(&arguments, &config, &status) != OPTIONS_RUN)
        return status;
    /* A client that is gone, or a log file at its size limit, is an error to handle, not a reason
     * to die. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    log_init(STDERR_FILENO, config.log_level);
    struct service_options options = {.config = &config, .reload = reload, .ctx = &arguments};
    return service_run(&options);
}
