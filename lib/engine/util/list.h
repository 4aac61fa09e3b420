/* An intrusive doubly linked list. The head points at itself when the list is empty, and so does a
 * node that is in no list, which makes unlinking twice harmless. Nothing is allocated; the owner
 * keeps each node in place while it is linked. */
#ifndef TCPENGINE_UTIL_LIST_H
#define TCPENGINE_UTIL_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct te_list {
    struct te_list *next, *prev;
};

/* The struct of that type whose field the node is. */
#define TE_CONTAINER(node, type, field) ((type *)(void *)((char *)(node)-offsetof(type, field)))

/* A head of an empty list, or a node in no list. */
static inline void te_list_init(struct te_list *node)
{
    node->next = node;
    node->prev = node;
}

static inline bool te_list_is_empty(const struct te_list *head)
{
    return head->next == head;
}

/* Unlinks a node from whatever list it is in. */
static inline void te_list_remove(struct te_list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    te_list_init(node);
}

/* Links a node, which is in no list, at the end; or, with a node in place of the head, before it.
 */
static inline void te_list_push_back(struct te_list *head, struct te_list *node)
{
    node->prev = head->prev;
    node->next = head;
    head->prev->next = node;
    head->prev = node;
}

/* Unlinks and returns the first node; NULL when the list is empty. */
static inline struct te_list *te_list_pop_front(struct te_list *head)
{
    struct te_list *node = head->next;
    if (node == head)
        return NULL;
    te_list_remove(node);
    return node;
}

/* O(n). */
static inline uint32_t te_list_len(const struct te_list *head)
{
    uint32_t len = 0;
    for (const struct te_list *link = head->next; link != head; link = link->next)
        len++;
    return len;
}

#endif
