/* The system calls behind a TAP device. */
#ifndef TCPENGINED_TAP_DEVICE_H
#define TCPENGINED_TAP_DEVICE_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#define TAP_MESSAGE_MAX 512

struct tap_options {
    char name[IFNAMSIZ];
    uint32_t mtu_bytes;
    uint32_t queue_len; /* txqueuelen */
    bool large_receive; /* let the kernel send us frames beyond the MTU */
    uint8_t mac[6];     /* of our station; the device must have another one */
};

/* Attaches to the device, which is made when it is missing, and brings its link up if that is
 * allowed. Returns a non-blocking descriptor, or -1 with what went wrong, and what to do about it,
 * in ret_message (TAP_MESSAGE_MAX). What could not be set, but does not stop the frames, is logged
 * as a warning. */
int tap_device_open(const struct tap_options *options, char *ret_message);

/* 1: the link is up; 0: down; -1: there is no such device. */
int tap_device_is_up(const char *name);

#endif
