/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/nl80211/attr.h"
#include "tests/unit/failing.h"
#include "tests/unit/fake-kernel.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FAMILY = 30, COMMAND = 5, GROUP = 7 };

/* What a request's callbacks saw. */
struct heard {
    unsigned messages;
    uint32_t last_value;
    unsigned done;
    uint32_t tag;
    enum netlink_result result;
    int error;
    struct netlink *ask_again; /* on_done makes one more request */
    struct heard *next;        /* whose callbacks are these */
};

struct bed {
    struct loop *loop;
    struct fake_kernel kernel;
    struct netlink *netlink;
    struct nlmsghdr requests[NETLINK_QUEUE_MAX + 8]; /* as they came */
    unsigned events;
    unsigned overruns;
};

static struct bed *bed;

static void keep_request(struct fake_kernel *kernel, struct fake_socket *socket,
                         const struct nlmsghdr *request)
{
    (void)socket;
    bed->requests[kernel->sent - 1] = *request;
}

static void on_event(void *context, const struct netlink_message *message)
{
    struct bed *b = context;

    if (message->command == COMMAND)
        b->events++;
}

static void on_overrun(void *context)
{
    struct bed *b = context;

    b->overruns++;
}

static int set_up_with(void **state, bool events)
{
    bed = calloc(1, sizeof(*bed));
    *state = bed;
    bed->loop = loop_new_virtual(1000, 1000);
    bed->kernel.respond = keep_request;
    bed->netlink = netlink_new(bed->loop, &(struct netlink_options){
                                              .protocol = NETLINK_GENERIC,
                                              .io = &fake_kernel_io,
                                              .io_context = &bed->kernel,
                                              .context = bed,
                                              .event = events ? on_event : NULL,
                                              .overrun = events ? on_overrun : NULL,
                                          });
    return bed->netlink != NULL ? 0 : -1;
}

static int set_up(void **state)
{
    return set_up_with(state, false);
}

static int set_up_events(void **state)
{
    return set_up_with(state, true);
}

static int tear_down(void **state)
{
    failing_reset();
    netlink_free(bed->netlink);
    loop_free(bed->loop);
    fake_kernel_fini(&bed->kernel);
    free(*state);
    return 0;
}

static void on_message(void *context, uint32_t tag, const struct netlink_message *message)
{
    struct heard *heard = context;
    struct cursor body = message->body;
    struct attribute attribute;

    assert_int_equal(heard->done, 0);
    heard->tag = tag;
    heard->messages++;
    if (attribute_next(&body, &attribute))
        assert_true(attribute_u32(&attribute, &heard->last_value));
}

static struct netlink_request request_for(struct heard *heard, uint32_t tag);

static void on_done(void *context, uint32_t tag, enum netlink_result result, int error)
{
    struct heard *heard = context;

    heard->done++;
    heard->tag = tag;
    heard->result = result;
    heard->error = error;
    if (heard->ask_again != NULL) {
        struct netlink_request request = request_for(heard->next, 77);
        assert_true(netlink_request(heard->ask_again, &request));
    }
}

static struct netlink_request request_for(struct heard *heard, uint32_t tag)
{
    return (struct netlink_request){.type = FAMILY,
                                    .command = COMMAND,
                                    .dump = true,
                                    .context = heard,
                                    .tag = tag,
                                    .on_message = on_message,
                                    .on_done = on_done};
}

static void ask(struct heard *heard, uint32_t tag)
{
    struct netlink_request request = request_for(heard, tag);

    assert_true(netlink_request(bed->netlink, &request));
}

static void turn(void)
{
    assert_int_equal(loop_turn(bed->loop, 0), 0);
}

/* The sequence number of the n-th request, from 0. */
static uint32_t sequence(unsigned n)
{
    assert_true(n < bed->kernel.sent);
    return bed->requests[n].nlmsg_seq;
}

static struct fake_socket *socket_of(void)
{
    for (size_t i = 0; i < FAKE_SOCKETS_MAX; i++) {
        if (bed->kernel.sockets[i].open)
            return &bed->kernel.sockets[i];
    }
    fail_msg("no socket is open");
    return NULL;
}

static void build_value(struct builder *b, uint32_t seq, uint16_t flags, uint32_t value)
{
    build_message(b, FAMILY, NLM_F_MULTI | flags, seq);
    build_generic(b, COMMAND);
    build_u32(b, 1, value);
}

static void send_value(uint32_t seq, uint16_t flags, uint32_t value)
{
    struct builder b = {0};

    build_value(&b, seq, flags, value);
    fake_put(socket_of(), &b);
}

static void send_done(uint32_t seq, int error)
{
    struct builder b = {0};

    build_done(&b, 0, seq, error);
    fake_put(socket_of(), &b);
}

static void send_error(uint32_t seq, int error)
{
    struct builder b = {0};

    build_error(&b, seq, error);
    fake_put(socket_of(), &b);
}

/* --- answers --- */

static void an_answer_is_told_message_by_message_and_ends_with_its_result(void **state)
{
    struct heard heard = {0};

    (void)state;
    ask(&heard, 9);
    turn();
    send_value(sequence(0), 0, 4711);
    send_value(sequence(0), 0, 4712);
    turn();
    assert_int_equal(heard.messages, 2);
    assert_int_equal(heard.last_value, 4712);
    assert_int_equal(heard.done, 0);
    send_done(sequence(0), 0);
    turn();
    assert_int_equal(heard.done, 1);
    assert_int_equal(heard.tag, 9);
    assert_int_equal(heard.result, NETLINK_OK);
}

static void answer_at_once(struct fake_kernel *kernel, struct fake_socket *socket,
                           const struct nlmsghdr *request)
{
    struct builder b = {0};

    keep_request(kernel, socket, request);
    build_value(&b, request->nlmsg_seq, 0, 1);
    fake_put(socket, &b);
    b.len = 0;
    build_done(&b, 0, request->nlmsg_seq, 0);
    fake_put(socket, &b);
}

static void an_answer_that_is_there_at_once_costs_no_further_wake_up(void **state)
{
    struct heard heard = {0};

    (void)state;
    bed->kernel.respond = answer_at_once;
    ask(&heard, 0);
    turn();
    assert_int_equal(heard.done, 1);
    assert_int_equal(bed->kernel.received, 2);
}

static void flushing_serves_all_requests_before_the_loop_runs(void **state)
{
    struct heard heard[3] = {0};

    (void)state;
    bed->kernel.respond = answer_at_once;
    for (size_t i = 0; i < 3; i++)
        ask(&heard[i], 0);
    netlink_flush(bed->netlink);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(heard[i].done, 1);
}

static void requests_are_served_one_by_one_in_their_order(void **state)
{
    struct heard first = {0};
    struct heard second = {0};

    (void)state;
    ask(&first, 1);
    ask(&second, 2);
    turn();
    assert_int_equal(bed->kernel.sent, 1);
    send_done(sequence(0), 0);
    turn();
    assert_int_equal(first.done, 1);
    assert_int_equal(bed->kernel.sent, 2);
    send_done(sequence(1), 0);
    turn();
    assert_int_equal(second.done, 1);
    assert_int_equal(second.tag, 2);
}

static void an_acknowledged_request_is_complete(void **state)
{
    struct heard heard = {0};

    (void)state;
    ask(&heard, 0);
    turn();
    send_error(sequence(0), 0);
    turn();
    assert_int_equal(heard.done, 1);
    assert_int_equal(heard.result, NETLINK_OK);
}

static void an_error_is_told_as_its_errno(void **state)
{
    struct heard answered = {0};
    struct heard at_the_end = {0};

    (void)state;
    ask(&answered, 0);
    ask(&at_the_end, 0);
    turn();
    send_error(sequence(0), ENODEV);
    turn();
    send_value(sequence(1), 0, 1);
    send_done(sequence(1), EMSGSIZE);
    turn();
    assert_int_equal(answered.result, NETLINK_REFUSED);
    assert_int_equal(answered.error, ENODEV);
    assert_int_equal(at_the_end.result, NETLINK_REFUSED);
    assert_int_equal(at_the_end.error, EMSGSIZE);
}

static void an_error_that_is_no_errno_is_an_input_output_error(void **state)
{
    struct heard heard = {0};

    (void)state;
    ask(&heard, 0);
    turn();
    send_error(sequence(0), 100000);
    turn();
    assert_int_equal(heard.result, NETLINK_REFUSED);
    assert_int_equal(heard.error, EIO);
}

static void a_dump_that_was_interrupted_anywhere_says_so_at_its_end(void **state)
{
    struct heard heard = {0};

    (void)state;
    ask(&heard, 0);
    turn();
    send_value(sequence(0), NLM_F_DUMP_INTR, 1);
    send_value(sequence(0), 0, 2);
    send_done(sequence(0), 0);
    turn();
    assert_int_equal(heard.messages, 2);
    assert_int_equal(heard.result, NETLINK_INTERRUPTED);
}

static void callbacks_may_ask_for_more(void **state)
{
    struct heard second = {0};
    struct heard first = {.ask_again = bed->netlink, .next = &second};

    (void)state;
    bed->kernel.respond = answer_at_once;
    ask(&first, 0);
    turn();
    assert_int_equal(first.done, 1);
    assert_int_equal(second.done, 1);
    assert_int_equal(second.tag, 77);
}

static void a_full_queue_refuses_and_calls_nobody_back(void **state)
{
    struct heard heard = {0};
    struct heard refused = {0};
    struct netlink_request request = request_for(&refused, 0);

    (void)state;
    for (int i = 0; i < NETLINK_QUEUE_MAX; i++)
        ask(&heard, 0);
    assert_false(netlink_request(bed->netlink, &request));
    turn();
    assert_int_equal(refused.done, 0);
}

static void requests_that_wait_when_the_socket_is_freed_are_dropped(void **state)
{
    struct heard heard = {0};

    (void)state;
    ask(&heard, 0);
    ask(&heard, 0);
    turn();
    netlink_free(bed->netlink);
    bed->netlink = NULL;
    turn();
    assert_int_equal(heard.done, 0);
}

/* --- what goes wrong --- */

static void a_request_without_an_answer_ends_at_its_deadline(void **state)
{
    struct heard silent = {0};
    struct heard next = {0};

    (void)state;
    ask(&silent, 0);
    ask(&next, 0);
    turn();
    loop_advance(bed->loop, NETLINK_DEADLINE_MS - 1);
    assert_int_equal(silent.done, 0);
    loop_advance(bed->loop, 1);
    assert_int_equal(silent.done, 1);
    assert_int_equal(silent.result, NETLINK_TIMED_OUT);
    send_done(sequence(1), 0);
    turn();
    assert_int_equal(next.result, NETLINK_OK);
    assert_int_equal(next.done, 1);
}

static void an_answer_that_goes_on_keeps_its_request_alive(void **state)
{
    struct heard heard = {0};

    (void)state;
    ask(&heard, 0);
    turn();
    for (int i = 0; i < 5; i++) {
        loop_advance(bed->loop, NETLINK_DEADLINE_MS - 1);
        send_value(sequence(0), 0, 1);
        turn();
    }
    assert_int_equal(heard.messages, 5);
    assert_int_equal(heard.done, 0);
    loop_advance(bed->loop, NETLINK_DEADLINE_MS);
    assert_int_equal(heard.result, NETLINK_TIMED_OUT);
}

static void after_a_deadline_the_next_request_has_a_new_socket(void **state)
{
    struct heard silent = {0};
    struct heard next = {0};

    (void)state;
    ask(&silent, 0);
    turn();
    loop_advance(bed->loop, NETLINK_DEADLINE_MS);
    ask(&next, 0);
    turn();
    assert_int_equal(bed->kernel.opened, 2);
}

static void a_late_answer_to_an_earlier_request_is_ignored(void **state)
{
    struct heard silent = {0};
    struct heard next = {0};

    (void)state;
    ask(&silent, 0);
    turn();
    loop_advance(bed->loop, NETLINK_DEADLINE_MS);
    ask(&next, 0);
    turn();
    send_value(sequence(0), 0, 13);
    send_done(sequence(0), 0);
    turn();
    assert_int_equal(next.messages, 0);
    assert_int_equal(next.done, 0);
    send_value(sequence(1), 0, 14);
    send_done(sequence(1), 0);
    turn();
    assert_int_equal(next.last_value, 14);
    assert_int_equal(next.done, 1);
    assert_int_equal(silent.done, 1);
}

static void answer_first_request(void *context)
{
    (void)context;
    send_done(sequence(0), 0);
}

/* As when the process could not run for a second: the deadline is due, and so is the socket. */
static void an_answer_that_waits_unread_at_the_deadline_is_taken(void **state)
{
    struct heard heard = {0};
    struct loop_timer answer;

    (void)state;
    assert_int_equal(loop_timer_init(bed->loop, &answer, answer_first_request, NULL), 0);
    loop_timer_start(&answer, NETLINK_DEADLINE_MS); /* just before the deadline, in one turn */
    ask(&heard, 0);
    turn();
    loop_advance(bed->loop, NETLINK_DEADLINE_MS);
    assert_int_equal(heard.done, 1);
    assert_int_equal(heard.result, NETLINK_OK);
    loop_timer_fini(&answer);
}

static void a_lost_part_of_an_answer_ends_the_request_as_overrun(void **state)
{
    struct heard heard = {0};
    struct heard next = {0};

    (void)state;
    ask(&heard, 0);
    ask(&next, 0);
    turn();
    send_value(sequence(0), 0, 1);
    fake_put_error(socket_of(), ENOBUFS);
    turn();
    assert_int_equal(heard.result, NETLINK_OVERRUN);
    send_done(sequence(1), 0);
    turn();
    assert_int_equal(next.result, NETLINK_OK);
}

static void a_request_that_cannot_be_sent_is_refused_with_its_errno(void **state)
{
    struct heard heard = {0};

    (void)state;
    bed->kernel.send_error = EPERM;
    ask(&heard, 0);
    turn();
    assert_int_equal(heard.result, NETLINK_REFUSED);
    assert_int_equal(heard.error, EPERM);
}

static void a_socket_that_cannot_be_opened_refuses_and_the_next_request_tries_again(void **state)
{
    struct heard first = {0};
    struct heard second = {0};

    (void)state;
    bed->kernel.open_error = EMFILE;
    ask(&first, 0);
    turn();
    assert_int_equal(first.result, NETLINK_REFUSED);
    assert_int_equal(first.error, EMFILE);
    bed->kernel.open_error = 0;
    bed->kernel.respond = answer_at_once;
    ask(&second, 0);
    turn();
    assert_int_equal(second.result, NETLINK_OK);
}

static void one_turn_reads_a_bounded_number_of_datagrams(void **state)
{
    struct heard heard = {0};

    (void)state;
    ask(&heard, 0);
    turn();
    for (int i = 0; i < 100; i++)
        send_value(sequence(0), 0, 1);
    send_done(sequence(0), 0);
    turn();
    assert_true(heard.messages > 0);
    assert_true(heard.messages <= 32);
    for (int i = 0; i < 100 && heard.done == 0; i++)
        turn();
    assert_int_equal(heard.messages, 100);
    assert_int_equal(heard.result, NETLINK_OK);
}

static void lengths_that_cannot_be_end_the_datagram_and_harm_nobody(void **state)
{
    static const uint32_t lengths[] = {0, 1, 15, 16, 17, 19, 4000, 0x7fffffff, 0xffffffff};
    struct heard heard = {0};

    (void)state;
    ask(&heard, 0);
    turn();
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct builder b = {0};
        build_value(&b, sequence(0), 0, 1);
        memcpy(b.bytes, &lengths[i], sizeof(lengths[i]));
        fake_put(socket_of(), &b);
    }
    struct builder empty = {0};
    fake_put(socket_of(), &empty);
    turn();
    turn();
    assert_int_equal(heard.messages, 0);
    send_done(sequence(0), 0);
    turn();
    assert_int_equal(heard.done, 1);
}

/* --- events --- */

static void send_event(void)
{
    struct builder b = {0};

    build_value(&b, 0, 0, 1);
    fake_multicast(&bed->kernel, NETLINK_GENERIC, GROUP, &b);
}

static void events_of_a_joined_group_are_told(void **state)
{
    (void)state;
    assert_int_equal(netlink_join(bed->netlink, GROUP), 0);
    assert_int_equal(netlink_join(bed->netlink, GROUP), 0);
    send_event();
    send_event();
    turn();
    assert_int_equal(bed->events, 2);
    netlink_leave(bed->netlink, GROUP);
    send_event();
    turn();
    assert_int_equal(bed->events, 2);
}

static void a_group_that_cannot_be_joined_is_an_error(void **state)
{
    (void)state;
    bed->kernel.join_error = ENOENT;
    assert_int_equal(netlink_join(bed->netlink, GROUP), -ENOENT);
    bed->kernel.join_error = 0;
    for (uint32_t group = 1; group <= NETLINK_GROUPS_MAX; group++)
        assert_int_equal(netlink_join(bed->netlink, group), 0);
    assert_int_equal(netlink_join(bed->netlink, NETLINK_GROUPS_MAX + 1), -ENOSPC);
}

static void an_event_between_the_parts_of_an_answer_is_told_as_event(void **state)
{
    struct heard heard = {0};

    (void)state;
    assert_int_equal(netlink_join(bed->netlink, GROUP), 0);
    ask(&heard, 0);
    turn();
    send_value(sequence(0), 0, 1);
    send_event();
    send_value(sequence(0), 0, 1);
    send_done(sequence(0), 0);
    turn();
    assert_int_equal(heard.messages, 2);
    assert_int_equal(heard.result, NETLINK_OK);
    assert_int_equal(bed->events, 1);
}

static void lost_events_are_told_and_what_was_kept_is_read(void **state)
{
    (void)state;
    assert_int_equal(netlink_join(bed->netlink, GROUP), 0);
    fake_multicast_error(&bed->kernel, NETLINK_GENERIC, ENOBUFS);
    send_event();
    turn();
    assert_int_equal(bed->overruns, 1);
    assert_int_equal(bed->events, 1);
    assert_int_equal(bed->kernel.opened, 1);
}

static void a_socket_that_breaks_is_opened_again_with_its_groups(void **state)
{
    (void)state;
    assert_int_equal(netlink_join(bed->netlink, GROUP), 0);
    fake_multicast_error(&bed->kernel, NETLINK_GENERIC, EIO);
    turn();
    assert_int_equal(bed->overruns, 1);
    assert_int_equal(bed->kernel.opened, 2);
    send_event();
    turn();
    assert_int_equal(bed->events, 1);
}

static void a_socket_that_cannot_be_opened_again_is_tried_later(void **state)
{
    (void)state;
    assert_int_equal(netlink_join(bed->netlink, GROUP), 0);
    fake_multicast_error(&bed->kernel, NETLINK_GENERIC, EIO);
    bed->kernel.open_error = EMFILE;
    loop_advance(bed->loop, 3 * NETLINK_DEADLINE_MS);
    assert_int_equal(bed->overruns, 0);
    bed->kernel.open_error = 0;
    loop_advance(bed->loop, NETLINK_DEADLINE_MS);
    assert_int_equal(bed->overruns, 1);
    send_event();
    turn();
    assert_int_equal(bed->events, 1);
}

static void a_deadline_on_a_socket_with_groups_counts_as_lost_events(void **state)
{
    struct heard heard = {0};

    (void)state;
    assert_int_equal(netlink_join(bed->netlink, GROUP), 0);
    ask(&heard, 0);
    turn();
    loop_advance(bed->loop, NETLINK_DEADLINE_MS);
    assert_int_equal(heard.result, NETLINK_TIMED_OUT);
    assert_int_equal(bed->overruns, 1);
    send_event();
    turn();
    assert_int_equal(bed->events, 1);
}

static void without_memory_there_is_no_socket_and_no_leak(void **state)
{
    unsigned failures = 0;

    (void)state;
    for (unsigned n = 1;; n++) {
        struct loop *loop = loop_new_virtual(0, 0);
        failing_malloc_at(n);
        struct netlink *nl =
            netlink_new(loop, &(struct netlink_options){.protocol = NETLINK_GENERIC});
        bool hit = failing_hit();
        failing_reset();
        if (hit)
            assert_null(nl);
        netlink_free(nl);
        loop_free(loop);
        if (!hit)
            break;
        failures++;
    }
    assert_true(failures > 0);
}

#define TEST(name)        cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define EVENTS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_events, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_answer_is_told_message_by_message_and_ends_with_its_result),
        TEST(an_answer_that_is_there_at_once_costs_no_further_wake_up),
        TEST(flushing_serves_all_requests_before_the_loop_runs),
        TEST(requests_are_served_one_by_one_in_their_order),
        TEST(an_acknowledged_request_is_complete),
        TEST(an_error_is_told_as_its_errno),
        TEST(an_error_that_is_no_errno_is_an_input_output_error),
        TEST(a_dump_that_was_interrupted_anywhere_says_so_at_its_end),
        TEST(callbacks_may_ask_for_more),
        TEST(a_full_queue_refuses_and_calls_nobody_back),
        TEST(requests_that_wait_when_the_socket_is_freed_are_dropped),
        TEST(a_request_without_an_answer_ends_at_its_deadline),
        TEST(an_answer_that_goes_on_keeps_its_request_alive),
        TEST(after_a_deadline_the_next_request_has_a_new_socket),
        TEST(a_late_answer_to_an_earlier_request_is_ignored),
        TEST(an_answer_that_waits_unread_at_the_deadline_is_taken),
        TEST(a_lost_part_of_an_answer_ends_the_request_as_overrun),
        TEST(a_request_that_cannot_be_sent_is_refused_with_its_errno),
        TEST(a_socket_that_cannot_be_opened_refuses_and_the_next_request_tries_again),
        TEST(one_turn_reads_a_bounded_number_of_datagrams),
        TEST(lengths_that_cannot_be_end_the_datagram_and_harm_nobody),
        EVENTS_TEST(events_of_a_joined_group_are_told),
        EVENTS_TEST(a_group_that_cannot_be_joined_is_an_error),
        EVENTS_TEST(an_event_between_the_parts_of_an_answer_is_told_as_event),
        EVENTS_TEST(lost_events_are_told_and_what_was_kept_is_read),
        EVENTS_TEST(a_socket_that_breaks_is_opened_again_with_its_groups),
        EVENTS_TEST(a_socket_that_cannot_be_opened_again_is_tried_later),
        EVENTS_TEST(a_deadline_on_a_socket_with_groups_counts_as_lost_events),
        cmocka_unit_test(without_memory_there_is_no_socket_and_no_leak),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
