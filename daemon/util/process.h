/* Processes, as /proc shows them: whose program it is, and whether it is still there. A pid comes
 * back; the time at which its process started does not. */
#ifndef TCPENGINED_PROCESS_H
#define TCPENGINED_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PROCESS_NAME_MAX 15 /* bytes of what the kernel keeps of a program's name */

struct process {
    pid_t pid;                       /* 0: in no namespace of ours */
    uint64_t started;                /* in the kernel's ticks since boot; 0: not known */
    char name[PROCESS_NAME_MAX + 1]; /* printable; empty: not known */
};

/* What is to be known of pid now. */
struct process process_find(pid_t pid);
/* Whether the process has ended, even if another one has its pid by now. Of one that cannot be seen
 * (another namespace, a /proc that hides the processes of others) it is not known to have. */
bool process_is_gone(const struct process *process);

/* The pure part: name and start from the text of /proc/PID/stat. False: it is another text. */
bool process_parse(const char *text, struct process *process);

#endif
