/* Everything of libtcpengine. */
#ifndef TCPENGINE_TCPENGINE_H
#define TCPENGINE_TCPENGINE_H

#include <tcpengine/config.h>
#include <tcpengine/conn.h>
#include <tcpengine/counters.h>
#include <tcpengine/drop.h>
#include <tcpengine/event.h>
#include <tcpengine/frame.h>
#include <tcpengine/save.h>
#include <tcpengine/stack.h>
#include <tcpengine/types.h>

#endif
