/* The process' stdin, stdout and stderr. */
#ifndef TCPCLIENT_STD_FILES_H
#define TCPCLIENT_STD_FILES_H

/* Occupies those of descriptors 0 to 2 that are closed, so that none of nng's gets such a number,
 * and what the program then prints. For the program they are as before: reading 0 and writing 1 and
 * 2 fail with EBADF, and its children have them closed. */
void tcpci_std_files_occupy(void);

#endif
