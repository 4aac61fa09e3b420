/* An intrusive doubly linked list with a head that points at itself when empty.
 *
 * A node that is in no list points at itself too, so that unlinking twice is harmless. */
#ifndef TCPENGINE_UTIL_LIST_H
#define TCPENGINE_UTIL_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct te_list {
    struct te_list *next, *prev;
};

/* The struct that holds the node at field. */
#define TE_CONTAINER(node, type, field) ((type *)(void *)((char *)(node)-offsetof(type, field)))

static inline void te_list_init(struct te_list *node)
{
    node->next = node;
    node->prev = node;
}

static inline bool te_list_is_empty(const struct te_list *head)
{
    return head->next == head;
}

static inline void te_list_remove(struct te_list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    te_list_init(node);
}

static inline void te_list_push_back(struct te_list *head, struct te_list *node)
{
    node->prev = head->prev;
    node->next = head;
    head->prev->next = node;
    head->prev = node;
}

static inline struct te_list *te_list_pop_front(struct te_list *head)
{
    struct te_list *node = head->next;
    if (node == head)
        return NULL;
    te_list_remove(node);
    return node;
}

static inline uint32_t te_list_len(const struct te_list *head)
{
    uint32_t len = 0;
    for (const struct te_list *link = head->next; link != head; link = link->next)
        len++;
    return len;
}

#endif
