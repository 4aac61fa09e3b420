#include "util/tree.h"

#include <assert.h>

/* The pointer that leads to node: its parent's link, or the root. */
static struct te_tree_node **link_of(struct te_tree *tree, const struct te_tree_node *node)
{
    if (node->parent == NULL)
        return &tree->root;
    return node->parent->left == node ? &node->parent->left : &node->parent->right;
}

static void rotate_left(struct te_tree *tree, struct te_tree_node *node)
{
    struct te_tree_node *up = node->right;
    *link_of(tree, node) = up;
    up->parent = node->parent;
    node->right = up->left;
    if (node->right != NULL)
        node->right->parent = node;
    up->left = node;
    node->parent = up;
}

static void rotate_right(struct te_tree *tree, struct te_tree_node *node)
{
    struct te_tree_node *up = node->left;
    *link_of(tree, node) = up;
    up->parent = node->parent;
    node->left = up->right;
    if (node->left != NULL)
        node->left->parent = node;
    up->right = node;
    node->parent = up;
}

static bool is_red(const struct te_tree_node *node)
{
    return node != NULL && node->is_red;
}

/* --- insertion -------------------------------------------------------------------------------- */

/* A red node under a red parent that is a left child; returns where to look next. */
static struct te_tree_node *mend_left(struct te_tree *tree, struct te_tree_node *node)
{
    struct te_tree_node *grand = node->parent->parent;
    if (is_red(grand->right)) {
        node->parent->is_red = grand->right->is_red = false;
        grand->is_red = true;
        return grand;
    }
    if (node == node->parent->right) {
        node = node->parent;
        rotate_left(tree, node);
    }
    node->parent->is_red = false;
    grand->is_red = true;
    rotate_right(tree, grand);
    return node;
}

static struct te_tree_node *mend_right(struct te_tree *tree, struct te_tree_node *node)
{
    struct te_tree_node *grand = node->parent->parent;
    if (is_red(grand->left)) {
        node->parent->is_red = grand->left->is_red = false;
        grand->is_red = true;
        return grand;
    }
    if (node == node->parent->left) {
        node = node->parent;
        rotate_right(tree, node);
    }
    node->parent->is_red = false;
    grand->is_red = true;
    rotate_left(tree, grand);
    return node;
}

void te_tree_insert(struct te_tree *tree, struct te_tree_node *node, struct te_tree_node *parent,
                    struct te_tree_node **link)
{
    assert(*link == NULL);
    *node = (struct te_tree_node){.parent = parent, .is_red = true};
    *link = node;
    while (is_red(node->parent)) {
        bool is_left = node->parent == node->parent->parent->left;
        node = is_left ? mend_left(tree, node) : mend_right(tree, node);
    }
    tree->root->is_red = false;
}

/* --- removal ---------------------------------------------------------------------------------- */

/* The left side of parent is one black node short; true if now parent's whole subtree is. */
static bool refill_left(struct te_tree *tree, struct te_tree_node *parent)
{
    struct te_tree_node *sibling = parent->right;
    if (sibling->is_red) {
        sibling->is_red = false;
        parent->is_red = true;
        rotate_left(tree, parent);
        sibling = parent->right;
    }
    if (!is_red(sibling->left) && !is_red(sibling->right)) {
        sibling->is_red = true;
        return true;
    }
    if (!is_red(sibling->right)) {
        sibling->left->is_red = false;
        sibling->is_red = true;
        rotate_right(tree, sibling);
        sibling = parent->right;
    }
    sibling->is_red = parent->is_red;
    parent->is_red = sibling->right->is_red = false;
    rotate_left(tree, parent);
    return false;
}

static bool refill_right(struct te_tree *tree, struct te_tree_node *parent)
{
    struct te_tree_node *sibling = parent->left;
    if (sibling->is_red) {
        sibling->is_red = false;
        parent->is_red = true;
        rotate_right(tree, parent);
        sibling = parent->left;
    }
    if (!is_red(sibling->left) && !is_red(sibling->right)) {
        sibling->is_red = true;
        return true;
    }
    if (!is_red(sibling->left)) {
        sibling->right->is_red = false;
        sibling->is_red = true;
        rotate_left(tree, sibling);
        sibling = parent->left;
    }
    sibling->is_red = parent->is_red;
    parent->is_red = sibling->left->is_red = false;
    rotate_right(tree, parent);
    return false;
}

/* child, which may be NULL, has taken the place of a removed black node below parent. */
static void refill(struct te_tree *tree, struct te_tree_node *child, struct te_tree_node *parent)
{
    while (parent != NULL && !is_red(child)) {
        bool is_parent_short =
            child == parent->left ? refill_left(tree, parent) : refill_right(tree, parent);
        if (!is_parent_short)
            return;
        child = parent;
        parent = child->parent;
    }
    if (child != NULL)
        child->is_red = false;
}

/* Removes a node with at most one child. */
static void splice(struct te_tree *tree, struct te_tree_node *node)
{
    struct te_tree_node *child = node->left != NULL ? node->left : node->right;
    struct te_tree_node *parent = node->parent;
    *link_of(tree, node) = child;
    if (child != NULL)
        child->parent = parent;
    if (!node->is_red)
        refill(tree, child, parent);
}

/* Puts other, which is no longer in a tree, in the place of node. */
static void take_place(struct te_tree *tree, const struct te_tree_node *node,
                       struct te_tree_node *other)
{
    *other = *node;
    *link_of(tree, node) = other;
    if (other->left != NULL)
        other->left->parent = other;
    if (other->right != NULL)
        other->right->parent = other;
}

void te_tree_remove(struct te_tree *tree, struct te_tree_node *node)
{
    if (node->left == NULL || node->right == NULL) {
        splice(tree, node);
        return;
    }
    struct te_tree_node *next = te_tree_next(node);
    splice(tree, next);
    take_place(tree, node, next);
}

/* --- order ------------------------------------------------------------------------------------ */

struct te_tree_node *te_tree_first(const struct te_tree *tree)
{
    struct te_tree_node *node = tree->root;
    while (node != NULL && node->left != NULL)
        node = node->left;
    return node;
}

struct te_tree_node *te_tree_last(const struct te_tree *tree)
{
    struct te_tree_node *node = tree->root;
    while (node != NULL && node->right != NULL)
        node = node->right;
    return node;
}

struct te_tree_node *te_tree_next(const struct te_tree_node *node)
{
    if (node->right != NULL) {
        struct te_tree below = {node->right};
        return te_tree_first(&below);
    }
    while (node->parent != NULL && node == node->parent->right)
        node = node->parent;
    return node->parent;
}

struct te_tree_node *te_tree_previous(const struct te_tree_node *node)
{
    if (node->left != NULL) {
        struct te_tree below = {node->left};
        return te_tree_last(&below);
    }
    while (node->parent != NULL && node == node->parent->left)
        node = node->parent;
    return node->parent;
}
