/* The system calls behind a TAP device. */
#ifndef TCPENGINED_TAP_DEVICE_H
#define TCPENGINED_TAP_DEVICE_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "link/offload.h"

#define TAP_MESSAGE_MAX 512

struct tap_options {
    char name[IFNAMSIZ];
    uint32_t mtu_bytes;
    uint32_t queue_len; /* txqueuelen */
    unsigned offloads;  /* offload_wanted() */
    uint8_t mac[6];     /* our station's; the device must have a different one */
};

/* What the kernel says about the device behind a descriptor. */
enum tap_link {
    TAP_LINK_UP,
    TAP_LINK_DOWN,
    TAP_LINK_NO_CARRIER, /* it is up, and its carrier was switched off */
    TAP_LINK_GONE,       /* the device was deleted */
    TAP_LINK_UNKNOWN     /* the kernel does not say: nothing has changed */
};

/* The socket through which interfaces are asked and set: opened once, so that the daemon can look
 * after its device when no descriptor is left. -1 with errno set: it cannot be had. */
int tap_device_control(void);

/* The interface's index; 0: there is none of that name. */
unsigned tap_device_index(int control, const char *name);

/* Keeps the driver's file open for later, when it cannot be opened any more (util/sandbox): a
 * device that was deleted and made anew is then attached to by it. Belongs to the process. */
void tap_device_reserve(void);
void tap_device_unreserve(void);

/* Attaches to the device, creating it if it is missing, and brings its link up if that is allowed.
 * control is tap_device_control()'s. Returns a non-blocking descriptor, the caller's, or -1:
 * ret_message (TAP_MESSAGE_MAX bytes) says what went wrong and what to do about it. Settings that
 * fail but do not stop frames (MTU, queue length, link up) are only logged; *ret_offloads has what
 * came of those, and is set on success. */
int tap_device_open(const struct tap_options *options, int control, struct offloads *ret_offloads,
                    char *ret_message);

/* The state of the device behind fd, and its present name in ret_name (IFNAMSIZ bytes), which is
 * untouched when it is gone or unknown: an interface may be renamed while it is in use. Opens
 * nothing. */
enum tap_link tap_device_link(int fd, int control, char *ret_name);

#endif
