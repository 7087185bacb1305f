/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random edits against a model that knows nothing of libyang: after each, running is what the model
 * says, and the settings handed to the agent are those of a fresh start from it.
 *
 * NMSPD_RANDOM_EDITS: how many (1000; with NMSPD_TEST_FULL 10,000). NMSPD_RANDOM_SEED: where chance
 * begins (1).
 */
#include "config/datastore/test-store-bed.h"

#include "config/test-settings.h"

#include <stdlib.h>
#include <string.h>

enum { NAMES = 6, TEXT_SIZE = 65536, ACCEPTED_LEAST = 50 /* of a hundred */ };

/* --- the model ------------------------------------------------------------------------------- */

/* A leaf of the model: not there, or a number. */
enum { UNSET = -1 };

enum { LEAVES = 5 };

static const struct leaf {
    const char *module, *top, *inner, *name; /* inner: a container between, or NULL */
    int low, high;                           /* of numbers; of booleans 0 and 1 */
    bool boolean;
} leaves[LEAVES] = {
    {"nmspd-nmsp", "nmsp", NULL, "enable", 0, 1, true},
    {"nmspd-nmsp", "nmsp", NULL, "strong-cipher", 0, 1, true},
    {"nmspd-nmsp", "nmsp", "notification", "client-notify-interval", 1, 180, false},
    {"nmspd-nmsp", "nmsp", "notification", "rfid-notify-interval", 1, 180, false},
    {"nmspd-location", "location", "expiry", "client", 5, 3600, false},
};

struct server {
    bool there;
    int mac; /* the last octet, or UNSET */
};

struct list {
    bool there;
    int hash; /* the digit it consists of, or UNSET */
};

struct user {
    bool there;
    int list; /* never UNSET */
};

struct model {
    int leaves[LEAVES];
    bool listens;
    int listen_port;
    struct server servers[NAMES];
    struct list lists[NAMES];
    struct user users[NAMES];
    int rules[NAMES]; /* in order; UNSET from rule_count on */
    int rule_count;
    int rule_case[NAMES]; /* 0: none, 1: rpc-name, 2: notification-name */
};

/* --- chance ---------------------------------------------------------------------------------- */

static uint64_t chance_state;

/* splitmix64 */
static uint64_t chance(void)
{
    uint64_t z = (chance_state += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* 0 to below - 1 */
static int any(int below)
{
    return (int)(chance() % (unsigned)below);
}

/* --- operations ------------------------------------------------------------------------------ */

enum operation { MERGE, REPLACE, CREATE, DELETE, REMOVE, OPERATIONS };

static const char *const operation_names[OPERATIONS] = {"merge", "replace", "create", "delete",
                                                        "remove"};

/* May it be done to what is there or not? */
static bool is_possible(enum operation operation, bool there)
{
    return operation == CREATE ? !there : operation != DELETE || there;
}

static bool takes_away(enum operation operation)
{
    return operation == DELETE || operation == REMOVE;
}

static char xml[TEXT_SIZE];

static void put(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void put(const char *format, ...)
{
    size_t used = strlen(xml);
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(xml + used, sizeof(xml) - used, format, arguments);
    va_end(arguments);
}

static void put_value(char *text, size_t size, const struct leaf *leaf, int value)
{
    if (leaf->boolean)
        (void)snprintf(text, size, "%s", value ? "true" : "false");
    else
        (void)snprintf(text, size, "%d", value);
}

/* Each writes an edit into xml and does the same to the model. False: it must be refused. */
static bool edit_leaf(struct model *model)
{
    int index = any(LEAVES);
    const struct leaf *leaf = &leaves[index];
    enum operation operation = (enum operation)any(OPERATIONS);
    int value = leaf->low + any(leaf->high - leaf->low + 1);
    char text[16];

    put_value(text, sizeof(text), leaf, value);
    put("<%s xmlns='urn:nmspd:yang:%s' " BED_NC ">", leaf->top, leaf->module);
    if (leaf->inner != NULL)
        put("<%s>", leaf->inner);
    if (takes_away(operation) && any(2) == 0)
        text[0] = '\0';
    put("<%s nc:operation='%s'>%s</%s>", leaf->name, operation_names[operation], text, leaf->name);
    if (leaf->inner != NULL)
        put("</%s>", leaf->inner);
    put("</%s>", leaf->top);
    if (!is_possible(operation, model->leaves[index] != UNSET))
        return false;
    model->leaves[index] = takes_away(operation) ? UNSET : value;
    return true;
}

static bool edit_listen(struct model *model)
{
    enum operation operation = (enum operation)any(OPERATIONS);
    int port = any(2) == 0 ? UNSET : 1 + any(65535);

    put("<nmsp xmlns='urn:nmspd:yang:nmspd-nmsp' " BED_NC "><listen nc:operation='%s'>",
        operation_names[operation]);
    if (port != UNSET)
        put("<port>%d</port>", port);
    put("</listen></nmsp>");
    if (!is_possible(operation, model->listens))
        return false;
    if (takes_away(operation) || operation == REPLACE || operation == CREATE)
        model->listen_port = UNSET;
    model->listens = !takes_away(operation);
    if (model->listens && port != UNSET)
        model->listen_port = port;
    return true;
}

static bool edit_server(struct model *model)
{
    int name = any(NAMES);
    struct server *server = &model->servers[name];
    enum operation operation = (enum operation)any(OPERATIONS);
    int mac = any(2) == 0 ? UNSET : any(256);

    put("<nmsp xmlns='urn:nmspd:yang:nmspd-nmsp' " BED_NC "><server nc:operation='%s'>"
        "<host>h%d</host><port>16113</port>",
        operation_names[operation], name);
    if (mac != UNSET)
        put("<mac>00:50:56:9c:34:%02x</mac>", (unsigned)mac);
    put("</server></nmsp>");
    if (!is_possible(operation, server->there))
        return false;
    if (operation != MERGE)
        server->mac = UNSET;
    server->there = !takes_away(operation);
    if (server->there && mac != UNSET)
        server->mac = mac;
    return true;
}

/* A list and a user in one edit, as an operator enters them. */
static bool edit_aaa(struct model *model)
{
    int list = any(NAMES);
    int user = any(NAMES);
    int hash = any(2) == 0 ? UNSET : any(16);
    enum operation on_list = (enum operation)any(OPERATIONS);
    enum operation on_user = (enum operation)any(OPERATIONS);

    put("<aaa xmlns='urn:nmspd:yang:nmspd-aaa' " BED_NC "><user nc:operation='%s'>"
        "<mac>0050.569c.00%02x</mac><attribute-list>L%d</attribute-list></user>",
        operation_names[on_user], (unsigned)user, list);
    put("<attribute-list nc:operation='%s'><name>L%d</name>", operation_names[on_list], list);
    if (hash != UNSET) {
        put("<password>");
        for (int i = 0; i < 40; i++)
            put("%x", (unsigned)hash);
        put("</password>");
    }
    put("</attribute-list></aaa>");
    if (!is_possible(on_list, model->lists[list].there) ||
        !is_possible(on_user, model->users[user].there))
        return false;
    model->users[user].there = !takes_away(on_user);
    model->users[user].list = list;
    if (on_list != MERGE)
        model->lists[list].hash = UNSET;
    model->lists[list].there = !takes_away(on_list);
    if (model->lists[list].there && hash != UNSET)
        model->lists[list].hash = hash;
    return true;
}

/* --- an ordered list ------------------------------------------------------------------------- */

static int place_of(const struct model *model, int rule)
{
    for (int i = 0; i < model->rule_count; i++)
        if (model->rules[i] == rule)
            return i;
    return UNSET;
}

static void pull(struct model *model, int rule)
{
    int place = place_of(model, rule);

    if (place == UNSET)
        return;
    for (int i = place; i + 1 < model->rule_count; i++)
        model->rules[i] = model->rules[i + 1];
    model->rule_count--;
}

static void push(struct model *model, int rule, int place)
{
    for (int i = model->rule_count; i > place; i--)
        model->rules[i] = model->rules[i - 1];
    model->rules[place] = rule;
    model->rule_count++;
}

enum where { NOWHERE, FIRST, LAST, BEFORE, AFTER, PLACES };

static void move(struct model *model, int rule, enum where where, int anchor)
{
    bool there = place_of(model, rule) != UNSET;

    if ((where == NOWHERE && there) || ((where == BEFORE || where == AFTER) && anchor == rule))
        return;
    pull(model, rule);
    if (where == FIRST)
        push(model, rule, 0);
    else if (where == BEFORE || where == AFTER)
        push(model, rule, place_of(model, anchor) + (where == AFTER));
    else
        push(model, rule, model->rule_count);
}

static bool edit_rule(struct model *model)
{
    static const char *const places[PLACES] = {"", "first", "last", "before", "after"};
    static const char *const cases[] = {"", "<rpc-name>get</rpc-name>",
                                        "<notification-name>n</notification-name>"};
    int rule = any(NAMES);
    int anchor = any(NAMES);
    int branch = any(3);
    enum operation operation = (enum operation)any(OPERATIONS);
    enum where where = takes_away(operation) ? NOWHERE : (enum where)any(PLACES);
    bool there = place_of(model, rule) != UNSET;

    put("<nacm xmlns='urn:ietf:params:xml:ns:yang:ietf-netconf-acm' " BED_NC " " BED_YANG
        "><rule-list><name>l</name><rule nc:operation='%s'",
        operation_names[operation]);
    if (where != NOWHERE)
        put(" yang:insert='%s'", places[where]);
    if (where == BEFORE || where == AFTER)
        put(" yang:key=\"[name='r%d']\"", anchor);
    put("><name>r%d</name>%s<action>deny</action></rule></rule-list></nacm>", rule, cases[branch]);
    if (!is_possible(operation, there))
        return false;
    if ((where == BEFORE || where == AFTER) && place_of(model, anchor) == UNSET)
        return false;
    if (takes_away(operation)) {
        pull(model, rule);
        return true;
    }
    move(model, rule, where, anchor);
    if (branch != 0 || operation != MERGE || !there)
        model->rule_case[rule] = branch;
    return true;
}

/* --- what the model is, as JSON -------------------------------------------------------------- */

static char json[TEXT_SIZE];

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *format, ...)
{
    size_t used = strlen(json);
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(json + used, sizeof(json) - used, format, arguments);
    va_end(arguments);
}

static void say_leaf(const struct model *model, int index)
{
    char text[16];

    if (model->leaves[index] == UNSET)
        return;
    put_value(text, sizeof(text), &leaves[index], model->leaves[index]);
    say("'%s':%s,", leaves[index].name, text);
}

static void say_servers(const struct model *model)
{
    say("'server':[");
    for (int i = 0; i < NAMES; i++) {
        if (!model->servers[i].there)
            continue;
        say("{'host':'h%d','port':16113,", i);
        if (model->servers[i].mac != UNSET)
            say("'mac':'00:50:56:9c:34:%02x',", (unsigned)model->servers[i].mac);
        say("},");
    }
    say("],");
}

static void say_nmsp(const struct model *model)
{
    say("'nmspd-nmsp:nmsp':{");
    say_leaf(model, 0);
    say_leaf(model, 1);
    say_servers(model);
    if (model->listens && model->listen_port != UNSET)
        say("'listen':{'port':%d},", model->listen_port);
    else if (model->listens)
        say("'listen':{},");
    say("'notification':{");
    say_leaf(model, 2);
    say_leaf(model, 3);
    say("}},");
}

static void say_aaa(const struct model *model)
{
    say("'nmspd-aaa:aaa':{'attribute-list':[");
    for (int i = 0; i < NAMES; i++) {
        if (!model->lists[i].there)
            continue;
        say("{'name':'L%d',", i);
        if (model->lists[i].hash != UNSET) {
            say("'password':'");
            for (int digit = 0; digit < 40; digit++)
                say("%x", (unsigned)model->lists[i].hash);
            say("',");
        }
        say("},");
    }
    say("],'user':[");
    for (int i = 0; i < NAMES; i++)
        if (model->users[i].there)
            say("{'mac':'0050.569c.00%02x','attribute-list':'L%d'},", (unsigned)i,
                model->users[i].list);
    say("]},");
}

static void say_rules(const struct model *model, bool list)
{
    static const char *const cases[] = {"", "'rpc-name':'get',", "'notification-name':'n',"};

    if (!list)
        return;
    say("'ietf-netconf-acm:nacm':{'rule-list':[{'name':'l','rule':[");
    for (int i = 0; i < model->rule_count; i++)
        say("{'name':'r%d',%s'action':'deny'},", model->rules[i],
            cases[model->rule_case[model->rules[i]]]);
    say("]}]},");
}

/* JSON knows no comma before a bracket. */
static char *without_commas(void)
{
    char *out = malloc(strlen(json) + 1);
    size_t len = 0;

    assert_non_null(out);
    for (const char *at = json; *at != '\0'; at++) {
        if (*at == ',' && (at[1] == '}' || at[1] == ']'))
            continue;
        out[len++] = *at == '\'' ? '"' : *at;
    }
    out[len] = '\0';
    return out;
}

/* `rule_list`: the list of rules was made once, and no edit takes it away. */
static char *model_json(const struct model *model, bool rule_list)
{
    json[0] = '\0';
    say("{");
    say_nmsp(model);
    say_aaa(model);
    say("'nmspd-location:location':{'expiry':{");
    say_leaf(model, 4);
    say("}},");
    say_rules(model, rule_list);
    say("}");
    return without_commas();
}

/* --- the comparison -------------------------------------------------------------------------- */

static struct loader *fresh;

static void expect_running(const struct model *model, bool rule_list, int number)
{
    char *text = model_json(model, rule_list);
    struct lyd_node *tree = NULL;
    struct lyd_node *diff = NULL;
    static struct config_error error;

    assert_int_equal(lyd_parse_data_mem(bed.schema, text, LYD_JSON,
                                        LYD_PARSE_STRICT | LYD_PARSE_NO_STATE,
                                        LYD_VALIDATE_NO_STATE, &tree),
                     LY_SUCCESS);
    assert_int_equal(
        lyd_diff_siblings(tree, store_tree(bed.store, STORE_RUNNING), LYD_DIFF_DEFAULTS, &diff),
        LY_SUCCESS);
    if (diff != NULL) {
        char *found = NULL;
        (void)lyd_print_mem(&found, diff, LYD_XML, LYD_PRINT_WITHSIBLINGS | LYD_PRINT_WD_ALL);
        fail_msg("edit %d:\n%s\nthe model is\n%s\nand running differs by\n%s", number, xml, text,
                 found);
    }
    lyd_free_all(tree);

    struct settings *settings = loader_text(fresh, text, strlen(text), &error);
    assert_non_null(settings);
    struct settings *running = store_settings(bed.store);
    assert_true(testing_same(settings, running));
    if (bed.applied != NULL && !testing_same(settings, bed.applied))
        fail_msg("edit %d:\n%s\nthe agent was given other settings than a fresh start gives",
                 number, xml);
    settings_free(running);
    settings_free(settings);
    free(text);
}

static int from_environment(const char *name, int otherwise)
{
    const char *text = getenv(name);
    return text != NULL ? atoi(text) : otherwise;
}

static bool edit(struct model *model)
{
    static bool (*const kinds[])(struct model *) = {edit_leaf, edit_listen, edit_server, edit_aaa,
                                                    edit_rule};

    xml[0] = '\0';
    return kinds[any(sizeof(kinds) / sizeof(kinds[0]))](model);
}

static bool is_taken(bool through_candidate)
{
    if (!through_candidate)
        return bed_edit(STORE_RUNNING, xml);
    return bed_edit(STORE_CANDIDATE, xml) && bed_commit(1);
}

static void running_is_the_model_after_each_edit_and_the_agent_has_its_settings(void **state)
{
    struct model model = {.listen_port = UNSET};
    bool rule_list = false;
    int count =
        from_environment("NMSPD_RANDOM_EDITS", getenv("NMSPD_TEST_FULL") != NULL ? 10000 : 1000);
    int accepted = 0;

    (void)state;
    chance_state = (uint64_t)from_environment("NMSPD_RANDOM_SEED", 1);
    for (int i = 0; i < LEAVES; i++)
        model.leaves[i] = UNSET;
    for (int i = 0; i < NAMES; i++) {
        model.servers[i].mac = UNSET;
        model.lists[i].hash = UNSET;
    }
    bed_start_with("{}");
    for (int number = 0; accepted < count; number++) {
        struct model next = model;
        bool possible = edit(&next);
        assert_true(number < count * 100 / ACCEPTED_LEAST);
        bool taken = is_taken(any(2) == 0);
        if (taken != possible)
            fail_msg("edit %d:\n%s\nis %s, but %s", number, xml, taken ? "taken" : "refused",
                     taken ? "cannot be" : bed.errors.items[0].message);
        if (taken) {
            accepted++;
            model = next;
            rule_list = rule_list || strstr(xml, "rule-list") != NULL;
        }
        expect_running(&model, rule_list, number);
    }
}

static int open_all(void **state)
{
    fresh = loader_new(NULL);
    return fresh == NULL || bed_open(state) != 0;
}

static int close_all(void **state)
{
    loader_free(fresh);
    return bed_close(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            running_is_the_model_after_each_edit_and_the_agent_has_its_settings, bed_before,
            bed_after),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
