/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/cli/show.h"

#include "agent/base/hex.h"
#include "agent/base/mac.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum { COLUMNS = 79 };

void show_wrapped(struct shell *shell, const char *heading, const char *text)
{
    int indent = (int)strlen(heading);
    size_t room = (size_t)(COLUMNS - indent);

    do {
        size_t len = strlen(text);
        if (len > room) {
            len = room;
            while (len > 0 && text[len] != ' ')
                len--;
            /* A word that is longer than a line, such as a hash, stands whole. */
            if (len == 0)
                len = strcspn(text, " ");
        }
        out_line(shell->out, "%*s%.*s", indent, heading, (int)len, text);
        heading = "";
        text += len;
        text += strspn(text, " ");
    } while (*text != '\0');
}

const char *show_mac(const char *mac, char buf[static SHOW_TEXT_SIZE])
{
    struct mac parsed;
    char plain[13];

    if (!mac_parse(mac, strlen(mac), &parsed))
        return mac;
    (void)hex_text(parsed.b, sizeof(parsed.b), plain);
    (void)snprintf(buf, SHOW_TEXT_SIZE, "%.4s.%.4s.%.4s", plain, plain + 4, plain + 8);
    return buf;
}

const char *show_span(uint64_t seconds, char buf[static SHOW_TEXT_SIZE])
{
    static const struct {
        const char *name;
        unsigned seconds;
    } units[] = {{"week", 604800}, {"day", 86400}, {"hour", 3600}, {"minute", 60}};
    size_t used = 0;

    buf[0] = '\0';
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        unsigned long count = (unsigned long)(seconds / units[i].seconds);
        seconds %= units[i].seconds;
        if (count == 0 && !(used == 0 && units[i].seconds == 60))
            continue;
        used += (size_t)snprintf(buf + used, SHOW_TEXT_SIZE - used, "%s%lu %s%s",
                                 used > 0 ? ", " : "", count, units[i].name, count == 1 ? "" : "s");
        if (used >= SHOW_TEXT_SIZE)
            break;
    }
    return buf;
}

static bool is_address(const char *text)
{
    struct in6_addr address;

    return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

const char *show_address(const struct tree *peer, char buf[static SHOW_ADDRESS_SIZE])
{
    const char *text = tree_or(peer, "address", "");

    if (text[0] == '[')
        (void)snprintf(buf, SHOW_ADDRESS_SIZE, "%.*s", (int)strcspn(text + 1, "]%"), text + 1);
    else
        (void)snprintf(buf, SHOW_ADDRESS_SIZE, "%.*s", (int)strcspn(text, ":"), text);
    if (is_address(buf))
        return buf;
    text = text[0] != '\0' ? text : tree_or(peer, "host", "");
    (void)snprintf(buf, SHOW_ADDRESS_SIZE, "%.*s", (int)strcspn(text, "%"), text);
    return is_address(buf) ? buf : NULL;
}

const struct tree *show_nmsp_state(struct shell *shell, const char *part, struct answer *answer)
{
    static const struct tree nothing = {"nmsp-state", "", NULL, NULL};
    char filter[512];

    (void)snprintf(filter, sizeof(filter), "<nmsp-state " SHELL_XMLNS("nmsp") ">%s</nmsp-state>",
                   part);
    if (!shell_get(shell, filter, answer))
        return NULL;
    const struct tree *state = tree_at(answer->tree, "data/nmsp-state");
    return state != NULL ? state : &nothing;
}

bool show_config(struct shell *shell, const char *filter, struct answer *answer)
{
    char text[1024];

    (void)snprintf(text, sizeof(text),
                   "<get-config><source><running/></source><filter type=\"subtree\">%s</filter>"
                   "<with-defaults xmlns=\""
                   "urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults\">report-all"
                   "</with-defaults></get-config>",
                   filter);
    return shell_call(shell, text, answer);
}

bool show_pages(struct shell *shell, unsigned pages, const char *rpc, const char *module,
                const char *input, const char *element,
                void (*each)(struct shell *shell, const struct tree *one, void *context),
                void *context)
{
    char after[48] = "";
    char text[1024];
    struct answer answer;
    bool more = true;

    for (unsigned page = 1; more && !out_is_over(shell->out); page++) {
        (void)snprintf(text, sizeof(text),
                       "<%s xmlns=\"urn:nmspd:yang:nmspd-%s\">%s<limit>100</limit>%s</%s>", rpc,
                       module, after, input, rpc);
        if (!shell_call(shell, text, &answer)) {
            answer_free(&answer);
            return false;
        }
        for (TREE_EACH(one, answer.tree, element))
            each(shell, one, context);
        const char *next = tree_text(answer.tree, "next");
        more = next != NULL && page != pages;
        if (more)
            (void)snprintf(after, sizeof(after), "<after>%.20s</after>", next);
        answer_free(&answer);
    }
    return true;
}
