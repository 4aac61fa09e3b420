#include "top_ending.h"

#include <curses.h>
#include <signal.h>
#include <stddef.h>
#include <term.h> /* it has macros for common words */
#include <termios.h>
#include <unistd.h>

#include "fatal_signal.h"

enum { TEXT_MAX = 256 };

static struct {
    struct termios before;
    bool has_before;
    char text[TEXT_MAX]; /* what ends full screen, attributes and a hidden cursor */
    size_t len;
} saved;

void top_ending_remember(void)
{
    saved.has_before = tcgetattr(STDIN_FILENO, &saved.before) == 0;
}

static int keep_character(int character)
{
    if (saved.len < sizeof(saved.text))
        saved.text[saved.len++] = (char)character;
    return character;
}

static void keep_capability(const char *name)
{
    const char *text = tigetstr(name);
    if (text != NULL && text != (const char *)-1)
        tputs(text, 1, keep_character);
}

/* No more than a signal handler may do. */
static void on_fatal_signal(int number)
{
    ssize_t written = write(STDOUT_FILENO, saved.text, saved.len);
    (void)written; /* a terminal that has gone needs nothing */
    if (saved.has_before)
        tcsetattr(STDIN_FILENO, TCSANOW, &saved.before);
    fatal_signal_die(number);
}

void top_ending_prepare(void)
{
    sigset_t set;
    struct sigaction action = {.sa_handler = on_fatal_signal};
    static const char *const capabilities[] = {"sgr0", "cnorm", "rmkx", "rmcup"};
    saved.len = 0;
    for (unsigned i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++)
        keep_capability(capabilities[i]);
    if (tigetstr("rmcup") == NULL)
        keep_capability("clear"); /* there is no other screen to go back to */
    fatal_signal_set(&set);
    sigemptyset(&action.sa_mask);
    for (int number = 1; number < NSIG; number++)
        if (sigismember(&set, number) == 1)
            sigaction(number, &action, NULL);
}
