/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/access/nacm.h"

#include "config/access/nacm-rules.h"
#include "config/schema/compat.h"

struct nacm {
    const struct ly_ctx *schema;
    struct nacm_rules rules;
    bool *applies; /* for the user of the question: the rule lists that are his */
    struct nacm_counters counters;
};

/* What somebody wants. */
struct request {
    enum nacm_kind kind;
    enum nacm_access access;
    const char *module;
    const char *name;               /* of an rpc or a notification */
    const struct nacm_place *place; /* of data */
    bool *particular;               /* set if another instance may have another answer */
};

/* --- groups ---------------------------------------------------------------------------------- */

static bool is_among(const char *name, char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static bool list_names(const struct nacm_rule_list *list, const char *group)
{
    return is_among("*", list->groups, list->group_count) ||
           is_among(group, list->groups, list->group_count);
}

/* Whoever is in no group has no rule list, not even one for all groups (RFC 8341, 3.4.4). */
static bool list_is_of(const struct nacm_rules *rules, const struct nacm_rule_list *list,
                       const struct nacm_user *user)
{
    for (size_t i = 0; i < rules->group_count; i++) {
        const struct nacm_group *group = &rules->groups[i];
        if (is_among(user->name, group->users, group->user_count) && list_names(list, group->name))
            return true;
    }
    for (size_t i = 0; rules->external_groups && i < user->group_count; i++)
        if (list_names(list, user->groups[i]))
            return true;
    return false;
}

/* Must be called before rules are asked about this user. */
static void consider(struct nacm *nacm, const struct nacm_user *user)
{
    for (size_t i = 0; i < nacm->rules.list_count; i++)
        nacm->applies[i] = list_is_of(&nacm->rules, &nacm->rules.lists[i], user);
}

static bool is_free(const struct nacm *nacm, const struct nacm_user *user)
{
    return user->recovery || !nacm->rules.enabled;
}

/* --- rules ----------------------------------------------------------------------------------- */

static bool rule_matches(const struct nacm_rule *rule, const struct request *request)
{
    if ((rule->access & request->access) == 0 ||
        (rule->module != NULL && strcmp(rule->module, request->module) != 0))
        return false;
    if (rule->kind == NACM_ANY)
        return true;
    if (rule->kind != request->kind)
        return false;
    if (rule->is_unreadable)
        return !rule->permits;
    if (rule->kind == NACM_DATA)
        return nacm_path_matches(&rule->path, request->place, request->particular);
    return rule->name == NULL || strcmp(rule->name, request->name) == 0;
}

/* The first rule that matches, or NULL. */
static const struct nacm_rule *find_rule(const struct nacm *nacm, const struct request *request)
{
    for (size_t i = 0; i < nacm->rules.list_count; i++) {
        const struct nacm_rule_list *list = &nacm->rules.lists[i];
        for (size_t k = 0; nacm->applies[i] && k < list->rule_count; k++)
            if (rule_matches(&list->rules[k], request))
                return &list->rules[k];
    }
    return NULL;
}

static bool has_extension(const struct lysc_node *schema, const char *name)
{
    LY_ARRAY_COUNT_TYPE u = 0;

    LY_ARRAY_FOR(schema->exts, u)
    {
        const struct lysc_ext *def = schema->exts[u].def;
        if (strcmp(def->name, name) == 0 && strcmp(def->module->name, "ietf-netconf-acm") == 0)
            return true;
    }
    return false;
}

/* What is in a node that is denied by default is so, too. */
static bool schema_denies(const struct lysc_node *schema, bool writing)
{
    for (; schema != NULL; schema = schema->parent)
        if (has_extension(schema, "default-deny-all") ||
            (writing && has_extension(schema, "default-deny-write")))
            return true;
    return false;
}

/* --- operations and notifications ------------------------------------------------------------ */

static bool is_one_of(const char *rpc, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(rpc, names[i]) == 0)
            return true;
    return false;
}

/* Is there a rule, or the default, by which he may write anything? */
static bool may_write_something(const struct nacm *nacm)
{
    for (size_t i = 0; i < nacm->rules.list_count; i++) {
        const struct nacm_rule_list *list = &nacm->rules.lists[i];
        for (size_t k = 0; nacm->applies[i] && k < list->rule_count; k++) {
            const struct nacm_rule *rule = &list->rules[k];
            if (rule->permits && !rule->is_unreadable &&
                (rule->kind == NACM_ANY || rule->kind == NACM_DATA) &&
                (rule->access & (NACM_CREATE | NACM_UPDATE | NACM_DELETE)) != 0)
                return true;
        }
    }
    return nacm->rules.writes;
}

/*
 * What a rule must permit, whatever exec-default says. RFC 8341, 3.4.4 (11): what ends what belongs
 * to others. And whoever may write nothing has nothing to lock, save, commit or discard: he would
 * keep others from it. What <edit-config> changes is asked for by itself.
 */
static bool is_guarded_rpc(const struct nacm *nacm, const char *module, const char *rpc)
{
    static const char *const ends[] = {"kill-session", "delete-config"};
    static const char *const writes[] = {
        "copy-config", "commit", "cancel-commit", "discard-changes", "lock", "unlock", "validate"};

    if (strcmp(module, "ietf-netconf") != 0)
        return false;
    return is_one_of(rpc, ends, sizeof(ends) / sizeof(ends[0])) ||
           (is_one_of(rpc, writes, sizeof(writes) / sizeof(writes[0])) &&
            !may_write_something(nacm));
}

static bool rpc_is_permitted(struct nacm *nacm, const struct nacm_user *user,
                             const struct lysc_node *rpc)
{
    const struct request request = {
        .kind = NACM_RPC, .access = NACM_EXEC, .module = rpc->module->name, .name = rpc->name};

    if (is_free(nacm, user) ||
        (strcmp(request.module, "ietf-netconf") == 0 && strcmp(request.name, "close-session") == 0))
        return true;
    consider(nacm, user);
    const struct nacm_rule *rule = find_rule(nacm, &request);
    if (rule != NULL)
        return rule->permits;
    return nacm->rules.executes && !is_guarded_rpc(nacm, request.module, request.name) &&
           !schema_denies(rpc, false);
}

bool nacm_permits_rpc(struct nacm *nacm, const struct nacm_user *user, const struct lysc_node *rpc)
{
    if (rpc_is_permitted(nacm, user, rpc))
        return true;
    nacm->counters.denied_operations++;
    return false;
}

/* The end of a replay and of a subscription are told to everybody (RFC 8341, 3.4.6 (3)). */
static bool is_about_the_subscription(const struct lysc_node *schema)
{
    return strcmp(schema->module->ns, "urn:ietf:params:xml:ns:netmod:notification") == 0 &&
           (strcmp(schema->name, "replayComplete") == 0 ||
            strcmp(schema->name, "notificationComplete") == 0);
}

bool nacm_permits_notification(struct nacm *nacm, const struct nacm_user *user,
                               const struct lyd_node *notification)
{
    const struct lysc_node *schema = notification->schema;
    const struct request request = {.kind = NACM_NOTIFICATION,
                                    .access = NACM_READ,
                                    .module = schema->module->name,
                                    .name = schema->name};

    if (is_free(nacm, user) || is_about_the_subscription(schema))
        return true;
    consider(nacm, user);
    const struct nacm_rule *rule = find_rule(nacm, &request);
    if (rule != NULL ? rule->permits : nacm->rules.reads && !schema_denies(schema, false))
        return true;
    nacm->counters.denied_notifications++;
    return false;
}

/* --- data ------------------------------------------------------------------------------------ */

static struct nacm_place place_of(const struct lyd_node *node)
{
    return (struct nacm_place){node->schema, node, lyd_parent(node)};
}

/* `particular` as in a request, or NULL. Of what it is in it says nothing. */
static bool place_is_permitted(const struct nacm *nacm, const struct nacm_place *place,
                               enum nacm_access access, bool *particular)
{
    bool unheard = false;
    const struct request request = {.kind = NACM_DATA,
                                    .access = access,
                                    .module = place->schema->module->name,
                                    .place = place,
                                    .particular = particular != NULL ? particular : &unheard};
    const struct nacm_rule *rule = find_rule(nacm, &request);

    if (rule != NULL)
        return rule->permits;
    bool reading = access == NACM_READ;
    return (reading ? nacm->rules.reads : nacm->rules.writes) &&
           !schema_denies(place->schema, !reading);
}

/* The deepest node that the user may read with all it is in, from the top to this one; NULL: none.
 */
static const struct lyd_node *readable_part(const struct nacm *nacm, const struct lyd_node *node)
{
    if (node == NULL)
        return NULL;
    const struct lyd_node *parent = lyd_parent(node);
    const struct lyd_node *above = readable_part(nacm, parent);
    const struct nacm_place place = place_of(node);
    return above == parent && place_is_permitted(nacm, &place, NACM_READ, NULL) ? node : above;
}

static bool is_readable(const struct nacm *nacm, const struct nacm_place *place)
{
    return readable_part(nacm, place->parent) == place->parent &&
           place_is_permitted(nacm, place, NACM_READ, NULL);
}

/* --- reading --------------------------------------------------------------------------------- */

bool nacm_reader_begin(struct nacm *nacm, const struct nacm_user *user, struct nacm_reader *reader)
{
    if (is_free(nacm, user))
        return false;
    consider(nacm, user);
    *reader = (struct nacm_reader){.nacm = nacm};
    return true;
}

/* Most rules name no entries: then what holds for a node holds for all of its schema. */
bool nacm_may_read(void *context, const struct lyd_node *node)
{
    struct nacm_reader *reader = context;

    if (node->schema == NULL)
        return false;
    /* The keys are what a list entry is, not something that it holds. */
    if (lysc_is_key(node->schema))
        return true;
    size_t index = ((uintptr_t)node->schema / sizeof(*node->schema)) % NACM_READER_SIZE;
    if (reader->answers[index].schema == node->schema)
        return reader->answers[index].permitted;
    const struct nacm_place place = place_of(node);
    bool particular = false;
    bool permitted = place_is_permitted(reader->nacm, &place, NACM_READ, &particular);
    if (!particular) {
        reader->answers[index].schema = node->schema;
        reader->answers[index].permitted = permitted;
    }
    return permitted;
}

static void prune_siblings(struct nacm_reader *reader, struct lyd_node **first)
{
    struct lyd_node *next = NULL;

    for (struct lyd_node *node = *first; node != NULL; node = next) {
        next = node->next;
        if (nacm_may_read(reader, node)) {
            struct lyd_node *child = lyd_child_no_keys(node);
            if (child != NULL)
                prune_siblings(reader, &child);
            continue;
        }
        if (node == *first)
            *first = next;
        lyd_free_tree(node);
    }
}

void nacm_prune(struct nacm *nacm, const struct nacm_user *user, struct lyd_node **tree)
{
    struct nacm_reader reader;

    if (nacm_reader_begin(nacm, user, &reader))
        prune_siblings(&reader, tree);
}

/* --- changes --------------------------------------------------------------------------------- */

/* What stands in the metadata of a diff, or NULL. */
static const char *diff_says(const struct lyd_node *node, const char *name)
{
    const struct lyd_meta *meta = lyd_find_meta(node->meta, NULL, name);
    return meta != NULL ? lyd_get_meta_value(meta) : NULL;
}

/* A default takes the place of what was set, or the other way about: nothing was there for the user
 * before or is there afterwards. */
static unsigned access_of_change(const struct lyd_node *node)
{
    const char *was_default = diff_says(node, "yang:orig-default");
    bool was = was_default != NULL && strcmp(was_default, "true") == 0;
    bool is = (node->flags & LYD_DEFAULT) != 0;

    if (was != is && was_default != NULL)
        return is ? NACM_DELETE : NACM_CREATE;
    return is ? 0 : NACM_UPDATE;
}

/* What access this node of a diff takes, 0: none. */
static unsigned access_of(const struct lyd_node *node, const char *operation)
{
    bool implicit = (node->flags & LYD_DEFAULT) != 0 || lysc_is_np_cont(node->schema);

    if (lysc_is_key(node->schema))
        return 0;
    if (strcmp(operation, "create") == 0)
        return implicit ? 0 : NACM_CREATE;
    if (strcmp(operation, "delete") == 0)
        return implicit ? 0 : NACM_DELETE;
    if (strcmp(operation, "replace") == 0)
        return access_of_change(node);
    return (node->schema->nodetype & LYD_NODE_TERM) != 0 &&
                   diff_says(node, "yang:orig-default") != NULL
               ? access_of_change(node)
               : 0;
}

static const char *access_text(unsigned access)
{
    switch (access) {
    case NACM_CREATE:
        return "create";
    case NACM_DELETE:
        return "delete";
    default:
        return "update";
    }
}

/* `path` is cut by the caller to what the user knows of. */
static void tell_denied(const struct nacm_user *user, const char *path, unsigned access,
                        struct rpc_errors *errors)
{
    (void)rpc_error_add(errors, RPC_ERROR_APPLICATION, RPC_ACCESS_DENIED,
                        path[0] != '\0' ? path : NULL,
                        "user %s may not %s this: an administrator can permit it with a rule in "
                        "/ietf-netconf-acm:nacm",
                        user->name, access_text(access));
}

/* The operation of a node holds for what is in it, but a replacement does not. */
static bool permits_siblings(const struct nacm *nacm, const struct nacm_user *user,
                             const struct lyd_node *node, const char *inherited,
                             struct rpc_errors *errors)
{
    for (; node != NULL; node = node->next) {
        const char *own = diff_says(node, "yang:operation");
        const char *operation = own != NULL ? own : inherited;
        const struct nacm_place place = place_of(node);
        unsigned access = access_of(node, operation);
        if (access != 0 && !place_is_permitted(nacm, &place, (enum nacm_access)access, NULL)) {
            /* The keys of an entry that he may not read would be told by its path. */
            char path[CONFIG_PATH_SIZE] = "";
            const struct lyd_node *readable = readable_part(nacm, node);
            if (readable != NULL)
                (void)lyd_path(readable, LYD_PATH_STD, path, sizeof(path));
            tell_denied(user, path, access, errors);
            return false;
        }
        if (strcmp(operation, "replace") == 0)
            operation = inherited;
        if (!permits_siblings(nacm, user, lyd_child(node), operation, errors))
            return false;
    }
    return true;
}

bool nacm_permits_diff(struct nacm *nacm, const struct nacm_user *user, const struct lyd_node *diff,
                       struct rpc_errors *errors)
{
    if (is_free(nacm, user))
        return true;
    consider(nacm, user);
    if (permits_siblings(nacm, user, diff, "none", errors))
        return true;
    nacm->counters.denied_data_writes++;
    return false;
}

/* --- what is named --------------------------------------------------------------------------- */

/* The rights for which it does not matter whether the node is there. */
static unsigned blind_access(const struct lysc_node *schema, enum nacm_naming how)
{
    if (how == NACM_REMOVING)
        return NACM_DELETE;
    if (how == NACM_REPLACING)
        return NACM_CREATE | NACM_UPDATE | NACM_DELETE;
    return schema->nodetype == LYS_LEAF ? NACM_CREATE | NACM_UPDATE : NACM_CREATE;
}

static bool may_blindly(const struct nacm *nacm, const struct nacm_place *place,
                        enum nacm_naming how)
{
    if (how == NACM_TELLING)
        return false;
    if (how == NACM_SETTING && lysc_is_np_cont(place->schema))
        return true;
    unsigned access = blind_access(place->schema, how);
    for (unsigned bit = NACM_CREATE; bit <= NACM_EXEC; bit <<= 1)
        if ((access & bit) != 0 && !place_is_permitted(nacm, place, (enum nacm_access)bit, NULL))
            return false;
    return true;
}

static void path_of(const struct lyd_node *parent, const struct lysc_node *schema,
                    const struct lyd_node *node, char path[CONFIG_PATH_SIZE])
{
    const struct lysc_node *above = parent != NULL ? parent->schema : NULL;
    bool other = above == NULL || above->module != schema->module;

    path[0] = '\0';
    if (node != NULL) {
        (void)lyd_path(node, LYD_PATH_STD, path, CONFIG_PATH_SIZE);
        return;
    }
    if (parent != NULL)
        (void)lyd_path(parent, LYD_PATH_STD, path, CONFIG_PATH_SIZE);
    size_t used = strlen(path);
    (void)snprintf(path + used, CONFIG_PATH_SIZE - used, "/%s%s%s",
                   other ? schema->module->name : "", other ? ":" : "", schema->name);
}

bool nacm_permits_naming(struct nacm *nacm, const struct nacm_user *user,
                         const struct lyd_node *parent, const struct lysc_node *schema,
                         const struct lyd_node *node, enum nacm_naming how,
                         struct rpc_errors *errors)
{
    const struct nacm_place place = {schema, node, parent};
    char path[CONFIG_PATH_SIZE];

    if (is_free(nacm, user))
        return true;
    consider(nacm, user);
    if (is_readable(nacm, &place) || may_blindly(nacm, &place, how))
        return true;
    path_of(parent, schema, node, path);
    tell_denied(user, path, how == NACM_REMOVING ? NACM_DELETE : NACM_UPDATE, errors);
    nacm->counters.denied_data_writes++;
    return false;
}

/* The node of a path: an entry is made for each list on the way. */
static bool place_of_path(const struct nacm *nacm, const char *path, struct lyd_node **made,
                          struct nacm_place *place)
{
    struct lyd_node *last = NULL;

    if (lyd_new_path2(NULL, nacm->schema, path, NULL, 0, LYD_ANYDATA_STRING, LYD_NEW_PATH_OPAQ,
                      made, &last) != LY_SUCCESS)
        return false;
    *place = place_of(last);
    if (place->schema == NULL && place->parent != NULL && place->parent->schema != NULL) {
        place->node = NULL; /* a leaf, which has no value here */
        place->schema = lys_find_child(place->parent->schema, place->parent->schema->module,
                                       LYD_NAME(last), 0, 0, 0);
    }
    return place->schema != NULL;
}

/* Takes the last step off; false if that was the first. */
static bool cut_step(char *path)
{
    char *last = path;
    char quote = '\0';

    for (char *at = path; *at != '\0'; at++) {
        if (quote != '\0')
            quote = *at == quote ? '\0' : quote;
        else if (*at == '\'' || *at == '"')
            quote = *at;
        else if (*at == '/')
            last = at;
    }
    *last = '\0';
    return last > path;
}

bool nacm_permits_path(struct nacm *nacm, const struct nacm_user *user, const char *path)
{
    struct nacm_place place;
    struct lyd_node *made = NULL;
    char known[CONFIG_PATH_SIZE];

    if (is_free(nacm, user))
        return true;
    consider(nacm, user);
    (void)snprintf(known, sizeof(known), "%s", path);
    while (!place_of_path(nacm, known, &made, &place)) {
        lyd_free_all(made);
        made = NULL;
        if (!cut_step(known))
            return true; /* of our data it tells nothing */
    }
    bool permitted = is_readable(nacm, &place);
    lyd_free_all(made);
    return permitted;
}

/* --- life ------------------------------------------------------------------------------------ */

struct nacm *nacm_new(const struct ly_ctx *schema)
{
    struct nacm *nacm = calloc(1, sizeof(*nacm));

    if (nacm == NULL)
        return NULL;
    nacm->schema = schema;
    (void)nacm_rules_read(&nacm->rules, NULL);
    return nacm;
}

void nacm_free(struct nacm *nacm)
{
    if (nacm == NULL)
        return;
    nacm_rules_free(&nacm->rules);
    free(nacm->applies);
    free(nacm);
}

bool nacm_configure(struct nacm *nacm, const struct lyd_node *running)
{
    struct nacm_rules rules;

    if (!nacm_rules_read(&rules, running))
        return false;
    bool *applies = calloc(rules.list_count + 1, sizeof(*applies));
    if (applies == NULL) {
        nacm_rules_free(&rules);
        return false;
    }
    nacm_rules_free(&nacm->rules);
    free(nacm->applies);
    nacm->rules = rules;
    nacm->applies = applies;
    return true;
}

const struct nacm_counters *nacm_counters(const struct nacm *nacm)
{
    return &nacm->counters;
}

/* --- its own state --------------------------------------------------------------------------- */

static bool add_counter(struct lyd_node *parent, const char *name, uint32_t count)
{
    char text[16];

    (void)snprintf(text, sizeof(text), "%u", (unsigned)count);
    return lyd_new_term(parent, NULL, name, text, 0, NULL) == LY_SUCCESS;
}

bool nacm_add_state(const struct nacm *nacm, struct lyd_node **tree)
{
    const struct lys_module *module =
        ly_ctx_get_module_implemented(nacm->schema, "ietf-netconf-acm");
    struct lyd_node *node = *tree;

    while (node != NULL && (node->schema == NULL || node->schema->module != module ||
                            strcmp(node->schema->name, "nacm") != 0))
        node = node->next;
    if (node == NULL) {
        if (lyd_new_inner(NULL, module, "nacm", 0, &node) != LY_SUCCESS ||
            lyd_insert_sibling(*tree, node, tree) != LY_SUCCESS) {
            lyd_free_tree(node);
            return false;
        }
    }
    return add_counter(node, "denied-operations", nacm->counters.denied_operations) &&
           add_counter(node, "denied-data-writes", nacm->counters.denied_data_writes) &&
           add_counter(node, "denied-notifications", nacm->counters.denied_notifications);
}
