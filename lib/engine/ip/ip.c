#include "ip/ip.h"

#include "stack_internal.h"

enum te_err te_ip_init(struct te_stack *stack)
{
    te_control_queue_init(&stack->control);
    te_reassemblies_init(stack);
    te_locals_init(stack);
    te_mld_init(stack);
    te_routes_init(stack);
    enum te_err err = te_neighbours_init(stack);
    if (err == TE_OK)
        err = te_pmtus_init(stack);
    if (err != TE_OK)
        te_ip_done(stack);
    return err;
}

void te_ip_done(struct te_stack *stack)
{
    /* A stack whose birth failed before te_ip_init has no lists yet. */
    if (stack->control.urgent.next == NULL)
        return;
    te_pmtus_done(stack);
    te_neighbours_done(stack);
    te_reassemblies_done(stack);
    te_control_queue_done(stack);
}

bool te_ip_handle_timer(struct te_stack *stack, struct te_wheel_node *node)
{
    if (node == &stack->neighbours.timer)
        te_neighbours_handle_timer(stack);
    else if (node == &stack->locals.timer)
        te_locals_handle_timer(stack);
    else if (node == &stack->mld.timer)
        te_mld_handle_timer(stack);
    else if (node == &stack->reassemblies.timer)
        te_reassemblies_handle_timer(stack);
    else if (node == &stack->pmtus.timer)
        te_pmtus_handle_timer(stack);
    else
        return false;
    return true;
}

const char *te_ip_check(const struct te_stack *stack)
{
    const char *wrong = te_neighbours_check(stack);
    if (wrong == NULL)
        wrong = te_mld_check(stack);
    if (wrong == NULL)
        wrong = te_pmtus_check(stack);
    return wrong != NULL ? wrong : te_reassemblies_check(stack);
}
