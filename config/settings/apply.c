/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/settings/apply.h"

#include "agent/base/hex.h"
#include "agent/base/number.h"
#include "config/schema/compat.h"
#include "config/schema/path.h"
#include "config/settings/host.h"

#include <assert.h>
#include <stdarg.h>

/* What the work goes on: the tree on one side, the settings on the other. */
struct work {
    const struct lyd_node *tree;
    const struct config_capabilities *capabilities;
    struct settings *settings;
    struct config_error *error;
};

const char *const apply_kept[] = {
    "/nmspd-nmsp:nmsp/notification/interferer-notify-interval",
    "/nmspd-nmsp:nmsp/notification/attachment-notify-interval",
    "/nmspd-nmsp:nmsp/notification/location-notify-interval",
    "/nmspd-location:location/expiry/calibrating-client",
    "/nmspd-location:location/rssi-half-life/calibrating-client",
    "/nmspd-location:location/plm/client",
    "/nmspd-location:location/plm/calibrating",
    NULL,
};

/* The last reading stands, whatever these say, if the algorithm is "simple". */
static const char *const kept_by_simple[] = {
    "/nmspd-location:location/rssi-half-life/client",
    "/nmspd-location:location/rssi-half-life/rogue-aps",
    "/nmspd-location:location/rssi-half-life/tags",
    NULL,
};

/* --- the tree -------------------------------------------------------------------------------- */

/*
 * Finds a node outside of lists by its path. libyang's own search allocates, and so could not tell
 * a node that is not there from memory that is out.
 */
static const struct lyd_node *find(const struct lyd_node *tree, const char *path)
{
    const struct lyd_node *node = NULL;
    struct path_step step = {.name = {NULL, 0}};
    struct cursor in = path_cursor(path);

    while (path_next(&in, &step)) {
        for (node = tree; node != NULL && !(path_is(step.name, node->schema->name) &&
                                            path_is(step.module, node->schema->module->name));)
            node = node->next;
        if (node == NULL)
            return NULL;
        tree = lyd_child(node);
    }
    return node;
}

/* Is this leaf set to something else than its default? */
static bool is_set(const struct lyd_node *tree, const char *path)
{
    const struct lyd_node *node = find(tree, path);
    return node != NULL && !lyd_is_default(node);
}

static const struct lyd_node *child(const struct lyd_node *parent, const char *name)
{
    const struct lyd_node *node = lyd_child(parent);

    while (node != NULL && strcmp(node->schema->name, name) != 0)
        node = node->next;
    return node;
}

/* The value of a leaf in its canonical form, or NULL if there is no such leaf. */
static const char *value(const struct lyd_node *parent, const char *name)
{
    const struct lyd_node *node = child(parent, name);
    return node != NULL ? lyd_get_value(node) : NULL;
}

static bool is_true(const char *text)
{
    return text != NULL && strcmp(text, "true") == 0;
}

/* Only for text that the schema has found to be a number in range. */
static uint32_t number(const char *text)
{
    uint64_t found = 0;
    bool is_one = text == NULL || number_text(text, UINT32_MAX, &found);

    assert(is_one);
    (void)is_one;
    return (uint32_t)found;
}

/* --- faults ---------------------------------------------------------------------------------- */

static void refuse(struct work *work, const struct lyd_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void refuse(struct work *work, const struct lyd_node *node, const char *format, ...)
{
    char path[CONFIG_PATH_SIZE] = "";
    char reason[CONFIG_REASON_SIZE];
    va_list arguments;

    (void)lyd_path(node, LYD_PATH_STD, path, sizeof(path));
    va_start(arguments, format);
    (void)vsnprintf(reason, sizeof(reason), format, arguments);
    va_end(arguments);
    config_error_add(work->error, CONFIG_INVALID, 0, path, "%s", reason);
}

static void refuse_for_memory(struct work *work)
{
    config_error_add(work->error, CONFIG_NO_MEMORY, 0, NULL, "memory is out");
}

/* --- single values --------------------------------------------------------------------------- */

enum field_kind { FIELD_BOOL, FIELD_U8, FIELD_U16, FIELD_U32 };

static const struct field {
    const char *path;
    enum field_kind kind;
    size_t offset;
} fields[] = {
#define FIELD(path, kind, member)                     \
    {                                                 \
        path, kind, offsetof(struct settings, member) \
    }
    FIELD("/nmspd-nmsp:nmsp/enable", FIELD_BOOL, enabled),
    FIELD("/nmspd-nmsp:nmsp/strong-cipher", FIELD_BOOL, strong_cipher),
    FIELD("/nmspd-nmsp:nmsp/notification/client-notify-interval", FIELD_U16, intervals.client),
    FIELD("/nmspd-nmsp:nmsp/notification/rfid-notify-interval", FIELD_U16, intervals.rfid),
    FIELD("/nmspd-nmsp:nmsp/notification/rogue-ap-notify-interval", FIELD_U16, intervals.rogue_ap),
    FIELD("/nmspd-nmsp:nmsp/notification/rogue-client-notify-interval", FIELD_U16,
          intervals.rogue_client),
    FIELD("/nmspd-aaa:aaa/new-model", FIELD_BOOL, aaa.new_model),
    FIELD("/nmspd-radio:radios/poll-interval", FIELD_U8, radios.default_poll_seconds),
    FIELD("/nmspd-radio:radios/hostapd/enabled", FIELD_BOOL, radios.hostapd),
    FIELD("/nmspd-radio:radios/scan/results", FIELD_BOOL, radios.scan_results),
    FIELD("/nmspd-radio:radios/scan/interval", FIELD_U16, radios.scan_seconds),
    FIELD("/nmspd-location:location/expiry/client", FIELD_U16, location.expiry_client),
    FIELD("/nmspd-location:location/expiry/tags", FIELD_U16, location.expiry_tags),
    FIELD("/nmspd-location:location/expiry/rogue-aps", FIELD_U16, location.expiry_rogue_aps),
    FIELD("/nmspd-location:location/notify-threshold/client", FIELD_U8, location.threshold_client),
    FIELD("/nmspd-location:location/notify-threshold/tags", FIELD_U8, location.threshold_tags),
    FIELD("/nmspd-location:location/notify-threshold/rogue-aps", FIELD_U8,
          location.threshold_rogue_aps),
    FIELD("/nmspd-location:location/rssi-half-life/client", FIELD_U16, location.half_life_client),
    FIELD("/nmspd-location:location/rssi-half-life/tags", FIELD_U16, location.half_life_tags),
    FIELD("/nmspd-location:location/rssi-half-life/rogue-aps", FIELD_U16,
          location.half_life_rogue_aps),
    FIELD("/nmspd-location:location/rfid/timeout", FIELD_U16, location.rfid_timeout),
    FIELD("/nmspd-location:location/beacon-report/interval", FIELD_U16, location.beacon_report),
    FIELD("/nmspd-location:location/beacon-report/interval", FIELD_U16, radios.beacon_report),
    FIELD("/nmspd-system:system/capacity/devices", FIELD_U32, capacity.devices),
    FIELD("/nmspd-system:system/capacity/samples", FIELD_U32, capacity.samples),
    FIELD("/nmspd-system:system/capacity/aps", FIELD_U16, capacity.aps),
    FIELD("/nmspd-system:system/capacity/access-points", FIELD_U16, capacity.access_points),
    FIELD("/nmspd-trace:trace/buffer-size", FIELD_U32, trace.buffer_size),
#undef FIELD
};

static void set_field(struct settings *settings, const struct field *field, const char *text)
{
    void *member = (char *)settings + field->offset;

    switch (field->kind) {
    case FIELD_BOOL:
        *(bool *)member = is_true(text);
        break;
    case FIELD_U8:
        *(uint8_t *)member = (uint8_t)number(text);
        break;
    case FIELD_U16:
        *(uint16_t *)member = (uint16_t)number(text);
        break;
    case FIELD_U32:
        *(uint32_t *)member = number(text);
        break;
    }
}

static void apply_fields(struct work *work)
{
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const struct lyd_node *node = find(work->tree, fields[i].path);
        if (node != NULL)
            set_field(work->settings, &fields[i], lyd_get_value(node));
    }
}

/* Text that is longer than its place is refused, never cut. False if there is no such leaf. */
static bool apply_text(struct work *work, const struct lyd_node *parent, const char *name, char *to,
                       size_t size)
{
    const char *text = value(parent, name);

    if (text == NULL)
        return false;
    size_t len = strlen(text);
    if (len >= size) {
        refuse(work, child(parent, name), "has %zu bytes: at most %zu are allowed", len, size - 1);
        return false;
    }
    memcpy(to, text, len + 1);
    return true;
}

/* The schema takes the same spellings as mac_parse(). False if there is no such leaf. */
static bool apply_mac(const struct lyd_node *parent, const char *name, struct mac *mac)
{
    const char *text = value(parent, name);
    return text != NULL && mac_parse(text, strlen(text), mac);
}

static bool apply_legacy_cipher(struct work *work, const struct lyd_node *parent)
{
    if (!is_true(value(parent, "legacy-cipher")))
        return false;
    if (!work->capabilities->legacy_cipher)
        refuse(work, child(parent, "legacy-cipher"),
               "cannot be had: the TLS library of this build has no RSA key transport. Remove it, "
               "or use a wolfSSL built with WOLFSSL_STATIC_RSA and WOLFSSL_ALLOW_TLSV10");
    return true;
}

/* --- lists ----------------------------------------------------------------------------------- */

static bool is_entry(const struct lyd_node *node, const char *list)
{
    return strcmp(node->schema->name, list) == 0;
}

static size_t count_entries(const struct lyd_node *parent, const char *list)
{
    const struct lyd_node *node = NULL;
    size_t count = 0;

    LY_LIST_FOR(lyd_child(parent), node)
    count += is_entry(node, list);
    return count;
}

/*
 * An array for all entries of a list, each filled by `apply`; NULL if the list is empty. While one
 * is filled, *count is how many stand before it.
 */
static void *apply_list(struct work *work, const struct lyd_node *parent, const char *list,
                        size_t size, size_t *count,
                        void (*apply)(struct work *work, const struct lyd_node *entry, void *to))
{
    size_t entries = count_entries(parent, list);
    const struct lyd_node *node = NULL;

    if (entries == 0)
        return NULL;
    char *array = calloc(entries, size);
    if (array == NULL) {
        refuse_for_memory(work);
        return NULL;
    }
    LY_LIST_FOR(lyd_child(parent), node)
    {
        if (!is_entry(node, list))
            continue;
        apply(work, node, array + *count * size);
        (*count)++;
    }
    return array;
}

/* --- order ----------------------------------------------------------------------------------- */

/*
 * libyang 2 keeps lists in the order of the file, 3 sorts them. The order means nothing; but
 * settings that say the same shall be the same, whatever made them.
 */
static int compare_servers(const void *x, const void *y)
{
    const struct settings_server *a = x;
    const struct settings_server *b = y;
    int order = strcmp(a->host, b->host);
    return order != 0 ? order : (a->port > b->port) - (a->port < b->port);
}

static int compare_access_points(const void *x, const void *y)
{
    const struct settings_access_point *a = x;
    const struct settings_access_point *b = y;
    return mac_compare(&a->mac, &b->mac);
}

static int compare_users(const void *x, const void *y)
{
    const struct settings_user *a = x;
    const struct settings_user *b = y;
    return mac_compare(&a->mac, &b->mac);
}

/* Of what begins with its name. */
static int compare_names(const void *x, const void *y)
{
    return strcmp(x, y);
}

static_assert(offsetof(struct settings_attribute_list, name) == 0 &&
                  offsetof(struct settings_method_list, name) == 0 &&
                  offsetof(struct settings_radio, ifname) == 0,
              "compare_names() compares them by their names");

#define SORT(array, count, compare)                             \
    do {                                                        \
        if ((count) > 1)                                        \
            qsort((array), (count), sizeof(*(array)), compare); \
    } while (0)

static void sort_lists(struct settings *s)
{
    SORT(s->servers, s->server_count, compare_servers);
    SORT(s->access_points, s->access_point_count, compare_access_points);
    SORT(s->aaa.attribute_lists, s->aaa.attribute_list_count, compare_names);
    SORT(s->aaa.users, s->aaa.user_count, compare_users);
    SORT(s->aaa.method_lists, s->aaa.method_list_count, compare_names);
    SORT(s->radios.radios, s->radios.radio_count, compare_names);
    SORT(s->radios.suppressed, s->radios.suppressed_count, compare_names);
}

/* --- aaa ------------------------------------------------------------------------------------- */

static void apply_attribute_list(struct work *work, const struct lyd_node *entry, void *to)
{
    struct settings_attribute_list *list = to;
    const char *hash = value(entry, "password");

    (void)apply_text(work, entry, "name", list->name, sizeof(list->name));
    if (hash == NULL)
        return;
    list->key_hash_len = (uint8_t)(strlen(hash) / 2);
    for (size_t i = 0; i < list->key_hash_len; i++)
        list->key_hash[i] = (uint8_t)((unsigned)hex_digit((uint8_t)hash[2 * i]) << 4 |
                                      (unsigned)hex_digit((uint8_t)hash[2 * i + 1]));
}

static void apply_user(struct work *work, const struct lyd_node *entry, void *to)
{
    struct settings_user *user = to;
    const struct settings_user *before = user - work->settings->aaa.user_count;
    char text[MAC_TEXT_SIZE];

    (void)apply_mac(entry, "mac", &user->mac);
    (void)apply_text(work, entry, "attribute-list", user->attribute_list,
                     sizeof(user->attribute_list));
    for (; before < user; before++) {
        if (!mac_equal(&before->mac, &user->mac))
            continue;
        refuse(work, entry,
               "is %s, which another user already has in another spelling: remove one of the two",
               mac_text(&user->mac, text));
        return;
    }
}

static void apply_method_list(struct work *work, const struct lyd_node *entry, void *to)
{
    struct settings_method_list *list = to;
    const char *method = value(entry, "method");

    (void)apply_text(work, entry, "name", list->name, sizeof(list->name));
    list->local = method != NULL && strcmp(method, "local") == 0;
}

static void apply_aaa(struct work *work)
{
    const struct lyd_node *aaa = find(work->tree, "/nmspd-aaa:aaa");
    struct settings_aaa *to = &work->settings->aaa;

    if (aaa == NULL)
        return;
    to->attribute_lists = apply_list(work, aaa, "attribute-list", sizeof(*to->attribute_lists),
                                     &to->attribute_list_count, apply_attribute_list);
    to->users = apply_list(work, aaa, "user", sizeof(*to->users), &to->user_count, apply_user);
    to->method_lists = apply_list(work, aaa, "credential-download", sizeof(*to->method_lists),
                                  &to->method_list_count, apply_method_list);
}

/* --- nmsp ------------------------------------------------------------------------------------ */

static void apply_address(struct work *work, const struct lyd_node *parent, const char *name,
                          bool names_too, char to[SETTINGS_HOST_SIZE])
{
    if (!apply_text(work, parent, name, to, SETTINGS_HOST_SIZE))
        return;
    if (host_is_address(to) || (names_too && !host_looks_like_address(to)))
        return;
    refuse(work, child(parent, name),
           names_too ? "looks like an address, but is none: give an IPv4 address, an IPv6 address "
                       "or a DNS name"
                     : "is not an IP address: give an IPv4 or an IPv6 address of this device");
}

static void apply_server(struct work *work, const struct lyd_node *entry,
                         struct settings_server *server)
{
    apply_address(work, entry, "host", true, server->host);
    server->port = (uint16_t)number(value(entry, "port"));
    server->has_mac = apply_mac(entry, "mac", &server->mac);
    server->legacy_cipher = apply_legacy_cipher(work, entry);
}

static void refuse_repeated_server(struct work *work, const struct lyd_node *entry)
{
    const struct settings_server *servers = work->settings->servers;
    size_t last = work->settings->server_count - 1;

    for (size_t i = 0; i < last; i++) {
        if (servers[i].port == servers[last].port &&
            host_same(servers[i].host, servers[last].host)) {
            refuse(work, entry, "is the same server as %s port %u: remove one of the two",
                   servers[i].host, servers[i].port);
            return;
        }
    }
}

static void apply_access_point(struct work *work, const struct lyd_node *entry, void *to)
{
    const struct settings *settings = work->settings;
    struct settings_access_point *ap = to;
    const struct settings_access_point *before = ap - settings->access_point_count;
    char text[MAC_TEXT_SIZE];

    (void)apply_mac(entry, "mac", &ap->mac);
    (void)apply_text(work, entry, "name", ap->name, sizeof(ap->name));
    for (; before < ap; before++)
        if (mac_equal(&before->mac, &ap->mac))
            refuse(work, entry,
                   "is %s, which another access point already has in another spelling: remove one "
                   "of the two",
                   mac_text(&ap->mac, text));
    for (size_t i = 0; i < settings->server_count; i++)
        if (settings->servers[i].has_mac && mac_equal(&settings->servers[i].mac, &ap->mac))
            refuse(work, entry,
                   "is the MAC of server %s, too: a peer is a server or an access point, never "
                   "both; remove one of the two",
                   settings->servers[i].host);
}

static void apply_access_points(struct work *work, const struct lyd_node *nmsp)
{
    struct settings *settings = work->settings;

    settings->access_points =
        apply_list(work, nmsp, "access-point", sizeof(*settings->access_points),
                   &settings->access_point_count, apply_access_point);
    if (settings->access_point_count > settings->capacity.access_points)
        refuse(work, nmsp,
               "has %zu access points, and there is room for %u: raise \"system capacity "
               "access-points\", or remove some",
               settings->access_point_count, settings->capacity.access_points);
}

static void apply_rate(const struct lyd_node *node, const char *rate, const char *burst,
                       struct settings_rate *to)
{
    to->rate = (uint16_t)number(value(node, rate));
    to->burst = (uint16_t)number(value(node, burst));
}

static void apply_listen(struct work *work, const struct lyd_node *nmsp)
{
    const struct lyd_node *node = child(nmsp, "listen");
    struct settings_listen *listen = &work->settings->listen;

    if (node == NULL)
        return;
    listen->enabled = true;
    listen->port = (uint16_t)number(value(node, "port"));
    apply_address(work, node, "address", false, listen->address);
    listen->legacy_cipher = apply_legacy_cipher(work, node);
    apply_rate(child(node, "throttle"), "address-rate", "address-burst", &listen->each);
    apply_rate(child(node, "throttle"), "rate", "burst", &listen->all);
}

/* One that is not suppressed leaves its place empty. */
static void apply_interface(struct work *work, const struct lyd_node *entry, void *to)
{
    if (is_true(value(entry, "suppress-attachment")))
        (void)apply_text(work, entry, "name", to, SETTINGS_IFNAME_SIZE);
}

static void apply_nmsp(struct work *work)
{
    const struct lyd_node *nmsp = find(work->tree, "/nmspd-nmsp:nmsp");
    const struct lyd_node *node = NULL;
    struct settings *settings = work->settings;

    if (nmsp == NULL)
        return;
    LY_LIST_FOR(lyd_child(nmsp), node)
    {
        /* The schema has the same bound; this one is for the array's sake. */
        if (!is_entry(node, "server") || settings->server_count == SETTINGS_SERVERS_MAX)
            continue;
        apply_server(work, node, &settings->servers[settings->server_count++]);
        refuse_repeated_server(work, node);
    }
    apply_access_points(work, nmsp);
    apply_listen(work, nmsp);
    settings->radios.suppressed =
        apply_list(work, nmsp, "interface", sizeof(*settings->radios.suppressed),
                   &settings->radios.suppressed_count, apply_interface);
}

/* --- system and radios ----------------------------------------------------------------------- */

/* A frame is one reading of one radio. */
static void apply_monitor(struct work *work, const struct lyd_node *entry,
                          struct settings_radio *radio)
{
    const struct settings_radio *before = radio - work->settings->radios.radio_count;

    if (!apply_text(work, entry, "monitor", radio->monitor, sizeof(radio->monitor)))
        return;
    for (; before < radio; before++)
        if (strcmp(before->monitor, radio->monitor) == 0)
            refuse(work, child(entry, "monitor"),
                   "is the monitor interface of %s already: name each only once", before->ifname);
}

static void apply_radio(struct work *work, const struct lyd_node *entry, void *to)
{
    struct settings_radio *radio = to;
    const char *poll = value(entry, "poll-interval");

    (void)apply_text(work, entry, "interface", radio->ifname, sizeof(radio->ifname));
    radio->disabled = is_true(value(entry, "disable"));
    radio->has_ap_mac = apply_mac(entry, "ap-mac", &radio->ap_mac);
    (void)apply_text(work, entry, "ap-name", radio->ap_name, sizeof(radio->ap_name));
    apply_monitor(work, entry, radio);
    radio->poll_seconds =
        poll != NULL ? (uint8_t)number(poll) : work->settings->radios.default_poll_seconds;
}

static void apply_radios(struct work *work)
{
    const struct lyd_node *system = find(work->tree, "/nmspd-system:system");
    const struct lyd_node *radios = find(work->tree, "/nmspd-radio:radios");
    struct settings_radios *to = &work->settings->radios;

    if (system != NULL) {
        (void)apply_text(work, system, "hostname", to->hostname, sizeof(to->hostname));
        to->has_base_mac = apply_mac(system, "base-mac", &to->base_mac);
    }
    if (radios == NULL)
        return;
    (void)apply_text(work, child(radios, "hostapd"), "directory", to->hostapd_directory,
                     sizeof(to->hostapd_directory));
    (void)apply_text(work, radios, "helper", to->helper, sizeof(to->helper));
    to->radios =
        apply_list(work, radios, "radio", sizeof(*to->radios), &to->radio_count, apply_radio);
}

/* The schema has no other names. */
static void apply_trace_level(struct work *work)
{
    const struct lyd_node *node = find(work->tree, "/nmspd-trace:trace/level");

    for (int level = TRACE_ERR; node != NULL && level <= TRACE_DEBUG; level++)
        if (strcmp(lyd_get_value(node), trace_level_name((enum trace_level)level)) == 0)
            work->settings->trace.level = (enum trace_level)level;
}

static bool is_chosen(const struct work *work, const char *path, const char *choice)
{
    const struct lyd_node *node = find(work->tree, path);
    return node != NULL && strcmp(lyd_get_value(node), choice) == 0;
}

static void apply_location(struct work *work)
{
    struct settings_location *location = &work->settings->location;

    location->algorithm = is_chosen(work, "/nmspd-location:location/algorithm", "simple")
                              ? SETTINGS_SIMPLE
                              : SETTINGS_RSSI_AVERAGE;
    location->ignore_local_macs =
        is_chosen(work, "/nmspd-location:location/locally-administered", "ignore");
}

static void apply_kept_knobs(struct work *work, const char *const *paths)
{
    struct settings *settings = work->settings;

    for (; *paths != NULL; paths++)
        if (is_set(work->tree, *paths) && settings->kept_count < SETTINGS_KEPT_MAX)
            settings->kept[settings->kept_count++] = *paths;
}

struct settings *apply_settings(const struct lyd_node *tree,
                                const struct config_capabilities *capabilities,
                                struct config_error *error)
{
    struct work work = {.tree = tree, .capabilities = capabilities, .error = error};

    work.settings = settings_new();
    if (work.settings == NULL) {
        refuse_for_memory(&work);
        return NULL;
    }
    apply_fields(&work);
    apply_nmsp(&work);
    apply_aaa(&work);
    apply_radios(&work);
    apply_trace_level(&work);
    apply_location(&work);
    apply_kept_knobs(&work, apply_kept);
    if (work.settings->location.algorithm == SETTINGS_SIMPLE)
        apply_kept_knobs(&work, kept_by_simple);
    if (error->status == CONFIG_OK) {
        sort_lists(work.settings);
        return work.settings;
    }
    settings_free(work.settings);
    return NULL;
}
