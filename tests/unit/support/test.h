/* cmocka, with what its header needs before it. */
#ifndef TCPENGINE_TESTS_SUPPORT_TEST_H
#define TCPENGINE_TESTS_SUPPORT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
