/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole session of NETCONF, from the bytes on the socket to the datastores, with the real schema.
 *
 * The first byte: bit 0 the client is not root; bit 1 the rest is the stream as it comes, else it
 * is rpcs with a NUL between them, which are framed and sent after a hello.
 *
 * What must hold: what the server says is in frames, each of them XML that may be parsed, and there
 * is no more of it than there were messages. When the client has gone, nothing of it is left.
 *
 * Making a server, or what sessions share, takes longer than most sessions do: both stay, and are
 * taken back to where they began if a session has changed something.
 */
#include "config/access/nacm.h"
#include "config/datastore/store.h"
#include "config/netconf/framing.h"
#include "config/netconf/netconf_server.h"
#include "config/netconf/xml.h"
#include "config/schema/compat.h"
#include "config/schema/schema.h"

#include "agent/base/log.h"
#include "agent/settings.h"

#include <sys/socket.h>
#include <unistd.h>

#define HELLO                                                                             \
    "<hello xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><capabilities><capability>" \
    "urn:ietf:params:netconf:base:1.1</capability></capabilities></hello>]]>]]>"

enum { TURNS_MAX = 100000, MESSAGE_MAX = 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__asan_default_options(void);

/* What a session frees would be kept, and what it allocates written, for longer than it runs. */
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=1:max_malloc_fill_size=0:malloc_context_size=4";
}

struct bed {
    struct loop *loop;
    struct store *store;
    struct nacm *nacm;
    struct netconf_server *server;
    const struct lyd_node *fresh; /* running as it began */
    int idle;                     /* who says nothing, so that there is always a session */
    int fd;                       /* the client's */
    struct framing_decoder *decoder;
    bool chunked;
    size_t heard;
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void ignore_line(enum log_level level, const char *line)
{
    (void)level;
    (void)line;
}

static void on_apply(void *context, struct settings *settings)
{
    struct bed *bed = context;

    settings_free(settings);
    if (bed->server != NULL)
        netconf_server_running_changed(bed->server);
}

/* --- the server's side ----------------------------------------------------------------------- */

static int connect_to(struct bed *bed, bool root)
{
    int pair[2];

    require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
    const size_t before = netconf_server_sessions(bed->server);
    netconf_server_accept(bed->server, pair[1], root ? 0 : 65534, root ? 0 : 65534);
    require(netconf_server_sessions(bed->server) == before + 1);
    return pair[0];
}

static bool is_connected(const struct bed *bed)
{
    return netconf_server_sessions(bed->server) > 1;
}

static void open_bed(struct bed *bed, struct ly_ctx *schema)
{
    /* Its folder is missing: nothing is ever saved. */
    struct store_options options = {
        .schema = schema, .path = "/proc/none/nmspd.json", .apply = on_apply, .context = bed};
    char path[64];

    (void)snprintf(path, sizeof(path), "/tmp/fuzz-netconf-%d", (int)getpid());
    options.loop = bed->loop = loop_new_virtual(0, 1800000000000);
    require(bed->loop != NULL);
    bed->store = store_new(&options);
    bed->nacm = nacm_new(schema);
    require(bed->store != NULL && bed->nacm != NULL);
    const struct netconf_server_options door = {
        .loop = bed->loop, .store = bed->store, .nacm = bed->nacm, .path = path};
    bed->server = netconf_server_new(&door);
    require(bed->server != NULL);
    bed->fresh = store_tree(bed->store, STORE_RUNNING);
    bed->idle = connect_to(bed, true);
}

static void begin_session(struct bed *bed, bool root)
{
    bed->decoder = framing_decoder_new((size_t)8 * 1024 * 1024);
    bed->chunked = false;
    bed->heard = 0;
    require(bed->decoder != NULL);
    bed->fd = connect_to(bed, root);
}

static void on_copied(void *context, bool ok, const struct rpc_errors *errors)
{
    (void)context;
    (void)ok;
    (void)errors;
}

/* To what a fresh store is. A confirmed commit may be in the way: then it is a fresh one. */
static bool forget(struct bed *bed)
{
    static const struct store_access anybody;
    static struct rpc_errors errors;

    /* What waits for a confirmation has changed running. */
    if (store_tree(bed->store, STORE_RUNNING) == bed->fresh &&
        store_tree(bed->store, STORE_CANDIDATE) == bed->fresh)
        return true;
    rpc_errors_clear(&errors);
    if (!store_copy(bed->store, &anybody, STORE_RUNNING, STORES, NULL, on_copied, NULL, &errors) ||
        !store_discard(bed->store, &anybody, &errors))
        return false;
    bed->fresh = store_tree(bed->store, STORE_RUNNING);
    return true;
}

static void end_session(struct bed *bed)
{
    (void)close(bed->fd);
    for (int i = 0; i < 5; i++) {
        loop_advance(bed->loop, 0);
        (void)loop_turn(bed->loop, 0);
    }
    require(!is_connected(bed));
    require(store_lock_holder(bed->store, STORE_RUNNING, NULL) == 0);
    require(store_lock_holder(bed->store, STORE_CANDIDATE, NULL) == 0);
    framing_decoder_free(bed->decoder);
}

static void close_bed(struct bed *bed)
{
    end_session(bed);
    if (forget(bed))
        return;
    netconf_server_free(bed->server);
    (void)close(bed->idle);
    store_free(bed->store);
    nacm_free(bed->nacm);
    loop_free(bed->loop);
    *bed = (struct bed){.loop = NULL};
}

/* --- the client's ---------------------------------------------------------------------------- */

static void check_message(struct bed *bed)
{
    size_t len = 0;
    struct xml_message clean;
    const char *message = framing_message(bed->decoder, &len);

    /* The hello is always the same. */
    if (bed->heard > 0) {
        require(xml_clean(message, len, &clean));
        xml_message_fini(&clean);
    }
    require(bed->heard == 0 ? strstr(message, "<hello ") == message
                            : strstr(message, "<rpc-reply ") == message ||
                                  strstr(message, "<notification ") == message);
    bed->heard++;
}

static void hear(struct bed *bed)
{
    static uint8_t input[65536];
    ssize_t count = 0;

    while ((count = recv(bed->fd, input, sizeof(input), 0)) > 0) {
        size_t at = 0;
        while (at < (size_t)count) {
            size_t used = 0;
            enum framing_result result =
                framing_decode(bed->decoder, input + at, (size_t)count - at, &used);
            at += used;
            require(result == FRAMING_MORE || result == FRAMING_MESSAGE);
            if (result == FRAMING_MESSAGE)
                check_message(bed);
            /* The server goes over when it has our hello; it has said its own by then. */
            if (result == FRAMING_MESSAGE && bed->heard == 1 && bed->chunked)
                framing_decoder_chunked(bed->decoder);
        }
    }
}

static void turn(struct bed *bed)
{
    loop_advance(bed->loop, 0);
    hear(bed);
}

static void say(struct bed *bed, const uint8_t *bytes, size_t len)
{
    for (int turns = 0; len > 0 && turns < TURNS_MAX && is_connected(bed); turns++) {
        ssize_t count = send(bed->fd, bytes, len, MSG_NOSIGNAL);
        bytes += count > 0 ? count : 0;
        len -= count > 0 ? (size_t)count : 0;
        turn(bed);
    }
}

static void say_message(struct bed *bed, const uint8_t *bytes, size_t len)
{
    char head[FRAMING_HEAD_SIZE];
    size_t tail_len = 0;
    const char *tail = framing_tail(true, &tail_len);

    static uint8_t framed[MESSAGE_MAX + FRAMING_HEAD_SIZE + 8];
    size_t head_len = framing_head(true, len, head);

    if (len == 0 || len > MESSAGE_MAX)
        return;
    memcpy(framed, head, head_len);
    memcpy(framed + head_len, bytes, len);
    memcpy(framed + head_len + len, tail, tail_len);
    say(bed, framed, head_len + len + tail_len);
}

static size_t say_messages(struct bed *bed, const uint8_t *bytes, size_t len)
{
    size_t count = 0;

    while (len > 0) {
        const uint8_t *end = memchr(bytes, 0, len);
        size_t one = end != NULL ? (size_t)(end - bytes) : len;
        say_message(bed, bytes, one);
        count++;
        bytes += end != NULL ? one + 1 : one;
        len -= end != NULL ? one + 1 : one;
    }
    return count;
}

/* What framing it will be is known only to who looks at the stream: the answers are not decoded. */
static void play_stream(struct bed *bed, const uint8_t *data, size_t size)
{
    static uint8_t input[65536];
    size_t at = 0;

    while (at < size && is_connected(bed)) {
        ssize_t count = send(bed->fd, data + at, size - at, MSG_NOSIGNAL);
        at += count > 0 ? (size_t)count : 0;
        loop_advance(bed->loop, 0);
        while (recv(bed->fd, input, sizeof(input), 0) > 0)
            continue;
    }
    for (int i = 0; i < 5; i++)
        loop_advance(bed->loop, 0);
}

static void play_messages(struct bed *bed, const uint8_t *data, size_t size)
{
    bed->chunked = true;
    say(bed, (const uint8_t *)HELLO, sizeof(HELLO) - 1);
    size_t count = say_messages(bed, data, size);
    for (size_t i = 0; i < 2 * count + 3; i++)
        turn(bed);
    require(bed->heard >= 1 && bed->heard <= 1 + 3 * count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ly_ctx *schema;
    static struct bed bed;

    if (size == 0)
        return 0;
    log_divert(ignore_line);
    if (schema == NULL)
        schema = schema_new();
    require(schema != NULL);
    if (bed.loop == NULL)
        open_bed(&bed, schema);
    begin_session(&bed, (data[0] & 1) == 0);
    if (data[0] & 2)
        play_stream(&bed, data + 1, size - 1);
    else
        play_messages(&bed, data + 1, size - 1);
    close_bed(&bed);
    ly_err_clean(schema, NULL);
    return 0;
}
