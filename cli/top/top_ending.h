/* Gives the terminal back when a signal ends tcpctl, also while curses or the daemon is busy. */
#ifndef TCPCTL_TOP_ENDING_H
#define TCPCTL_TOP_ENDING_H

/* Before curses: notes how the terminal is. */
void top_ending_remember(void);
/* After curses has begun: catches the signals that end tcpctl. */
void top_ending_prepare(void);

#endif
