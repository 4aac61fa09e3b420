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
    bool large_receive; /* let the kernel send us frames larger than the MTU */
    uint8_t mac[6];     /* our station's; the device must have a different one */
};

/* Attaches to the device, creating it if it is missing, and brings its link up if that is allowed.
 * Returns a non-blocking descriptor, the caller's, or -1: ret_message (TAP_MESSAGE_MAX bytes) says
 * what went wrong and what to do about it. Settings that fail but do not stop frames (MTU, queue
 * length, offloads, link up) are only logged. */
int tap_device_open(const struct tap_options *options, char *ret_message);

/* 1: the link is up; 0: it is down, or the kernel does not say; -1: there is no such device. */
int tap_device_is_up(const char *name);

#endif
