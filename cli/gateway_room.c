#include "gateway_room.h"

void gateway_pause(struct gateway *gateway)
{
    for (unsigned i = 0; i < gateway->door_count; i++)
        door_pause(&gateway->doors[i].door);
}

void gateway_resume(struct gateway *gateway)
{
    gateway->lacks_descriptors = false;
    for (unsigned i = 0; i < gateway->door_count; i++)
        door_resume(&gateway->doors[i].door);
}
