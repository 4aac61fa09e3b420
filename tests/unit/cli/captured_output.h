/* What a function writes to stdout or stderr, as text. */
#ifndef TESTS_CLI_CAPTURED_OUTPUT_H
#define TESTS_CLI_CAPTURED_OUTPUT_H

enum { CAPTURED_MAX = 512 * 1024 };

struct captured_output {
    int fd, saved_fd, file_fd;
    char text[CAPTURED_MAX];
};

/* From now on what goes to fd, 1 or 2, is kept instead. */
void capture_begin(struct captured_output *captured, int fd);
/* Puts fd back. The text, valid as long as *captured. */
const char *capture_end(struct captured_output *captured);

#endif
