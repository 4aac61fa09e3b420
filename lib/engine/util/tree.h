/* An intrusive red-black tree: the shape only. The user compares keys, finds the place, and links
 * the node there; insertion and removal keep the depth at most 2 log2(n + 1). Nothing is allocated;
 * the owner keeps each node in place while it is linked. Starts zeroed.
 *
 *     struct te_tree_node **link = &tree->root, *parent = NULL;
 *     while (*link != NULL)
 *         parent = *link, link = is_before(node, parent) ? &parent->left : &parent->right;
 *     te_tree_insert(tree, node, parent, link);                                               */
#ifndef TCPENGINE_UTIL_TREE_H
#define TCPENGINE_UTIL_TREE_H

#include <stdbool.h>
#include <stddef.h>

struct te_tree_node {
    struct te_tree_node *parent, *left, *right;
    bool is_red;
};

struct te_tree {
    struct te_tree_node *root;
};

/* Links node at *link, an empty place below parent (NULL: it becomes the root). */
void te_tree_insert(struct te_tree *tree, struct te_tree_node *node, struct te_tree_node *parent,
                    struct te_tree_node **link);
/* Unlinks a node, which must be in the tree. */
void te_tree_remove(struct te_tree *tree, struct te_tree_node *node);

/* O(log n), in order; NULL at the ends and when the tree is empty. */
struct te_tree_node *te_tree_first(const struct te_tree *tree);
struct te_tree_node *te_tree_last(const struct te_tree *tree);
struct te_tree_node *te_tree_next(const struct te_tree_node *node);
struct te_tree_node *te_tree_previous(const struct te_tree_node *node);

#endif
