#include "tcp/conn/port_use.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "stack_internal.h"
#include "util/mix.h"

static struct te_port_use *use_of(struct te_tree_node *node)
{
    return (void *)((char *)node - offsetof(struct te_port_use, node));
}

static int compare(const struct te_port_use *use, const struct te_addr *local,
                   const struct te_endpoint *remote)
{
    int order = memcmp(remote->addr.bytes, use->remote.addr.bytes, sizeof(remote->addr.bytes));
    if (order == 0)
        order = (int)remote->port - (int)use->remote.port;
    return order != 0 ? order : memcmp(local->bytes, use->local.bytes, sizeof(local->bytes));
}

/* The link of the use, or the empty one where it belongs; *ret_parent is what the link is of. */
static struct te_tree_node **place_of(struct te_tree *tree, const struct te_addr *local,
                                      const struct te_endpoint *remote,
                                      struct te_tree_node **ret_parent)
{
    struct te_tree_node **link = &tree->root;
    *ret_parent = NULL;
    while (*link != NULL) {
        int order = compare(use_of(*link), local, remote);
        if (order == 0)
            break;
        *ret_parent = *link;
        link = order < 0 ? &(*link)->left : &(*link)->right;
    }
    return link;
}

struct te_port_use *te_port_use_find(const struct te_stack *stack, const struct te_addr *local,
                                     const struct te_endpoint *remote)
{
    struct te_tree_node *node = stack->port_uses.root;
    while (node != NULL) {
        int order = compare(use_of(node), local, remote);
        if (order == 0)
            return use_of(node);
        node = order < 0 ? node->left : node->right;
    }
    return NULL;
}

static struct te_port_use *find_or_make(struct te_stack *stack, const struct te_port_claim *claim)
{
    struct te_tree_node *parent;
    struct te_tree_node **link =
        place_of(&stack->port_uses, &claim->local->addr, claim->remote, &parent);
    if (*link != NULL)
        return use_of(*link);
    struct te_port_use *use = te_stack_alloc(stack, sizeof(*use));
    if (use == NULL)
        return NULL;
    use->local = claim->local->addr;
    use->remote = *claim->remote;
    te_tree_insert(&stack->port_uses, &use->node, parent, link);
    return use;
}

static void free_if_unused(struct te_stack *stack, struct te_port_use *use)
{
    if (use->ports.count > 0)
        return;
    assert(use->first.next == NULL && use->first.count == 0);
    te_tree_remove(&stack->port_uses, &use->node);
    te_stack_dealloc(stack, use, sizeof(*use));
}

/* --- who -------------------------------------------------------------------------------------- */

static struct te_port_user *user_find(struct te_port_use *use, uint32_t uid)
{
    struct te_port_user *user = &use->first;
    while (user != NULL && (user->uid != uid || user->count == 0))
        user = user->next;
    return user;
}

static bool user_add(struct te_stack *stack, struct te_port_use *use, uint32_t uid)
{
    struct te_port_user *user = user_find(use, uid);
    if (user == NULL && use->first.count == 0)
        user = &use->first;
    if (user == NULL) {
        user = te_stack_alloc(stack, sizeof(*user));
        if (user == NULL)
            return false;
        user->next = use->first.next;
        use->first.next = user;
    }
    user->uid = uid;
    user->count++;
    return true;
}

static void user_remove(struct te_stack *stack, struct te_port_use *use, uint32_t uid)
{
    struct te_port_user *user = user_find(use, uid);
    assert(user != NULL);
    if (--user->count > 0 || user == &use->first)
        return;
    struct te_port_user *before = &use->first;
    while (before->next != user)
        before = before->next;
    before->next = user->next;
    te_stack_dealloc(stack, user, sizeof(*user));
}

uint32_t te_port_use_count(const struct te_port_use *use, uint32_t uid)
{
    if (use == NULL)
        return 0;
    const struct te_port_user *user = &use->first;
    while (user != NULL && (user->uid != uid || user->count == 0))
        user = user->next;
    return user != NULL ? user->count : 0;
}

/* --- which ------------------------------------------------------------------------------------ */

static bool is_in_range(const struct te_stack *stack, uint16_t port)
{
    return port >= stack->config.port_first && port <= stack->config.port_last;
}

/* The use where the port is noted, or NULL. */
static struct te_port_use *noted(const struct te_stack *stack, const struct te_port_claim *claim)
{
    struct te_port_use *use = te_port_use_find(stack, &claim->local->addr, claim->remote);
    return use != NULL && te_port_set_has(&use->ports, claim->local->port) ? use : NULL;
}

void te_port_use_note(struct te_stack *stack, const struct te_port_claim *claim, bool makes)
{
    if (!is_in_range(stack, claim->local->port))
        return;
    struct te_port_use *use = makes ? find_or_make(stack, claim)
                                    : te_port_use_find(stack, &claim->local->addr, claim->remote);
    if (use == NULL || te_port_set_has(&use->ports, claim->local->port))
        return;
    if (user_add(stack, use, claim->uid) &&
        !te_port_set_add(&use->ports, claim->local->port, &stack->config.allocator))
        user_remove(stack, use, claim->uid);
    free_if_unused(stack, use);
}

static void forget_in(struct te_stack *stack, struct te_port_use *use,
                      const struct te_port_claim *claim)
{
    te_port_set_remove(&use->ports, claim->local->port, &stack->config.allocator);
    user_remove(stack, use, claim->uid);
    free_if_unused(stack, use);
}

void te_port_use_forget(struct te_stack *stack, const struct te_port_claim *claim)
{
    struct te_port_use *use = noted(stack, claim);
    if (use != NULL)
        forget_in(stack, use, claim);
}

void te_port_use_move(struct te_stack *stack, const struct te_port_claim *claim, uint32_t uid)
{
    struct te_port_use *use = noted(stack, claim);
    if (use == NULL)
        return;
    if (user_add(stack, use, uid))
        user_remove(stack, use, claim->uid);
    else
        forget_in(stack, use, claim);
}

/* --- all of them ------------------------------------------------------------------------------ */

static void users_free(struct te_stack *stack, struct te_port_use *use)
{
    for (struct te_port_user *user = use->first.next, *next; user != NULL; user = next) {
        next = user->next;
        te_stack_dealloc(stack, user, sizeof(*user));
    }
    use->first = (struct te_port_user){0};
}

void te_port_uses_free(struct te_stack *stack)
{
    while (stack->port_uses.root != NULL) {
        struct te_port_use *use = use_of(stack->port_uses.root);
        te_port_set_clear(&use->ports, &stack->config.allocator);
        users_free(stack, use);
        free_if_unused(stack, use);
    }
}

/* --- invariants ------------------------------------------------------------------------------- */

/* Of a use and a uid, as good as unique. */
static uint64_t mark_of(const struct te_port_use *use, uint32_t uid)
{
    return te_mix((uint64_t)(uintptr_t)use ^ (uint64_t)uid << 32);
}

void te_port_sum_claim(const struct te_stack *stack, const struct te_port_claim *claim,
                       struct te_port_sum *sum)
{
    const struct te_port_use *use = noted(stack, claim);
    if (use == NULL)
        return;
    sum->ports++;
    sum->marks += mark_of(use, claim->uid);
}

void te_port_sum_uses(const struct te_stack *stack, struct te_port_sum *sum)
{
    struct te_tree_node *node = te_tree_first(&stack->port_uses);
    for (; node != NULL; node = te_tree_next(node)) {
        const struct te_port_use *use = use_of(node);
        sum->ports += use->ports.count;
        for (const struct te_port_user *user = &use->first; user != NULL; user = user->next)
            sum->marks += user->count * mark_of(use, user->uid);
    }
}
