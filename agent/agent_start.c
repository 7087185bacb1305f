/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/agent_internal.h"

#include "agent/base/hex.h"
#include "agent/base/log.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

enum {
    RADIO_WAIT_MS = 3000, /* how long the radios may take to tell a MAC at the very first start */
    RADIO_POLL_MS = 100,
    RETRY_MS = 5 * 60 * 1000,
};

static void log_identity(const struct agent *agent)
{
    const struct certificate_info *own = identity_info(agent->identity);
    char mac[MAC_TEXT_SIZE] = "none";
    char base_mac[MAC_TEXT_SIZE];
    char hash[2 * sizeof(own->spki_sha256) + 1];

    if (own->mac_count > 0)
        (void)mac_text(&own->macs[0], mac);
    log_info("identity: %s; a location server must know this agent by:", own->subject);
    log_info("identity: MAC address   %s", mac);
    log_info("identity: SHA1 key hash %s", hex_text(own->spki_sha1, sizeof(own->spki_sha1), hash));
    log_info("identity: SHA2 key hash %s",
             hex_text(own->spki_sha256, sizeof(own->spki_sha256), hash));
    log_info("identity: certificate   %s", identity_certificate_path(agent->identity));
    if (own->mac_count > 0 && !mac_equal(&own->macs[0], &agent->session.base_mac))
        log_warning("identity: the certificate names another MAC than this device's base MAC %s: "
                    "configure base-mac %s, or remove the certificate and its key to get new ones",
                    mac_text(&agent->session.base_mac, base_mac), mac);
}

static void identity_there(struct agent *agent)
{
    agent->ready = true;
    log_identity(agent);
    agent_ready(agent);
}

static void on_created(void *context, enum identity_found found)
{
    struct agent *agent = context;

    if (found == IDENTITY_LOADED) {
        identity_there(agent);
    } else if (found == IDENTITY_MISSING) {
        log_error("identity: it could not be made; without one there is no session. It is tried "
                  "again in %d minutes and on reload",
                  RETRY_MS / 60000);
        loop_timer_start(&agent->start_timer, RETRY_MS);
    }
}

/* --- the base MAC ---------------------------------------------------------------------------- */

static bool random_mac(struct mac *mac)
{
    if (getrandom(mac->b, sizeof(mac->b), 0) != (ssize_t)sizeof(mac->b)) {
        log_error("identity: no random numbers for a MAC: %s; configure base-mac", strerror(errno));
        return false;
    }
    mac->b[0] = (uint8_t)((mac->b[0] & 0xfc) | 0x02); /* locally administered, one station */
    return true;
}

/* What says the base MAC, or NULL if nothing does yet. */
static const char *known_base_mac(const struct agent *agent, struct mac *mac)
{
    const struct settings_radios *radios = &agent->settings->radios;
    const struct certificate_info *own = identity_info(agent->identity);

    if (radios->has_base_mac) {
        *mac = radios->base_mac;
        return "as configured";
    }
    if (agent->options.radio->base_mac(agent->options.platform, mac))
        return "of this device";
    if (own == NULL || own->mac_count == 0)
        return NULL;
    *mac = own->macs[0];
    return "as in its certificate";
}

/* False: not now, the timer comes back to it. */
static bool choose_base_mac(struct agent *agent)
{
    const char *source = known_base_mac(agent, &agent->session.base_mac);
    char text[MAC_TEXT_SIZE];

    if (source == NULL && loop_now(agent->loop) < agent->waiting_until) {
        loop_timer_start(&agent->start_timer, RADIO_POLL_MS);
        return false;
    }
    if (source == NULL) {
        if (!random_mac(&agent->session.base_mac)) {
            loop_timer_start(&agent->start_timer, RETRY_MS);
            return false;
        }
        source = "made up, because no radio tells one; the certificate will keep it";
    }
    log_info("base MAC: %s, %s", mac_text(&agent->session.base_mac, text), source);
    return true;
}

void agent_find_identity(struct agent *agent)
{
    if (identity_creating(agent->identity))
        return;
    enum identity_found found = identity_load(agent->identity);
    if (agent->waiting_until == 0)
        agent->waiting_until = loop_now(agent->loop) + RADIO_WAIT_MS;
    if (found == IDENTITY_BROKEN) {
        log_error("identity: without one there is no session; mend it and reload (SIGHUP)");
        return;
    }
    if (!choose_base_mac(agent))
        return;
    if (found == IDENTITY_LOADED) {
        identity_there(agent);
        return;
    }
    log_info("identity: making a key and a certificate, which takes a moment");
    if (identity_create(agent->identity, agent->name, &agent->session.base_mac, on_created, agent))
        return;
    loop_timer_start(&agent->start_timer, RETRY_MS);
}

/* --- renewal --------------------------------------------------------------------------------- */

static void on_renewed(void *context, enum identity_found found)
{
    if (found == IDENTITY_LOADED)
        log_identity(context);
    else
        log_error("identity: it could not be renewed; the old one stays");
}

const char *state_renew_identity(struct agent *agent, enum certificate_key_type kind)
{
    const struct certificate_info *own = identity_info(agent->identity);

    if (agent->stopping)
        return "the agent is stopping";
    if (identity_creating(agent->identity))
        return "one is being made";
    if (!agent->ready || own == NULL)
        return "there is none yet";
    log_info("identity: making a new key and a new certificate, which takes a moment");
    if (kind == CERTIFICATE_KEY_OTHER)
        kind = own->key_type;
    return identity_renew(agent->identity, kind, agent->name, &agent->session.base_mac, on_renewed,
                          agent)
               ? NULL
               : "no process can be started for it";
}
