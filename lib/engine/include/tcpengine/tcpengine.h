/* All public headers of libtcpengine: a TCP/IP stack without I/O.
 *
 * stack.h has the verbs and the rules for threads, re-entrancy, time and lifetimes; conn.h the user
 * calls of RFC 9293 3.10; types.h what error codes mean; config.h and config_list.h what a stack is
 * made with; event.h what it reports; frame.h what goes in and out; icmp.h what errors of the
 * network are called; segment.h and fault.h what programs between a stack and its link need;
 * counters.h, tally.h, drop.h, note.h and status_list.h what it counts and knows; explain.h what it
 * waits for; save.h how it survives its program. */
#ifndef TCPENGINE_TCPENGINE_H
#define TCPENGINE_TCPENGINE_H

#include <tcpengine/buffers.h>
#include <tcpengine/config.h>
#include <tcpengine/conn.h>
#include <tcpengine/counters.h>
#include <tcpengine/drop.h>
#include <tcpengine/event.h>
#include <tcpengine/explain.h>
#include <tcpengine/fault.h>
#include <tcpengine/frame.h>
#include <tcpengine/icmp.h>
#include <tcpengine/limits.h>
#include <tcpengine/note.h>
#include <tcpengine/pressure.h>
#include <tcpengine/save.h>
#include <tcpengine/segment.h>
#include <tcpengine/stack.h>
#include <tcpengine/tally.h>
#include <tcpengine/trace.h>
#include <tcpengine/types.h>

#endif
