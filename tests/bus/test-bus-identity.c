/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who peers are: the sandbox of a process, and messages that wait until their sender is known. */
#include "bus/world.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "bus/bus-identity.h"
#include "support/suite.h"

/* ---- sandboxes ---- */

START_TEST(flatpak_info_names_the_app)
{
        char name[APP_ID_SIZE];

        ck_assert(identity_parse_info("[Application]\nname=org.example.App\nruntime=x\n", name,
                                      sizeof(name)));
        ck_assert_str_eq(name, "org.example.App");
        ck_assert(identity_parse_info("[Instance]\nname=no\n\n[Application]\nname=yes", name,
                                      sizeof(name)));
        ck_assert_str_eq(name, "yes");
        ck_assert(!identity_parse_info("[Instance]\nname=no\n", name, sizeof(name)));
        ck_assert(!identity_parse_info("[Application]\nname=\n", name, sizeof(name)));
        ck_assert(!identity_parse_info("", name, sizeof(name)));
        ck_assert(!identity_parse_info("[Application]\nname=much-too-long", name, 5));
}
END_TEST

START_TEST(snap_label_names_the_app)
{
        struct sandbox sandbox;

        ck_assert(identity_from_label("snap.phone.app (enforce)", &sandbox));
        ck_assert(sandbox.sandboxed && sandbox.certain);
        ck_assert_str_eq(sandbox.app_id, "snap.phone");
        ck_assert(!identity_from_label("unconfined", &sandbox));
        ck_assert(!identity_from_label("", &sandbox));
}
END_TEST

START_TEST(ordinary_process_is_no_sandbox)
{
        struct sandbox sandbox;

        identity_look_up(getpid(), -1, bus_now().boottime, &sandbox);
        ck_assert(sandbox.certain);
        ck_assert(!sandbox.sandboxed);
}
END_TEST

/* Its number was used again: whoever connected is not this one. */
START_TEST(process_younger_than_its_connection_counts_for_nothing)
{
        struct sandbox sandbox;

        identity_look_up(getpid(), -1, 1, &sandbox);
        ck_assert(sandbox.sandboxed);
        ck_assert(!sandbox.certain);
        ck_assert_str_eq(sandbox.app_id, "");
}
END_TEST

/* A bus that hands over the process itself needs no clock, and no number. */
START_TEST(process_that_the_bus_holds)
{
        struct sandbox sandbox;
        int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
        pid_t pid;

        if (fd < 0)
                return;
        identity_look_up(getpid(), fd, 1, &sandbox);
        ck_assert(sandbox.certain && !sandbox.sandboxed);
        close(fd);
        pid = fork();
        if (pid == 0)
                _exit(0);
        fd = (int)syscall(SYS_pidfd_open, pid, 0);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
        /* As if the number had come to us since. */
        identity_look_up(getpid(), fd, bus_now().boottime, &sandbox);
        ck_assert(sandbox.sandboxed && !sandbox.certain);
        close(fd);
}
END_TEST

START_TEST(mounts_tell_root_and_type)
{
        static const char mounts[] = "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/root rw\n"
                                     "22 21 0:5 / /proc rw shared:2 master:1 - proc proc rw\n"
                                     "30 21 0:40 /home /home\\040new rw - fuse.sshfs other:/ rw\n"
                                     "31 21 8:1 /sub / rw - ext4 /dev/root rw";
        char text[64];

        ck_assert(identity_parse_root(mounts, text, sizeof(text)));
        ck_assert_str_eq(text, "8:1 /sub");
        ck_assert(
                !identity_parse_root("22 21 0:5 / /proc rw - proc proc rw\n", text, sizeof(text)));
        ck_assert(!identity_parse_root("", text, sizeof(text)));
        ck_assert(identity_parse_type(mounts, 30, text, sizeof(text)));
        ck_assert_str_eq(text, "fuse.sshfs");
        ck_assert(identity_parse_type(mounts, 31, text, sizeof(text)));
        ck_assert_str_eq(text, "ext4");
        ck_assert(!identity_parse_type(mounts, 3, text, sizeof(text)));
}
END_TEST

/* What does not fit is not known: half a name could be somebody else's. */
START_TEST(words_that_are_too_long)
{
        static const char mounts[] = "21 1 8:1 / / rw - ext4 /dev/root rw\n"
                                     "22 21 0:5 / /a\n"
                                     "23 21 0:5 / /b rw - tmpfs x rw\n";
        struct sandbox sandbox;
        char label[600] = "snap.", text[4];

        ck_assert(!identity_parse_root(mounts, text, sizeof(text)));
        ck_assert(!identity_parse_type(mounts, 21, text, sizeof(text)));
        ck_assert(!identity_parse_type(mounts, 22, text, sizeof(text)));
        ck_assert(!identity_parse_root(NULL, text, sizeof(text)));
        ck_assert(!identity_parse_type(NULL, 21, text, sizeof(text)));
        memset(label + 5, 'x', 400);
        ck_assert(identity_from_label(label, &sandbox));
        ck_assert(sandbox.sandboxed);
        ck_assert_str_eq(sandbox.app_id, "");
}
END_TEST

START_TEST(process_that_is_gone_counts_for_nothing)
{
        struct sandbox sandbox;
        pid_t pid = fork();

        if (pid == 0)
                _exit(0);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
        identity_look_up(pid, -1, bus_now().boottime, &sandbox);
        ck_assert(sandbox.sandboxed && !sandbox.certain);
        identity_look_up(0, -1, bus_now().boottime, &sandbox);
        ck_assert(sandbox.sandboxed && !sandbox.certain);
}
END_TEST

static void write_info(const char *root)
{
        char path[256];
        FILE *file;

        snprintf(path, sizeof(path), "%s/.flatpak-info", root);
        file = fopen(path, "we");
        ck_assert_ptr_nonnull(file);
        fputs("[Application]\nname=org.example.Boxed\n", file);
        fclose(file);
}

/* A child that lives in `root`; tells through the pipe whether it got there. */
static pid_t fork_into(const char *root, int *ret_fd)
{
        int pair[2];
        pid_t pid;

        ck_assert_int_eq(pipe2(pair, O_CLOEXEC), 0);
        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                bool there = geteuid() == 0 || unshare(CLONE_NEWUSER) == 0;

                there = there && chroot(root) == 0 && chdir("/") == 0;
                if (write(pair[1], there ? "y" : "n", 1) != 1)
                        _exit(1);
                pause();
                _exit(0);
        }
        close(pair[1]);
        *ret_fd = pair[0];
        return pid;
}

/* What is found out about a process in a root with `link` or a file as its .flatpak-info; false
 * where this machine lets nobody change the root. */
static bool look_at_root(const char *target, struct sandbox *ret_sandbox)
{
        char root[] = "/tmp/callsd-root-XXXXXX", path[256], there;
        pid_t pid;
        int fd;

        ck_assert_ptr_nonnull(mkdtemp(root));
        snprintf(path, sizeof(path), "%s/.flatpak-info", root);
        if (target)
                ck_assert_int_eq(symlink(target, path), 0);
        else
                write_info(root);
        pid = fork_into(root, &fd);
        ck_assert_int_eq((int)read(fd, &there, 1), 1);
        close(fd);
        if (there == 'y')
                identity_look_up(pid, -1, bus_now().boottime, ret_sandbox);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        unlink(path);
        rmdir(root);
        return there == 'y';
}

START_TEST(process_with_flatpak_info_in_its_root)
{
        struct sandbox sandbox;

        if (!look_at_root(NULL, &sandbox))
                return;
        ck_assert(sandbox.sandboxed && sandbox.certain);
        ck_assert_str_eq(sandbox.app_id, "org.example.Boxed");
}
END_TEST

/* It would lead out of that root: to a file that says what the app likes, or that never ends. */
START_TEST(link_in_a_foreign_root)
{
        struct sandbox sandbox;

        if (!look_at_root("/etc/hostname", &sandbox))
                return;
        ck_assert(sandbox.sandboxed && !sandbox.certain);
        ck_assert_str_eq(sandbox.app_id, "");
        ck_assert(look_at_root("/nowhere", &sandbox));
        ck_assert(sandbox.sandboxed && !sandbox.certain);
}
END_TEST

/* ---- messages that wait ---- */

static struct world world;

static void set_up(void)
{
        world_start(&world);
}

static void tear_down(void)
{
        world_stop(&world);
}

/* The daemon does not run meanwhile: all is in its socket before it asks the bus who this is. */
static void push_to_bus(struct peer *peer)
{
        ck_assert_int_ge(sd_bus_flush(peer->bus), 0);
        ck_assert_int_ge(sd_bus_call_method(peer->bus, "org.freedesktop.DBus",
                                            "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                            "GetId", NULL, NULL, NULL),
                         0);
}

struct replies {
        const struct peer *peer;
        size_t n;
};

static bool has_replies(void *userdata)
{
        const struct replies *replies = userdata;
        size_t n = 0;

        for (size_t i = 0; i < replies->peer->n_lines; i++)
                n += strncmp(replies->peer->lines[i], "reply", 5) == 0 ||
                     strncmp(replies->peer->lines[i], "error", 5) == 0;
        return n >= replies->n;
}

static void wait_replies(const struct peer *peer, size_t n)
{
        struct replies replies = {peer, n};

        world_run_until(&world, has_replies, &replies, "replies");
}

START_TEST(messages_wait_in_order_and_64_of_them)
{
        struct peer *peer = world_add_peer(&world);
        size_t n_limited = 0, n_answered = 0;

        peer_send(peer, PATH_ROOT, INTERFACE_MANAGER, "RegisterProvider", "a{sv}", 1, "Identifier",
                  "s", "org.example.App");
        for (int i = 0; i < 99; i++)
                peer_send(peer, PATH_ROOT, INTERFACE_PROPERTIES, "Get", "ss", INTERFACE_MANAGER,
                          i % 2 ? "DefaultProviders" : "InCall");
        push_to_bus(peer);
        peer_wait_line(peer, "Began");
        wait_replies(peer, 100);
        for (size_t i = 0; i < peer->n_lines; i++) {
                n_limited += strstr(peer->lines[i], ERROR_PREFIX "LimitReached") != NULL;
                n_answered += strncmp(peer->lines[i], "reply", 5) == 0;
        }
        ck_assert_uint_eq(n_limited, 36);
        ck_assert_uint_eq(n_answered, 64);
        peer_line(peer, peer_line(peer, 0, "reply RegisterProvider", ""), "reply Get", "");
        ck_assert(!peer_saw(peer, "NotAuthorized"));
}
END_TEST

/* Those that arrive while the first ones are being served stay behind them. */
START_TEST(order_is_kept_over_the_identification)
{
        struct peer *peer = world_add_peer(&world);

        peer_send(peer, PATH_ROOT, INTERFACE_MANAGER, "RegisterProvider", "a{sv}", 1, "Identifier",
                  "s", "org.example.App");
        for (int i = 0; i < 30; i++) {
                char uuid[UUID_TEXT_SIZE];

                snprintf(uuid, sizeof(uuid), "aaaaaaaa-0000-4000-8000-%012d", i + 1);
                peer_send(peer, PATH_PROVIDERS "/p1", INTERFACE_PROVIDER, "ReportCall", "sa{sv}",
                          uuid, 2, "State", "s", "held", "Outgoing", "b", true);
                peer_send(peer, PATH_PROVIDERS "/p1", INTERFACE_PROVIDER, "ReportCallEnded",
                          "ssa{sv}", uuid, "failed", 0);
                if (i == 20)
                        ck_assert_int_ge(sd_event_run(world.daemon.event, 0), 0);
                if (i == 25)
                        sd_event_run(world.daemon.event, 0);
        }
        wait_replies(peer, 61);
        for (size_t i = 0; i < peer->n_lines; i++)
                ck_assert_msg(strncmp(peer->lines[i], "error", 5) != 0, "%s", peer->lines[i]);
}
END_TEST

START_TEST(ping_waits_for_nobody)
{
        struct peer *peer = world_add_peer(&world);

        ck_assert(peer_call(peer, PATH_ROOT, "org.freedesktop.DBus.Peer", "Ping", NULL));
        ck_assert(!client_is_controller(client_find(world.daemon.bus, ":1.0")));
}
END_TEST

START_TEST(peers_are_forgotten_with_their_names)
{
        struct peer *peer = world_add_peer(&world), *rest = world_add_peer(&world);
        unsigned before;

        peer_register(peer, "org.example.App");
        peer_watch(rest);
        world_settle(&world);
        before = HASH_COUNT(world.daemon.bus->clients);
        peer_close(peer);
        peer_wait_line(rest, "InterfacesRemoved");
        ck_assert_uint_eq(HASH_COUNT(world.daemon.bus->clients), before - 1);
}
END_TEST

/* One that goes before it is known leaves nothing behind. */
START_TEST(peer_that_goes_before_it_is_known)
{
        struct peer *peer = world_add_peer(&world), *rest = world_add_peer(&world);
        unsigned before;

        world_settle(&world);
        before = HASH_COUNT(world.daemon.bus->clients);
        for (int i = 0; i < 5; i++)
                peer_send(peer, PATH_ROOT, INTERFACE_MANAGER, "RegisterProvider", "a{sv}", 1,
                          "Identifier", "s", "org.example.App");
        push_to_bus(peer);
        peer_close(peer);
        for (int i = 0; i < 5; i++)
                world_settle(&world);
        ck_assert_uint_eq(HASH_COUNT(world.daemon.bus->clients), before - 1);
        peer_register(rest, "org.example.App");
}
END_TEST

static TCase *sandboxes(void)
{
        TCase *tc = tcase_create("sandboxes");

        tcase_add_test(tc, flatpak_info_names_the_app);
        tcase_add_test(tc, snap_label_names_the_app);
        tcase_add_test(tc, ordinary_process_is_no_sandbox);
        tcase_add_test(tc, process_younger_than_its_connection_counts_for_nothing);
        tcase_add_test(tc, process_that_the_bus_holds);
        tcase_add_test(tc, mounts_tell_root_and_type);
        tcase_add_test(tc, words_that_are_too_long);
        tcase_add_test(tc, process_that_is_gone_counts_for_nothing);
        tcase_add_test(tc, link_in_a_foreign_root);
        tcase_add_test(tc, process_with_flatpak_info_in_its_root);
        return tc;
}

static TCase *waiting(void)
{
        TCase *tc = tcase_create("waiting");

        tcase_add_checked_fixture(tc, set_up, tear_down);
        tcase_add_test(tc, messages_wait_in_order_and_64_of_them);
        tcase_add_test(tc, order_is_kept_over_the_identification);
        tcase_add_test(tc, ping_waits_for_nobody);
        tcase_add_test(tc, peers_are_forgotten_with_their_names);
        tcase_add_test(tc, peer_that_goes_before_it_is_known);
        return tc;
}

SUITE_MAIN("bus-identity", sandboxes(), waiting());
