/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/cli/client.h"

#include "agent/base/local.h"
#include "agent/base/number.h"
#include "config/netconf/framing.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BASE "urn:ietf:params:xml:ns:netconf:base:1.0"

enum { ANSWER_MAX = 64 * 1024 * 1024, READ_SIZE = 65536 };

struct client {
    int fd;
    pid_t ssh; /* 0: none */
    bool chunked;
    bool lost;
    bool keeps_raw;
    unsigned long session;
    unsigned long next_id;
    struct framing_decoder *decoder;
    struct buffer out;
    size_t begin; /* of what was read and not taken yet */
    size_t end;
    uint8_t in[READ_SIZE];
};

/* --- buffers --------------------------------------------------------------------------------- */

static void out_of_memory(void)
{
    (void)fputs("nmsp: memory is out\n", stderr);
    exit(EXIT_FAILURE);
}

void buffer_add(struct buffer *buffer, const char *text, size_t len)
{
    if (buffer->size - buffer->len <= len) {
        buffer->size = 2 * buffer->size + len + 256;
        buffer->bytes = realloc(buffer->bytes, buffer->size);
        if (buffer->bytes == NULL)
            out_of_memory();
    }
    memcpy(buffer->bytes + buffer->len, text, len);
    buffer->len += len;
    buffer->bytes[buffer->len] = '\0';
}

void buffer_put(struct buffer *buffer, const char *text)
{
    buffer_add(buffer, text, strlen(text));
}

void buffer_print(struct buffer *buffer, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    int len = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (len < 0)
        out_of_memory();
    buffer_add(buffer, text, (size_t)len);
    free(text);
}

void buffer_escape(struct buffer *buffer, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '&')
            buffer_put(buffer, "&amp;");
        else if (*text == '<')
            buffer_put(buffer, "&lt;");
        else if (*text == '>')
            buffer_put(buffer, "&gt;");
        else
            buffer_add(buffer, text, 1);
    }
}

void buffer_clear(struct buffer *buffer)
{
    buffer->len = 0;
    if (buffer->bytes != NULL)
        buffer->bytes[0] = '\0';
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (struct buffer){NULL, 0, 0};
}

/* --- the connection -------------------------------------------------------------------------- */

static const char *socket_remedy(int error)
{
    switch (error) {
    case ENOENT:
    case ECONNREFUSED:
        return "start nmspd, or name its socket with --socket";
    case EACCES:
        return "your user must be in the group nmsp";
    default:
        return "see nmspd(8)";
    }
}

static int connect_socket(const char *path, char *why, size_t size)
{
    struct sockaddr_un address;
    int fd = -1;

    errno = ENAMETOOLONG;
    if (local_address(path, &address))
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    (void)snprintf(why, size, "cannot connect to %s: %s: %s", path, strerror(errno),
                   socket_remedy(errno));
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

static void run_ssh(int fd, const char *host)
{
    if (dup2(fd, STDIN_FILENO) >= 0 && dup2(fd, STDOUT_FILENO) >= 0)
        (void)execlp("ssh", "ssh", "-T", "-o", "EscapeChar=none", "--", host,
                     "/usr/sbin/nmsp-netconf", (char *)NULL);
    (void)fprintf(stderr, "nmsp: cannot start ssh: %s\n", strerror(errno));
    _exit(EXIT_FAILURE);
}

static int connect_ssh(struct client *client, const char *host, char *why, size_t size)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        (void)snprintf(why, size, "cannot start ssh: %s", strerror(errno));
        return -1;
    }
    client->ssh = fork();
    if (client->ssh == 0)
        run_ssh(ends[1], host);
    (void)close(ends[1]);
    if (client->ssh > 0)
        return ends[0];
    (void)snprintf(why, size, "cannot start ssh: %s", strerror(errno));
    (void)close(ends[0]);
    client->ssh = 0;
    return -1;
}

static bool send_all(struct client *client, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t count = send(client->fd, bytes, len, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0) {
            client->lost = true;
            return false;
        }
        bytes += count;
        len -= (size_t)count;
    }
    return true;
}

static bool send_message(struct client *client, const struct buffer *message)
{
    char head[FRAMING_HEAD_SIZE];
    size_t head_len = framing_head(client->chunked, message->len, head);
    size_t tail_len = 0;
    const char *tail = framing_tail(client->chunked, &tail_len);

    return send_all(client, head, head_len) && send_all(client, message->bytes, message->len) &&
           send_all(client, tail, tail_len);
}

static bool read_more(struct client *client)
{
    ssize_t count;

    do
        count = read(client->fd, client->in, sizeof(client->in));
    while (count < 0 && errno == EINTR);
    client->begin = 0;
    client->end = count > 0 ? (size_t)count : 0;
    client->lost = client->lost || count <= 0;
    return count > 0;
}

/* A whole message, or NULL: the connection is lost. Valid until the next one. */
static char *receive(struct client *client, size_t *len)
{
    for (;;) {
        size_t used = 0;
        if (client->begin == client->end && !read_more(client))
            return NULL;
        enum framing_result result = framing_decode(client->decoder, client->in + client->begin,
                                                    client->end - client->begin, &used);
        client->begin += used;
        if (result == FRAMING_MESSAGE)
            return framing_message(client->decoder, len);
        if (result != FRAMING_MORE) {
            client->lost = true;
            return NULL;
        }
    }
}

/* The agent's hello; what it can do besides base 1.1 is not asked: it is of the same project. */
static bool greet(struct client *client)
{
    static const char hello[] = "<hello xmlns=\"" BASE "\"><capabilities><capability>"
                                "urn:ietf:params:netconf:base:1.1</capability></capabilities>"
                                "</hello>";
    struct buffer message = {NULL, 0, 0};
    size_t len = 0;

    buffer_put(&message, hello);
    bool sent = send_message(client, &message);
    buffer_free(&message);
    char *text = sent ? receive(client, &len) : NULL;
    struct tree *tree = text != NULL ? tree_read(text, len) : NULL;
    if (tree == NULL)
        return false;
    client->session = (unsigned long)tree_number(tree, "session-id");
    free(tree);
    client->chunked = true;
    framing_decoder_chunked(client->decoder);
    return client->session != 0;
}

struct client *client_open(const char *socket_path, const char *host, char *why, size_t size)
{
    struct client *client = calloc(1, sizeof(*client));

    if (client == NULL)
        out_of_memory();
    client->decoder = framing_decoder_new(ANSWER_MAX);
    if (client->decoder == NULL)
        out_of_memory();
    client->fd = host != NULL ? connect_ssh(client, host, why, size)
                              : connect_socket(socket_path, why, size);
    if (client->fd >= 0) {
        if (greet(client))
            return client;
        (void)snprintf(why, size,
                       host != NULL ? "ssh gave no session with nmspd"
                                    : "nmspd closed the connection at once: it has too many "
                                      "sessions, or does not know your user; its log says which");
    }
    client_close(client);
    return NULL;
}

void client_close(struct client *client)
{
    if (client == NULL)
        return;
    if (client->fd >= 0) {
        struct answer answer;
        if (!client->lost && client->chunked) {
            (void)client_call(client, "<close-session/>", &answer);
            answer_free(&answer);
        }
        (void)close(client->fd);
    }
    if (client->ssh > 0)
        (void)waitpid(client->ssh, NULL, 0);
    framing_decoder_free(client->decoder);
    buffer_free(&client->out);
    free(client);
}

/* --- calls ----------------------------------------------------------------------------------- */

static char *copy_of(const char *text, size_t len)
{
    char *copy = malloc(len + 1);

    if (copy == NULL)
        out_of_memory();
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

bool client_call(struct client *client, const char *operation, struct answer *answer)
{
    struct buffer *out = &client->out;
    size_t len = 0;

    *answer = (struct answer){NULL, NULL, NULL, NULL};
    buffer_clear(out);
    buffer_print(out, "<rpc xmlns=\"" BASE "\" message-id=\"%lu\">", ++client->next_id);
    buffer_put(out, operation);
    buffer_put(out, "</rpc>");
    char *text = !client->lost && send_message(client, out) ? receive(client, &len) : NULL;
    if (text == NULL)
        return false;
    answer->message = copy_of(text, len);
    if (client->keeps_raw)
        answer->raw = copy_of(text, len);
    answer->tree = tree_read(answer->message, len);
    answer->error = tree_at(answer->tree, "rpc-error");
    client->lost = client->lost || answer->tree == NULL;
    return answer->tree != NULL && answer->error == NULL;
}

void answer_free(struct answer *answer)
{
    free(answer->tree);
    free(answer->message);
    free(answer->raw);
    *answer = (struct answer){NULL, NULL, NULL, NULL};
}

unsigned long client_session(const struct client *client)
{
    return client->session;
}

bool client_is_lost(const struct client *client)
{
    return client->lost;
}

void client_keep_raw(struct client *client, bool keep)
{
    client->keeps_raw = keep;
}

/* --- what is wrong --------------------------------------------------------------------------- */

/* The last name of an instance identifier, without its module. */
static void last_name(const char *path, char *name, size_t size)
{
    const char *start = path;
    char quote = '\0';

    for (const char *at = path; *at != '\0'; at++) {
        if (quote != '\0')
            quote = *at == quote ? '\0' : quote;
        else if (*at == '\'' || *at == '"')
            quote = *at;
        else if (*at == '/' || *at == ':')
            start = at + 1;
    }
    (void)snprintf(name, size, "%.*s", (int)strcspn(start, "["), start);
}

/* Who a session of NETCONF is: "session 5 (alice)". */
static void name_session(struct client *client, unsigned long id, char *buf, size_t size)
{
    struct answer answer;

    (void)snprintf(buf, size, "session %lu", id);
    if (client_call(client,
                    "<get><filter type=\"subtree\"><netconf-state xmlns=\""
                    "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring\"><sessions/>"
                    "</netconf-state></filter></get>",
                    &answer)) {
        const struct tree *sessions = tree_at(answer.tree, "data/netconf-state/sessions");
        for (TREE_EACH(session, sessions, "session"))
            if (tree_number(session, "session-id") == id)
                (void)snprintf(buf, size, "session %lu (%s)", id,
                               tree_or(session, "username", "unknown"));
    }
    answer_free(&answer);
}

/* Who holds a lock as a message says it, or 0. */
static unsigned long session_in(const char *message)
{
    static const char holder[] = "locked by session ";
    const char *at = strstr(message, holder);
    uint64_t number = 0;

    if (at != NULL) {
        at += sizeof(holder) - 1;
        struct cursor c = cursor_of(at, strlen(at));
        (void)number_take(&c, UINT32_MAX, &number);
    }
    return (unsigned long)number;
}

const char *client_reason(struct client *client, const struct answer *answer, char *buf,
                          size_t size)
{
    char name[128] = "";
    char session[160];

    if (answer->error == NULL) {
        (void)snprintf(buf, size, "The connection to nmspd is lost");
        return buf;
    }
    const char *message = tree_or(answer->error, "error-message", "refused");
    const char *tag = tree_or(answer->error, "error-tag", "");
    unsigned long holder = session_in(message);
    if (tree_text(answer->error, "error-info/session-id") != NULL)
        holder = (unsigned long)tree_number(answer->error, "error-info/session-id");
    last_name(tree_or(answer->error, "error-path", ""), name, sizeof(name));
    if ((strcmp(tag, "in-use") == 0 || strcmp(tag, "lock-denied") == 0) && holder != 0) {
        name_session(client, holder, session, sizeof(session));
        (void)snprintf(buf, size, "The configuration is locked by %s: try again when it is free",
                       session);
    } else if (name[0] != '\0' && strcmp(tag, "access-denied") != 0) {
        (void)snprintf(buf, size, "%s %s", name, message);
    } else {
        (void)snprintf(buf, size, "%c%s", toupper((unsigned char)message[0]),
                       message[0] != '\0' ? message + 1 : "");
    }
    return buf;
}
