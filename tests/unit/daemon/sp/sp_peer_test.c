#include <grp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sp/sp_peer.h"
#include "support/test.h"

#define OTHER_UID 65534
#define OTHER_GID 65533
#define ADMIN_GID 4711
#define GROUPS_MANY 200 /* more than are looked at without asking the heap */

/* Makes a pair of sockets as a process with these ids would; what the server must find is fixed at
 * that moment. Only root can. */
static void pair_make_as(uid_t uid, gid_t gid, const gid_t *groups, size_t count, int ret_pair[2])
{
    gid_t before[GROUPS_MANY];
    if (geteuid() != 0)
        skip();
    int before_count = getgroups(GROUPS_MANY, before);
    assert_true(before_count >= 0);
    assert_int_equal(setgroups(count, groups), 0);
    assert_int_equal(setegid(gid), 0);
    assert_int_equal(seteuid(uid), 0);
    int err = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ret_pair);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(setegid(0), 0);
    assert_int_equal(setgroups((size_t)before_count, before), 0);
    assert_int_equal(err, 0);
}

static struct sp_peer peer_of(uid_t uid, gid_t gid, const gid_t *groups, size_t count,
                              gid_t admin_gid)
{
    struct sp_peer peer;
    int pair[2];
    pair_make_as(uid, gid, groups, count, pair);
    assert_true(sp_peer_find(pair[0], admin_gid, &peer));
    close(pair[0]);
    close(pair[1]);
    assert_int_equal(peer.uid, uid);
    assert_int_equal(peer.pid, getpid());
    return peer;
}

static void test_own_uid_is_an_admin(void **state)
{
    struct sp_peer peer;
    int pair[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    assert_true(sp_peer_find(pair[0], SP_PEER_NO_GROUP, &peer));
    assert_int_equal(peer.uid, geteuid());
    assert_int_equal(peer.pid, getpid());
    assert_true(peer.is_admin);
    close(pair[0]);
    close(pair[1]);
}

static void test_another_uid_is_none(void **state)
{
    (void)state;
    assert_false(peer_of(OTHER_UID, OTHER_GID, NULL, 0, SP_PEER_NO_GROUP).is_admin);
    assert_false(peer_of(OTHER_UID, OTHER_GID, NULL, 0, ADMIN_GID).is_admin);
    assert_false(peer_of(OTHER_UID, 0, NULL, 0, ADMIN_GID).is_admin); /* root's group is not root */
}

static void test_primary_group_counts(void **state)
{
    (void)state;
    assert_true(peer_of(OTHER_UID, ADMIN_GID, NULL, 0, ADMIN_GID).is_admin);
}

static void test_every_supplementary_group_counts(void **state)
{
    static const gid_t groups[] = {10, ADMIN_GID, 9000};
    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_true(peer_of(OTHER_UID, OTHER_GID, groups, 3, groups[i]).is_admin);
    assert_false(peer_of(OTHER_UID, OTHER_GID, groups, 3, 11).is_admin);
}

/* "No group" is (gid_t)-1: it names nobody, not a group that happens to have that number. */
static void test_no_group_names_nobody(void **state)
{
    static const gid_t groups[] = {10, 20};
    (void)state;
    assert_false(peer_of(OTHER_UID, OTHER_GID, groups, 2, SP_PEER_NO_GROUP).is_admin);
}

static void test_a_long_list_of_groups_is_read_to_its_end(void **state)
{
    gid_t groups[GROUPS_MANY];
    (void)state;
    for (unsigned i = 0; i < GROUPS_MANY; i++)
        groups[i] = 10000 + i;
    assert_true(peer_of(OTHER_UID, OTHER_GID, groups, GROUPS_MANY, 10000).is_admin);
    assert_true(
        peer_of(OTHER_UID, OTHER_GID, groups, GROUPS_MANY, 10000 + GROUPS_MANY - 1).is_admin);
    assert_false(peer_of(OTHER_UID, OTHER_GID, groups, GROUPS_MANY, ADMIN_GID).is_admin);
}

static void test_what_is_no_socket_has_no_peer(void **state)
{
    struct sp_peer peer = {.pid = 4711};
    int pipe_fds[2];
    (void)state;
    assert_false(sp_peer_find(-1, SP_PEER_NO_GROUP, &peer));
    assert_int_equal(pipe(pipe_fds), 0);
    assert_false(sp_peer_find(pipe_fds[0], SP_PEER_NO_GROUP, &peer));
    assert_int_equal(peer.pid, 4711);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}

static void test_group_by_name_and_by_number(void **state)
{
    gid_t gid = 99;
    (void)state;
    assert_true(sp_group_find("root", &gid));
    assert_int_equal(gid, 0);
    assert_true(sp_group_find("4294967294", &gid)); /* the largest there is */
    assert_int_equal(gid, 4294967294u);
}

static void test_what_is_no_group_leaves_the_gid(void **state)
{
    static const char *const names[] = {
        "", "no such group", "12x", "-1", "+5", " 5", "4294967295", "99999999999999999999"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        gid_t gid = 99;
        if (sp_group_find(names[i], &gid) || gid != 99)
            fail_msg("'%s' is taken for group %u", names[i], gid);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_uid_is_an_admin),
        cmocka_unit_test(test_another_uid_is_none),
        cmocka_unit_test(test_primary_group_counts),
        cmocka_unit_test(test_every_supplementary_group_counts),
        cmocka_unit_test(test_no_group_names_nobody),
        cmocka_unit_test(test_a_long_list_of_groups_is_read_to_its_end),
        cmocka_unit_test(test_what_is_no_socket_has_no_peer),
        cmocka_unit_test(test_group_by_name_and_by_number),
        cmocka_unit_test(test_what_is_no_group_leaves_the_gid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
