#include "choice.h"

#include <stdlib.h>

#include "fingerprint.h"

static const char letters[] = {
    [CHOICE_DELIVER] = 'd', [CHOICE_DROP] = 'x', [CHOICE_COPY] = 'c',
    [CHOICE_TIMER] = 't',   [CHOICE_CALL] = 'u', [CHOICE_ABORT] = 'a',
};

static bool is_of_frame(unsigned kind)
{
    return kind == CHOICE_DELIVER || kind == CHOICE_DROP || kind == CHOICE_COPY;
}

static bool is_frame_possible(const struct world *world, struct choice choice)
{
    if (choice.index >= world->frame_count)
        return false;
    unsigned to = world->frames[choice.index].to;
    if (choice.kind == CHOICE_DELIVER)
        return !world->scenario->is_orderly || world_first_frame(world, to) == choice.index;
    return choice.kind == CHOICE_DROP ? world->left.drops > 0 : world->left.copies > 0;
}

static bool is_possible(const struct world *world, struct choice choice)
{
    unsigned side = choice.index;
    if (is_of_frame(choice.kind))
        return is_frame_possible(world, choice);
    if (side >= SIDES)
        return false;
    if (choice.kind == CHOICE_TIMER)
        return world->left.timers > 0 && world_deadline(world, side) != TE_NEVER;
    if (choice.kind == CHOICE_ABORT)
        return world->left.aborts > 0 && world_can_abort(world, side);
    return world->scenario->calls[side][world->ends[side].next_call] != CALL_NONE;
}

/* Of indistinguishable frames, one is enough. */
static bool is_repeated(const struct world *world, unsigned index)
{
    uint64_t hash = fingerprint_of_frame(world, &world->frames[index]);
    for (unsigned i = 0; i < index; i++)
        if (fingerprint_of_frame(world, &world->frames[i]) == hash)
            return true;
    return false;
}

unsigned choice_list(const struct world *world, struct choice *ret_choices)
{
    unsigned count = 0;
    for (uint8_t side = 0; side < SIDES; side++)
        for (uint8_t kind = CHOICE_TIMER; kind <= CHOICE_ABORT; kind++)
            if (is_possible(world, (struct choice){kind, side}))
                ret_choices[count++] = (struct choice){kind, side};
    for (uint8_t i = 0; i < world->frame_count; i++) {
        if (is_repeated(world, i))
            continue;
        for (uint8_t kind = CHOICE_DELIVER; kind <= CHOICE_COPY; kind++)
            if (is_possible(world, (struct choice){kind, i}))
                ret_choices[count++] = (struct choice){kind, i};
    }
    return count;
}

static void expire(struct world *world, unsigned side)
{
    world->left.timers--;
    world_elapse(world, side, world_deadline(world, side));
}

bool choice_make(struct world *world, struct choice choice)
{
    if (!is_possible(world, choice))
        return false;
    switch ((enum choice_kind)choice.kind) {
    case CHOICE_DELIVER:
        world_deliver(world, choice.index);
        break;
    case CHOICE_DROP:
        world_drop(world, choice.index);
        break;
    case CHOICE_COPY:
        world_copy(world, choice.index);
        break;
    case CHOICE_TIMER:
        expire(world, choice.index);
        break;
    case CHOICE_CALL:
        world_call(world, choice.index);
        break;
    case CHOICE_ABORT:
        world_abort(world, choice.index);
        break;
    }
    return true;
}

uint64_t choice_key(const struct world *world, struct choice choice)
{
    uint64_t what = is_of_frame(choice.kind)
                        ? fingerprint_of_frame(world, &world->frames[choice.index])
                        : choice.index;
    return fingerprint_mix(choice.kind, what);
}

void path_print(const struct path *path, FILE *file)
{
    for (unsigned i = 0; i < path->len; i++)
        fprintf(file, "%s%c%u", i > 0 ? " " : "", letters[path->choices[i].kind],
                path->choices[i].index);
}

static bool parse_kind(char letter, uint8_t *ret_kind)
{
    for (uint8_t kind = 0; kind < sizeof(letters); kind++) {
        if (letters[kind] == letter) {
            *ret_kind = kind;
            return true;
        }
    }
    return false;
}

bool path_parse(const char *text, struct path *ret_path)
{
    ret_path->len = 0;
    while (*text != '\0') {
        struct choice choice;
        char *rest;
        if (ret_path->len == DEPTH_MAX || !parse_kind(*text++, &choice.kind))
            return false;
        choice.index = (uint8_t)strtoul(text, &rest, 10);
        if (rest == text)
            return false;
        for (text = rest; *text == ' '; text++)
            continue;
        ret_path->choices[ret_path->len++] = choice;
    }
    return true;
}
