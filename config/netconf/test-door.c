/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/netconf/test-door.h"

#include "agent/base/log.h"
#include "agent/settings.h"
#include "config/schema/compat.h"
#include "config/schema/schema.h"

#include <dirent.h>
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { DEADLINE_MS = 10000 };

struct door door;

/* --- life ------------------------------------------------------------------------------------ */

int door_schema(void **state)
{
    (void)state;
    door.schema = schema_new();
    return door.schema == NULL;
}

int door_no_schema(void **state)
{
    (void)state;
    schema_free(door.schema);
    return 0;
}

static void keep_line(enum log_level level, const char *line)
{
    size_t used = strlen(door.log);

    (void)level;
    (void)snprintf(door.log + used, sizeof(door.log) - used, "%s\n", line);
}

static void on_apply(void *context, struct settings *settings)
{
    (void)context;
    settings_free(settings);
    door.applies++;
    if (door.server != NULL)
        netconf_server_running_changed(door.server);
}

int door_open(void **state)
{
    struct ly_ctx *schema = door.schema;

    (void)state;
    door = (struct door){.schema = schema, .folder = "/tmp/test-door-XXXXXX"};
    log_divert(keep_line);
    door.loop = loop_new_virtual(0, 1800000000000);
    door.nacm = nacm_new(door.schema);
    if (door.loop == NULL || door.nacm == NULL || mkdtemp(door.folder) == NULL)
        return 1;
    (void)chmod(door.folder, 0755);
    (void)snprintf(door.path, sizeof(door.path), "%s/management.sock", door.folder);
    (void)snprintf(door.startup, sizeof(door.startup), "%s/nmspd.json", door.folder);
    const struct store_options options = {
        .loop = door.loop, .schema = door.schema, .path = door.startup, .apply = on_apply};
    door.store = store_new(&options);
    if (door.store == NULL)
        return 1;
    door_start();
    return door.server == NULL;
}

void door_start(void)
{
    const struct netconf_server_options options = {
        .loop = door.loop, .store = door.store, .nacm = door.nacm, .path = door.path};
    door.server = netconf_server_new(&options);
}

static void empty_folder(void)
{
    DIR *folder = opendir(door.folder);
    struct dirent *entry = NULL;

    while ((entry = readdir(folder)) != NULL) {
        char path[sizeof(door.folder) + sizeof(entry->d_name) + 1];
        (void)snprintf(path, sizeof(path), "%s/%s", door.folder, entry->d_name);
        (void)unlink(path);
    }
    (void)closedir(folder);
}

int door_close(void **state)
{
    (void)state;
    netconf_server_free(door.server);
    store_free(door.store);
    nacm_free(door.nacm);
    loop_free(door.loop);
    empty_folder();
    log_divert(NULL);
    return rmdir(door.folder);
}

void door_turn(unsigned turns)
{
    while (turns-- > 0) {
        loop_advance(door.loop, 0);
        (void)loop_turn(door.loop, 0);
    }
}

/* --- clients --------------------------------------------------------------------------------- */

struct client *client_on(int fd)
{
    struct client *client = calloc(1, sizeof(*client));

    assert_non_null(client);
    client->fd = fd;
    client->decoder = framing_decoder_new((size_t)2 * NC_MESSAGE_MAX);
    assert_non_null(client->decoder);
    return client;
}

struct client *client_connect(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", door.path);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return client_on(fd);
    (void)close(fd);
    return NULL;
}

void client_close(struct client *client)
{
    (void)close(client->fd);
    framing_decoder_free(client->decoder);
    free(client->last);
    free(client);
}

static int64_t real_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void take_input(struct client *client)
{
    ssize_t count = recv(client->fd, client->input, sizeof(client->input), 0);

    if (count == 0 || (count < 0 && errno != EAGAIN))
        client->gone = true;
    client->begin = 0;
    client->end = count > 0 ? (size_t)count : 0;
}

/* A whole message, if one is there. */
static const char *try_hear(struct client *client)
{
    size_t used = 0;
    size_t len = 0;

    if (client->begin == client->end)
        take_input(client);
    enum framing_result result = framing_decode(client->decoder, client->input + client->begin,
                                                client->end - client->begin, &used);
    client->begin += used;
    if (result == FRAMING_MORE)
        return NULL;
    assert_int_equal(result, FRAMING_MESSAGE);
    free(client->last);
    client->last = strdup(framing_message(client->decoder, &len));
    assert_non_null(client->last);
    return client->last;
}

const char *client_hear(struct client *client)
{
    int64_t until = real_ms() + DEADLINE_MS;

    while (real_ms() < until) {
        const char *message = try_hear(client);
        if (message != NULL)
            return message;
        if (client->gone)
            return NULL;
        loop_advance(door.loop, 0);
        (void)loop_turn(door.loop, client->begin == client->end ? 1 : 0);
    }
    fail_msg("nothing comes");
    return NULL;
}

void client_hear_nothing(struct client *client)
{
    door_turn(20);
    const char *message = try_hear(client);
    if (message != NULL)
        fail_msg("there is %s", message);
    assert_false(client->gone);
}

void client_send_raw(struct client *client, const char *bytes, size_t len)
{
    int64_t until = real_ms() + DEADLINE_MS;

    while (len > 0) {
        size_t piece = client->piece > 0 && client->piece < len ? client->piece : len;
        ssize_t count = send(client->fd, bytes, piece, MSG_NOSIGNAL);
        if (count < 0 && errno != EAGAIN)
            return; /* the server has closed: what hears will see it */
        if (count > 0) {
            bytes += count;
            len -= (size_t)count;
        }
        if (count < 0 || client->piece > 0)
            door_turn(1);
        assert_true(real_ms() < until);
    }
}

void client_send(struct client *client, const char *message)
{
    char head[FRAMING_HEAD_SIZE];
    size_t head_len = framing_head(client->chunked, strlen(message), head);
    size_t tail_len = 0;
    const char *tail = framing_tail(client->chunked, &tail_len);

    client_send_raw(client, head, head_len);
    client_send_raw(client, message, strlen(message));
    client_send_raw(client, tail, tail_len);
}

void client_greet(struct client *client, bool chunked)
{
    const char *hello = client_hear(client);

    assert_non_null(hello);
    assert_non_null(strstr(hello, "<hello"));
    client_send(client, chunked ? DOOR_HELLO_1 : DOOR_HELLO_0);
    client->chunked = chunked;
    if (chunked)
        framing_decoder_chunked(client->decoder);
    door_turn(3);
}

struct client *client_open(bool chunked)
{
    struct client *client = client_connect();

    assert_non_null(client);
    client_greet(client, chunked);
    return client;
}

const char *client_ask(struct client *client, const char *message)
{
    client_send(client, message);
    return client_hear(client);
}

static void must_hold(const char *message, const char *answer, const char *text)
{
    if (answer == NULL)
        fail_msg("%s\nends the session", message);
    else if (strstr(answer, text) == NULL)
        fail_msg("there is no %s in the answer to\n%s:\n%s", text, message, answer);
}

void client_expect(struct client *client, const char *message, ...)
{
    va_list texts;
    const char *text = NULL;

    const char *answer = client_ask(client, message);
    va_start(texts, message);
    while ((text = va_arg(texts, const char *)) != NULL) {
        if (text[0] == '!' && answer != NULL && strstr(answer, text + 1) != NULL)
            fail_msg("there is %s in the answer to\n%s:\n%s", text + 1, message, answer);
        else if (text[0] != '!')
            must_hold(message, answer, text);
    }
    va_end(texts);
}

void client_ok(struct client *client, const char *message)
{
    must_hold(message, client_ask(client, message), "<ok/></rpc-reply>");
}

void client_error(struct client *client, const char *message, const char *tag)
{
    char text[96];

    (void)snprintf(text, sizeof(text), "<error-tag>%s</error-tag>", tag);
    must_hold(message, client_ask(client, message), text);
}

void client_expect_end(struct client *client)
{
    const char *message = client_hear(client);

    if (message != NULL)
        fail_msg("there is %s", message);
}
