/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program nmsp-radio, whose path is the argument, as a program that connects to it sees it. It
 * is started with the privileges that the test has. If these suffice, there is a monitor interface
 * in a network of its own: a tap device that is told to carry radiotap, into which the test writes
 * what is heard. What real radios hear is tested in a virtual machine.
 */
#include "platform/helper/helper-protocol.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 10000 };

static const char *program;
static char folder[32];
static char path[64];
static pid_t child;
static int client;
static int air = -1; /* what is written there is heard on mon0; -1: there is none */

/* --- the program --- */

static pid_t start(const char *interface)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        (void)execl(program, program, "--socket", path, "--interface", interface, "--interface",
                    "nowhere", "--interface", "mon0", (char *)NULL);
        _exit(127);
    }
    return pid;
}

static int end(pid_t pid, int signo)
{
    int status = 0;

    if (signo != 0)
        (void)kill(pid, signo);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

/* A connection, or -1: nobody listens. */
static int dial(void)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

    (void)snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
    if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

static int dial_when_ready(void)
{
    const struct timespec pause = {.tv_nsec = 5000000};
    int fd = -1;

    for (int waited = 0; waited < PATIENCE_MS && (fd = dial()) < 0; waited += 5)
        (void)nanosleep(&pause, NULL);
    assert_true(fd >= 0);
    return fd;
}

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/nmspd-radio-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(path, sizeof(path), "%s/radio.sock", folder);
    child = start("lo");
    client = dial_when_ready();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)close(client);
    (void)end(child, SIGKILL);
    (void)unlink(path);
    (void)rmdir(folder);
    return 0;
}

/* --- requests --- */

/* The reply's length; 0: it hung up. */
static ssize_t receive(struct helper_reply *reply)
{
    struct pollfd readable = {.fd = client, .events = POLLIN};

    assert_int_equal(poll(&readable, 1, PATIENCE_MS), 1);
    return recv(client, reply, sizeof(*reply), 0);
}

static int ask(uint32_t kind, const char *name)
{
    struct helper_request request = {.magic = HELPER_MAGIC, .kind = kind};
    struct helper_reply reply = {0};

    (void)snprintf(request.ifname, sizeof(request.ifname), "%s", name);
    assert_int_equal(send(client, &request, sizeof(request), 0), sizeof(request));
    assert_int_equal(receive(&reply), sizeof(reply));
    assert_int_equal(reply.magic, HELPER_MAGIC);
    assert_int_equal(reply.kind, kind);
    return reply.error;
}

static void an_interface_that_was_not_named_is_refused(void **state)
{
    (void)state;
    assert_int_equal(ask(HELPER_SCAN, "eth0"), EPERM);
    assert_int_equal(ask(HELPER_MONITOR, "eth0"), EPERM);
    assert_int_equal(ask(HELPER_MONITOR, "l"), EPERM);
    assert_int_equal(ask(HELPER_MONITOR, "lo0"), EPERM);
    assert_int_equal(ask(HELPER_MONITOR, ""), EPERM);
}

static void a_name_with_something_behind_its_end_is_refused(void **state)
{
    struct helper_request request = {
        .magic = HELPER_MAGIC, .kind = HELPER_MONITOR, .ifname = "lo\0x"};
    struct helper_reply reply = {0};

    (void)state;
    assert_int_equal(send(client, &request, sizeof(request), 0), sizeof(request));
    assert_int_equal(receive(&reply), sizeof(reply));
    assert_int_equal(reply.error, EPERM);
}

/* EPERM: the test has no CAP_NET_RAW. */
static void what_is_no_monitor_is_not_opened(void **state)
{
    int error = ask(HELPER_MONITOR, "lo");

    (void)state;
    assert_true(error == EMEDIUMTYPE || error == EPERM);
    error = ask(HELPER_MONITOR, "nowhere");
    assert_true(error == ENODEV || error == EPERM);
}

static void a_scan_needs_an_interface_and_is_not_started_twice_at_once(void **state)
{
    (void)state;
    assert_int_equal(ask(HELPER_SCAN, "nowhere"), ENODEV);
    assert_int_equal(ask(HELPER_SCAN, "nowhere"), EBUSY);
    assert_true(ask(HELPER_SCAN, "lo") != 0);
}

static void anything_else_ends_the_connection_and_only_that(void **state)
{
    static const struct helper_request wrong[] = {
        {.magic = 1, .kind = HELPER_SCAN, .ifname = "lo"},
        {.magic = HELPER_MAGIC, .kind = 0, .ifname = "lo"},
        {.magic = HELPER_MAGIC, .kind = 3, .ifname = "lo"},
    };
    char longer[sizeof(struct helper_request) + 1] = {0};
    struct helper_reply reply;

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        size_t len = i == 3 ? sizeof(longer) : i == 4 ? 1 : sizeof(wrong[0]);
        (void)memcpy(longer, &wrong[i % 3], sizeof(wrong[0]));
        ((struct helper_request *)(void *)longer)->magic = i < 3 ? wrong[i].magic : HELPER_MAGIC;
        assert_int_equal(send(client, longer, len, 0), len);
        assert_int_equal(receive(&reply), 0);
        (void)close(client);
        client = dial_when_ready();
    }
    assert_int_equal(ask(HELPER_SCAN, "eth0"), EPERM);
}

/* --- what is heard --- */

enum { TAP_LEN = 9, ROOM = sizeof(struct helper_frame) + HELPER_FRAME_MAX };

struct heard {
    struct helper_frame head;
    size_t len;
    uint8_t bytes[ROOM];
};

static bool bring(const char *name, bool up)
{
    struct ifreq request = {.ifr_flags = up ? IFF_UP : 0};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    (void)strcpy(request.ifr_name, name);
    int result = ioctl(fd, SIOCSIFFLAGS, &request);
    (void)close(fd);
    return result == 0;
}

/* A network of our own with a monitor interface, or none if we may not. */
static int make_air(void **state)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};

    (void)state;
    (void)strcpy(request.ifr_name, "mon0");
    if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0)
        return 0;
    air = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    if (air >= 0 && (ioctl(air, TUNSETIFF, &request) != 0 ||
                     ioctl(air, TUNSETLINK, (unsigned long)ARPHRD_IEEE80211_RADIOTAP) != 0 ||
                     !bring("mon0", true) || !bring("lo", true))) {
        (void)close(air);
        air = -1;
    }
    return 0;
}

static void need_air(void)
{
    if (air < 0)
        skip();
}

/* Radiotap, and a frame that begins like this; the rest of it counts its bytes. */
static void emit(const uint8_t *begin, size_t begin_len, size_t len)
{
    static const uint8_t tap[TAP_LEN] = {0, 0, TAP_LEN, 0, 0x20, 0, 0, 0, 0xc4};
    uint8_t frame[TAP_LEN + 4096];

    for (size_t i = 0; i < len; i++)
        frame[TAP_LEN + i] = (uint8_t)i;
    memcpy(frame, tap, sizeof(tap));
    memcpy(frame + TAP_LEN, begin, begin_len);
    assert_int_equal(write(air, frame, TAP_LEN + len), TAP_LEN + len);
}

static const uint8_t beacon[] = {0x80, 0};
static const uint8_t probe[] = {0x40, 0};

static int open_monitor(void)
{
    struct helper_request request = {
        .magic = HELPER_MAGIC, .kind = HELPER_MONITOR, .ifname = "mon0"};
    struct helper_reply reply = {0};
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(4 * sizeof(int))];
    struct iovec part = {.iov_base = &reply, .iov_len = sizeof(reply)};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof(control)};
    struct pollfd readable = {.fd = client, .events = POLLIN};
    int fd = -1;

    assert_int_equal(send(client, &request, sizeof(request), 0), sizeof(request));
    assert_int_equal(poll(&readable, 1, PATIENCE_MS), 1);
    assert_int_equal(recvmsg(client, &message, MSG_CMSG_CLOEXEC), sizeof(reply));
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    if (reply.error == 0) {
        assert_non_null(rights);
        assert_int_equal(rights->cmsg_len, CMSG_LEN(sizeof(fd)));
        memcpy(&fd, CMSG_DATA(rights), sizeof(fd));
        return fd;
    }
    assert_null(rights);
    return -reply.error;
}

/* False: the end. */
static bool hear(int fd, struct heard *heard)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    uint8_t message[ROOM];

    assert_int_equal(poll(&readable, 1, PATIENCE_MS), 1);
    ssize_t len = recv(fd, message, sizeof(message), MSG_TRUNC);
    if (len == 0)
        return false;
    assert_in_range(len, sizeof(heard->head), sizeof(message));
    memcpy(&heard->head, message, sizeof(heard->head));
    heard->len = (size_t)len - sizeof(heard->head);
    memcpy(heard->bytes, message + sizeof(heard->head), heard->len);
    return true;
}

static void frames_come_cut_to_what_is_parsed(void **state)
{
    static const struct {
        uint8_t begin[24];
        size_t begin_len;
        size_t len;
        size_t comes;
    } frames[] = {
        {{0x80}, 2, 300, 300}, /* a beacon, a probe response */
        {{0x80}, 2, 3000, HELPER_CUT_BODY},
        {{0x50}, 2, 2340, 2340},
        {{0x40}, 2, 300, HELPER_CUT_HEADER}, /* a probe request */
        {{0x08, 1}, 4, 1500, HELPER_CUT_HEADER},
        {{0x88, 2}, 4, 1500, HELPER_CUT_HEADER},
        {{0x08, 1}, 4, 28, 28},
        {{0x08, 3, 0, 0, 1, 0x40, 0x96, 0, 0, 3}, 10, 1500, HELPER_CUT_TAG},
        {{0x08, 3, 0, 0, 1, 0x0c, 0xcc}, 8, 1500, HELPER_CUT_TAG},
        {{0x08, 1, [16] = 1, 0x40, 0x96, 0, 0, 3}, 22, 1500, HELPER_CUT_TAG},
        {{0x08, 2, [16] = 1, 0x40, 0x96, 0, 0, 3}, 22, 1500, HELPER_CUT_HEADER},
    };
    static const uint8_t others[][2] = {{0xb4, 0}, {0xd4, 0}, {0xc0, 0}, {0x09, 0}, {0x00, 0}};
    static struct heard heard;

    (void)state;
    need_air();
    int fd = open_monitor();
    assert_true(fd >= 0);
    for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
        for (size_t k = 0; k < sizeof(others) / sizeof(others[0]); k++)
            emit(others[k], sizeof(others[k]), 100); /* RTS, ACK, deauthentication, ... */
        emit(frames[i].begin, frames[i].begin_len, frames[i].len);
        assert_true(hear(fd, &heard));
        assert_int_equal(heard.len, TAP_LEN + frames[i].comes);
        assert_int_equal(heard.head.whole, TAP_LEN + frames[i].len);
        assert_int_equal(heard.head.lost, 0);
        assert_memory_equal(heard.bytes + TAP_LEN, frames[i].begin, frames[i].begin_len);
        assert_int_equal(heard.bytes[heard.len - 1], (uint8_t)(frames[i].comes - 1));
    }
    (void)close(fd);
}

/* As somebody who has no rights but this descriptor. The number of what did work, or 0. */
static int try_everything(int fd)
{
    const struct sockaddr_ll other = {.sll_family = AF_PACKET,
                                      .sll_protocol = htons(3),
                                      .sll_ifindex = (int)if_nametoindex("lo"),
                                      .sll_halen = 6};
    const struct packet_mreq promiscuous = {.mr_ifindex = other.sll_ifindex,
                                            .mr_type = PACKET_MR_PROMISC};
    const int yes = 1;
    struct tpacket_stats facts;
    socklen_t len = sizeof(facts);
    int domain = -1;
    char frame[64] = {0};

    if (setgid(65534) != 0 || setuid(65534) != 0)
        return 1;
    if (sendto(fd, frame, sizeof(frame), MSG_NOSIGNAL, (const struct sockaddr *)&other,
               sizeof(other)) >= 0)
        return 2;
    if (send(fd, frame, sizeof(frame), MSG_NOSIGNAL) >= 0 || errno != EPIPE)
        return 3;
    if (bind(fd, (const struct sockaddr *)&other, sizeof(other)) == 0)
        return 4;
    if (connect(fd, (const struct sockaddr *)&other, sizeof(other)) == 0)
        return 5;
    if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof(promiscuous)) == 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &yes, sizeof(yes)) == 0 ||
        getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &facts, &len) == 0)
        return 6;
    len = sizeof(domain);
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) != 0 || domain != AF_UNIX)
        return 7;
    if (setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &yes, sizeof(yes)) == 0)
        return 8;
    return 0;
}

static void what_is_handed_over_can_do_nothing_to_any_interface(void **state)
{
    static struct heard heard;

    (void)state;
    need_air();
    int fd = open_monitor();
    assert_true(fd >= 0);
    pid_t pid = fork();
    if (pid == 0)
        _exit(try_everything(fd));
    int status = end(pid, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    emit(probe, sizeof(probe), 100); /* and it still does what it is for */
    assert_true(hear(fd, &heard));
    (void)close(fd);
}

static void an_interface_that_goes_down_is_the_end_of_its_frames(void **state)
{
    static struct heard heard;

    (void)state;
    need_air();
    int fd = open_monitor();
    assert_true(fd >= 0);
    emit(beacon, sizeof(beacon), 100);
    assert_true(hear(fd, &heard));
    assert_true(bring("mon0", false));
    assert_false(hear(fd, &heard));
    (void)close(fd);
    assert_int_equal(open_monitor(), -ENETDOWN);
    assert_true(bring("mon0", true));
    fd = open_monitor();
    assert_true(fd >= 0);
    emit(beacon, sizeof(beacon), 100);
    assert_true(hear(fd, &heard));
    (void)close(fd);
}

/* All that was sent came or was told as lost: whether the kernel or the pair had no room. */
static void what_a_client_does_not_read_is_lost_and_counted(void **state)
{
    enum { FRAMES = 20000, MARK = 77 };
    static struct heard heard;
    uint64_t came = 0;
    uint64_t lost = 0;

    (void)state;
    need_air();
    int fd = open_monitor();
    assert_true(fd >= 0);
    for (size_t i = 0; i < FRAMES; i++)
        emit(beacon, sizeof(beacon), 600);
    while (lost == 0) { /* until one comes behind the gap */
        emit(beacon, sizeof(beacon), 600);
        assert_true(hear(fd, &heard));
        came++;
        lost += heard.head.lost;
    }
    assert_true(came < 2000); /* what the pair holds, and some */
    uint64_t sent = FRAMES + came;
    do {
        emit(beacon, sizeof(beacon), MARK);
        sent++;
        /* One that is lost, too, is told with the next one. */
        struct pollfd readable = {.fd = fd, .events = POLLIN};
        while (came + lost < sent && poll(&readable, 1, 200) == 1) {
            assert_true(hear(fd, &heard));
            came++;
            lost += heard.head.lost;
        }
    } while (came + lost < sent || heard.head.whole != TAP_LEN + MARK);
    assert_int_equal(came + lost, sent);
    (void)close(fd);
}

static void a_user_can_have_so_many_monitors_and_no_more(void **state)
{
    enum { MOST = 16 };
    int fds[MOST];

    (void)state;
    need_air();
    for (int i = 0; i < MOST; i++) {
        fds[i] = open_monitor();
        assert_true(fds[i] >= 0);
    }
    assert_int_equal(open_monitor(), -EUSERS);
    (void)close(fds[3]);
    fds[3] = open_monitor(); /* its place is free at once */
    assert_true(fds[3] >= 0);
    for (int i = 0; i < MOST; i++)
        (void)close(fds[i]);
}

static void frames_go_on_when_the_connection_has_ended(void **state)
{
    static struct heard heard;

    (void)state;
    need_air();
    int fd = open_monitor();
    assert_true(fd >= 0);
    (void)close(client);
    client = dial_when_ready();
    (void)ask(HELPER_SCAN, "eth0");
    emit(beacon, sizeof(beacon), 100);
    assert_true(hear(fd, &heard));
    (void)close(fd);
}

/* --- clients --- */

static bool is_hung_up_within(int fd, int ms)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    char byte;

    return poll(&readable, 1, ms) == 1 && recv(fd, &byte, 1, 0) <= 0;
}

static void the_client_that_is_silent_for_longest_makes_way(void **state)
{
    enum { PLACES = 8 };
    int others[PLACES];

    (void)state;
    (void)ask(HELPER_SCAN, "eth0");
    for (int i = 0; i < PLACES; i++)
        others[i] = dial_when_ready();
    assert_true(is_hung_up_within(client, PATIENCE_MS));
    for (int i = 0; i < PLACES; i++) {
        (void)close(client);
        client = others[i];
        assert_int_equal(ask(HELPER_SCAN, "eth0"), EPERM);
    }
}

static void a_client_that_asks_nothing_is_hung_up_on(void **state)
{
    (void)state;
    if (getenv("NMSPD_TEST_FULL") == NULL)
        skip(); /* it takes the whole time */
    assert_true(is_hung_up_within(client, 2 * HELPER_IDLE_MS));
    (void)close(client);
    client = dial_when_ready();
    assert_int_equal(ask(HELPER_SCAN, "eth0"), EPERM);
}

static void a_client_that_reads_no_replies_is_hung_up_on(void **state)
{
    struct helper_request request = {.magic = HELPER_MAGIC, .kind = HELPER_SCAN, .ifname = "no"};

    (void)state;
    for (int i = 0; i < 10000; i++) {
        if (send(client, &request, sizeof(request), MSG_NOSIGNAL) < 0) {
            assert_true(errno == EPIPE || errno == ECONNRESET);
            return;
        }
    }
    fail_msg("10,000 replies wait");
}

/* --- the socket --- */

static void the_socket_is_for_its_owner_and_group_only(void **state)
{
    struct stat found;

    (void)state;
    assert_int_equal(stat(path, &found), 0);
    assert_true(S_ISSOCK(found.st_mode));
    assert_int_equal(found.st_mode & 0777, 0660);
}

static void a_socket_that_is_in_use_is_not_taken_away(void **state)
{
    (void)state;
    int status = end(start("lo"), 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    assert_int_equal(ask(HELPER_SCAN, "eth0"), EPERM);
}

static void a_socket_that_was_left_behind_is_taken_over(void **state)
{
    (void)state;
    (void)end(child, SIGKILL);
    (void)close(client);
    child = start("lo");
    client = dial_when_ready();
    assert_int_equal(ask(HELPER_SCAN, "eth0"), EPERM);
}

static void nothing_but_a_socket_is_removed(void **state)
{
    struct stat found;

    (void)state;
    (void)end(child, SIGKILL);
    (void)unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    int status = end(start("lo"), 0);
    assert_int_equal(WEXITSTATUS(status), 1);
    assert_int_equal(stat(path, &found), 0);
    assert_true(S_ISDIR(found.st_mode));
    assert_int_equal(rmdir(path), 0);
    child = start("lo");
    (void)close(client);
    client = dial_when_ready();
}

/* The end of a program that was started on this path. */
static int status_of_start(void)
{
    int status = end(start("lo"), 0);

    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_folder_that_others_could_change_is_refused(void **state)
{
    (void)state;
    (void)end(child, SIGKILL);
    (void)unlink(path);
    assert_int_equal(chmod(folder, 0770), 0);
    assert_int_equal(status_of_start(), 1);
    assert_int_equal(chmod(folder, 0707), 0);
    assert_int_equal(status_of_start(), 1);
    assert_int_equal(chmod(folder, 0755), 0);
    if (geteuid() == 0) {
        assert_int_equal(chown(folder, 65533, (gid_t)-1), 0);
        assert_int_equal(status_of_start(), 1);
        assert_int_equal(chown(folder, 0, (gid_t)-1), 0);
    }
    assert_int_equal(access(path, F_OK), -1); /* nothing was made */
    child = start("lo");
    (void)close(client);
    client = dial_when_ready();
}

/* A file of root's, to which the name of the socket leads. */
static void what_a_link_leads_to_is_never_given_away(void **state)
{
    char target[80];
    struct stat found;

    (void)state;
    if (geteuid() != 0)
        skip();
    (void)end(child, SIGKILL);
    (void)unlink(path);
    (void)snprintf(target, sizeof(target), "%s.secret", path);
    int fd = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(symlink(target, path), 0);
    assert_int_equal(status_of_start(), 1);
    assert_int_equal(fstat(fd, &found), 0);
    assert_int_equal(found.st_gid, 0);
    assert_int_equal(found.st_mode & 07777, 0600);
    (void)close(fd);
    (void)unlink(path);
    (void)unlink(target);
    child = start("lo");
    (void)close(client);
    client = dial_when_ready();
}

static void the_socket_belongs_to_the_group(void **state)
{
    const struct group *group = getgrnam("nogroup");
    struct stat found;

    (void)state;
    if (geteuid() != 0 || group == NULL)
        skip();
    (void)end(child, SIGKILL);
    child = fork();
    if (child == 0) {
        (void)execl(program, program, "--socket", path, "--interface", "lo", "--group", "nogroup",
                    (char *)NULL);
        _exit(127);
    }
    (void)close(client);
    client = dial_when_ready();
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_gid, group->gr_gid);
    assert_int_equal(found.st_mode & 0777, 0660);
}

/* --- privileges --- */

/* The line of /proc/PID/status, without its name. */
static const char *status_of(const char *name)
{
    static char line[256];
    char file[64];

    (void)snprintf(file, sizeof(file), "/proc/%d/status", (int)child);
    FILE *status = fopen(file, "r");
    assert_non_null(status);
    while (fgets(line, sizeof(line), status) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0) {
            (void)fclose(status);
            return line + strlen(name);
        }
    }
    (void)fclose(status);
    fail_msg("no %s", name);
    return NULL;
}

static void it_keeps_two_capabilities_at_most_and_can_gain_none(void **state)
{
    static const char *const sets[] = {"CapPrm:", "CapEff:", "CapInh:", "CapAmb:"};
    const unsigned long long two = 1ULL << 12 | 1ULL << 13;

    (void)state;
    (void)ask(HELPER_SCAN, "eth0"); /* it is past its beginning */
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
        assert_true((strtoull(status_of(sets[i]), NULL, 16) & ~two) == 0);
    assert_int_equal(strtoul(status_of("NoNewPrivs:"), NULL, 10), 1);
    if (geteuid() != 0)
        return;
    assert_true((strtoull(status_of("CapBnd:"), NULL, 16) & ~two) == 0);
    assert_int_equal(strtoul(status_of("Uid:"), NULL, 10), 65534);
    assert_int_equal(strtoul(status_of("Gid:"), NULL, 10), 65534);
}

static void who_is_not_allowed_to_ask_is_hung_up_on(void **state)
{
    struct helper_reply reply;

    (void)state;
    if (geteuid() != 0)
        return; /* nobody else to be */
    (void)close(client);
    assert_int_equal(chmod(folder, 0755) | chmod(path, 0666), 0);
    pid_t pid = fork();
    if (pid == 0) {
        if (setgid(65533) != 0 || setuid(65533) != 0)
            _exit(3);
        int fd = dial();
        _exit(fd < 0 ? 4 : recv(fd, &reply, sizeof(reply), 0) == 0 ? 0 : 5);
    }
    int status = end(pid, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    client = dial_when_ready();
}

static void wrong_usage_is_status_2(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(STDERR_FILENO);
        (void)execl(program, program, "--socket", "/nowhere", (char *)NULL);
        _exit(127);
    }
    assert_int_equal(WEXITSTATUS(end(pid, 0)), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(an_interface_that_was_not_named_is_refused),
        TEST(a_name_with_something_behind_its_end_is_refused),
        TEST(what_is_no_monitor_is_not_opened),
        TEST(a_scan_needs_an_interface_and_is_not_started_twice_at_once),
        TEST(anything_else_ends_the_connection_and_only_that),
        TEST(frames_come_cut_to_what_is_parsed),
        TEST(what_is_handed_over_can_do_nothing_to_any_interface),
        TEST(an_interface_that_goes_down_is_the_end_of_its_frames),
        TEST(what_a_client_does_not_read_is_lost_and_counted),
        TEST(a_user_can_have_so_many_monitors_and_no_more),
        TEST(frames_go_on_when_the_connection_has_ended),
        TEST(the_client_that_is_silent_for_longest_makes_way),
        TEST(a_client_that_asks_nothing_is_hung_up_on),
        TEST(a_client_that_reads_no_replies_is_hung_up_on),
        TEST(a_folder_that_others_could_change_is_refused),
        TEST(what_a_link_leads_to_is_never_given_away),
        TEST(the_socket_belongs_to_the_group),
        TEST(the_socket_is_for_its_owner_and_group_only),
        TEST(a_socket_that_is_in_use_is_not_taken_away),
        TEST(a_socket_that_was_left_behind_is_taken_over),
        TEST(nothing_but_a_socket_is_removed),
        TEST(it_keeps_two_capabilities_at_most_and_can_gain_none),
        TEST(who_is_not_allowed_to_ask_is_hung_up_on),
        TEST(wrong_usage_is_status_2),
    };

    if (argc != 2)
        return 2;
    program = argv[1];
    return cmocka_run_group_tests(tests, make_air, NULL);
}
