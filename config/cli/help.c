/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `?` says of each keyword and argument.
 */
#include "config/cli/grammar.h"

#include <string.h>

struct help {
    const char *before; /* the keyword before it; NULL: behind any */
    const char *word;   /* a keyword, or the leaf of an argument with a colon before it */
    const char *text;
};

/* The first row that fits counts. */
static const struct help helps[] = {
    {NULL, "aaa", "Authentication, authorization and accounting"},
    {"", "attribute", "An attribute of this list"},
    {"aaa", "attribute", "Attributes of users"},
    {"aaa", "attributes", "Attribute lists"},
    {NULL, "attribute", "The attributes of the user"},
    {NULL, "new-model", "Put the AAA configuration into force"},
    {NULL, "authorization", "Who may do what"},
    {NULL, "credential-download", "Where the credentials of location servers are looked up"},
    {"credential-download", "default", "The list that is asked where there is no named one"},
    {"level", "default", "The level that is set from the start"},
    {NULL, "local", "The users and attribute lists of this configuration"},
    {NULL, "list", "A named list"},
    {NULL, "type", "The type of the attribute"},
    {NULL, "password", "The key hash of the location server"},
    {NULL, "username", "A location server that may come in, by its MAC"},
    {"0", "mac", "The user is a MAC"},
    {NULL, "hostname", "The name of this agent"},
    {NULL, "nmsp", "Network Mobility Services Protocol"},
    {"nmsp", "enable", "Switch NMSP on"},
    {NULL, "enable", "Turn on privileged commands"},
    {NULL, "strong-cipher", "Offer ciphers with authenticated encryption alone"},
    {NULL, "base-mac", "The MAC by which location servers know this device"},
    {NULL, "server", "A server to be asked or connected to"},
    {"address", "port", "The TCP port"},
    {NULL, "port", "The TCP port (16113)"},
    {NULL, "mac", "The MAC of the server"},
    {NULL, "legacy-cipher", "Also offer what old servers need (RSA key transport, TLS 1.0)"},
    {NULL, "listen", "Let location servers connect to this device"},
    {NULL, "address", "The address to listen on"},
    {NULL, "throttle", "How many connections may come to nothing"},
    {NULL, "address-rate", "Of one address, a minute; 0 for no limit"},
    {NULL, "address-burst", "Of one address, at once"},
    {NULL, "rate", "Of all addresses, a minute; 0 for no limit"},
    {NULL, "burst", "Of all addresses, at once"},
    {NULL, "notification", "What location servers are told, and how often"},
    {"scan", "interval", "How often this device scans by itself; 0 for never"},
    {NULL, "interval", "How often, at most"},
    {NULL, "rssi", "Measurements of signal strength"},
    {NULL, "clients", "Wi-Fi clients"},
    {"statistics", "rfid", "Tags"},
    {NULL, "rfid", "Tags"},
    {NULL, "rogues", "Rogue access points and their clients"},
    {"rogues", "ap", "Rogue access points"},
    {"rogues", "client", "Clients of rogue access points"},
    {"show", "ap", "Access points"},
    {"nmsp", "ap", "Access points of this controller"},
    {NULL, "name", "What it is called; else as it says"},
    {NULL, "spectrum", "Spectrum analysis"},
    {NULL, "interferers", "Interferers"},
    {NULL, "attachment", "Attachments of wired devices"},
    {"nmsp", "poll", "How often radios are read"},
    {NULL, "poll", "How often this radio is read"},
    {"show", "radio", "Radios"},
    {"nmsp", "radio", "A radio of this device, or all radios with show"},
    {NULL, "ap-mac", "The radio is an access point of its own with this MAC"},
    {NULL, "ap-name", "The name of the access point that the radio belongs to"},
    {"terminal", "monitor", "Log messages on this terminal: there are none"},
    {"no", "monitor", "Log messages on this terminal: there are none"},
    {NULL, "monitor", "A monitor interface on the radio"},
    {NULL, "hostapd", "Control sockets of hostapd"},
    {"hostapd", "disable", "Do not listen to them"},
    {"results", "disable", "Do not read them"},
    {"", "disable", "Turn off privileged commands"},
    {NULL, "disable", "Leave the radio alone"},
    {NULL, "directory", "The folder of the sockets"},
    {NULL, "scan", "Scans of the radios"},
    {NULL, "results", "The kernel's scan results"},
    {NULL, "helper", "nmsp-radio, which does what needs a privilege"},
    {NULL, "socket", "A UNIX socket"},
    {"notification", "location", "Locations of wired devices"},
    {"interval", "location", "Locations of wired devices"},
    {NULL, "location", "Location of devices"},
    {NULL, "algorithm", "How one value is made of several samples"},
    {NULL, "rssi-average", "The average over the half-life"},
    {NULL, "simple", "The last sample"},
    {NULL, "rssi-half-life", "After this time a sample counts half in the average"},
    {NULL, "expiry", "A sample that was not renewed for this long is dropped"},
    {NULL, "notify-threshold", "A change below this is not told"},
    {NULL, "calibrating-client", "Clients that are used for calibration"},
    {"ap-detect", "client", "Wi-Fi clients"},
    {"wireless", "client", "Wi-Fi clients"},
    {NULL, "client", "Wi-Fi clients"},
    {NULL, "rogue-aps", "Rogue access points and their clients"},
    {NULL, "rogue-ap", "Rogue access points"},
    {NULL, "rogue-client", "Clients of rogue access points"},
    {NULL, "tags", "Tags"},
    {NULL, "plm", "Path loss measurement"},
    {NULL, "calibrating", "Calibrating clients"},
    {NULL, "multiband", "On all bands that the client supports"},
    {NULL, "uniband", "On the band that the client is associated on"},
    {NULL, "timeout", "A tag that was silent for this long is forgotten"},
    {NULL, "beacon-report", "What associated clients hear, and report"},
    {"beacon-report", "interval", "After this time a client is asked again; 0: never"},
    {NULL, "locally-administered", "Clients whose MAC is random and that are not associated"},
    {NULL, "report", "Report them like others"},
    {NULL, "ignore", "Leave them out"},
    {"", "set", "Set values of the trace"},
    {"set", "trace", "The trace of this agent"},
    {"show", "trace", "The trace of this agent"},
    {NULL, "level", "What is worse than this, and this, is written"},
    {NULL, "debug", "Also each step of each handshake"},
    {NULL, "err", "Faults of the agent itself"},
    {NULL, "info", "Also connections that come and go"},
    {NULL, "warning", "Also what keeps a peer from its session"},
    {NULL, "control", "The buffer of the trace"},
    {NULL, "buffer-size", "How much is kept"},
    {NULL, "system", "The agent as a whole"},
    {NULL, "capacity", "How much is remembered; taken up at the next start"},
    {NULL, "devices", "Clients, tags and rogues"},
    {NULL, "samples", "Samples, one for each access point that hears a device"},
    {NULL, "aps", "Radios of access points"},
    {NULL, "access-points", "Access points of this controller"},
    {NULL, "interface", "An interface of this device"},
    {NULL, "suppress", "Attachments that are not reported"},
    {NULL, "interfaces", "By interface"},
    {"", "line", "A terminal line"},
    {"line", "console", "The console"},
    {NULL, "vty", "Virtual terminals"},
    {NULL, "exec-timeout", "Sessions do not end by themselves: taken without an effect"},
    {"terminal", "length", "Lines of the screen"},
    {NULL, "length", "Lines of the screen"},
    {NULL, "width", "Columns of the screen"},
    {NULL, "logging", "Log messages"},
    {NULL, "synchronous", "No message ever comes between: taken without an effect"},
    {NULL, "console", "No message ever comes to a terminal: taken without an effect"},
    {NULL, "host", "A syslog server: not acted on here"},
    {NULL, "service", "Services of the terminal"},
    {NULL, "prompt", "The prompt"},
    {"prompt", "config", "The prompt of configuration"},
    {NULL, "ntp", "The clock's synchronisation"},
    {NULL, "exit", "Leave this mode"},
    {NULL, "end", "Go to privileged EXEC"},
    {NULL, "configure", "Enter configuration mode"},
    {"write", "terminal", "Show the running configuration"},
    {"configure", "terminal", "Configure from this terminal"},
    {NULL, "terminal", "This terminal"},
    {NULL, "revert", "Go back to the configuration before"},
    {NULL, "timer", "Unless it is confirmed within this time"},
    {NULL, "now", "At once"},
    {NULL, "confirm", "Keep what was changed under a timer"},
    {NULL, "logout", "Leave this session"},
    {NULL, "quit", "Leave this session"},
    {"terminal", "no", "Switch it off"},
    {"", "no", "Restore the default"},
    {"", "default", "Restore the default"},
    {"", "do", "A command of EXEC"},
    {NULL, "write", "Write the running configuration"},
    {NULL, "memory", "To the startup configuration"},
    {NULL, "copy", "Copy a configuration"},
    {"show", "running-config", "The running configuration"},
    {NULL, "running-config", "From the running configuration"},
    {"show", "startup-config", "The startup configuration"},
    {NULL, "startup-config", "To the startup configuration"},
    {NULL, "force", "Though it was changed outside"},
    {NULL, "reload", "Restart: not done from here"},
    {NULL, "clear", "Reset what was counted, or a connection"},
    {"set", "clear", "Forget all lines"},
    {NULL, "statistics", "Counters"},
    {"statistics", "connection", "By connection"},
    {NULL, "connection", "End a session and connect anew"},
    {"connection", "all", "All sessions"},
    {"method-lists", "all", "All lists"},
    {"running-config", "all", "With the defaults"},
    {NULL, "all", "All classes"},
    {NULL, "certificate", "The own certificate"},
    {NULL, "renew", "Make a new key and certificate"},
    {NULL, "rsa", "With an RSA key"},
    {NULL, "ec", "With a key of an elliptic curve"},
    {NULL, "show", "Show what is going on"},
    {NULL, "status", "Whether it works"},
    {NULL, "capability", "What is offered to location servers"},
    {NULL, "subscription", "What location servers subscribed"},
    {NULL, "summary", "An overview"},
    {"clock", "detail", "And where the time comes from"},
    {NULL, "detail", "All that is known"},
    {NULL, "diagnosis", "Why a session is not active, and what to do"},
    {NULL, "live", "Sessions and rates, refreshed in place"},
    {NULL, "ap-detect", "The devices that an access point hears"},
    {NULL, "method-lists", "Where credentials are looked up"},
    {NULL, "servers", "AAA servers"},
    {NULL, "wireless", "Wireless"},
    {NULL, "clock", "The clock of this device"},
    {NULL, "version", "The version of the agent"},
    {NULL, "privilege", "The level of this session"},
    {NULL, "history", "The last commands"},
    {NULL, "messages", "Its lines"},
    {NULL, "settings", "Its settings"},
    {NULL, "tech-support", "All that a report of a fault needs"},
    {NULL, "mask", "With the MACs of devices masked"},
    {NULL, "include", "Lines that match"},
    {NULL, "exclude", "Lines that do not match"},
    {NULL, "begin", "From the first line that matches"},
    {NULL, "section", "Blocks of lines that match"},
    {NULL, "count", "How many lines match"},

    {NULL, ":name", "Name"},
    {NULL, ":hostname", "This agent's name"},
    {NULL, ":password", "The key hash: 40 (SHA1) or 64 (SHA2) hex digits"},
    {NULL, ":mac", "MAC address"},
    {NULL, ":attribute-list", "Name of the attribute list"},
    {NULL, ":base-mac", "MAC address"},
    {NULL, ":ap-mac", "MAC address"},
    {"diagnosis", ":address", "The peer"},
    {"detail", ":address", "The peer"},
    {"connection", ":address", "The peer: a server as configured, or an IP address"},
    {NULL, ":host", "The location server"},
    {NULL, ":port", "TCP port"},
    {NULL, ":address", "An address of this device"},
    {"address-rate", ":address-rate", "Connections a minute"},
    {NULL, ":address-burst", "Connections"},
    {NULL, ":rate", "Connections a minute"},
    {NULL, ":burst", "Connections"},
    {NULL, ":interface", "An interface on the radio"},
    {NULL, ":ap-name", "Name"},
    {NULL, ":monitor", "Name of the monitor interface"},
    {NULL, ":directory", "Absolute path"},
    {NULL, ":helper", "Absolute path"},
    {"notify-threshold", ":client", "dB"},
    {"notify-threshold", ":rogue-aps", "dB"},
    {"notify-threshold", ":tags", "dB"},
    {NULL, ":devices", "Number"},
    {NULL, ":samples", "Number"},
    {NULL, ":aps", "Number"},
    {NULL, ":buffer-size", "Bytes"},
    {NULL, ":length", "Lines; 0 for no pauses"},
    {NULL, ":width", "Columns"},
    {NULL, ":timer", "Minutes"},
    {NULL, ":ap", "MAC or name of the access point"},
    {NULL, ":pattern", "Regular expression"},
};

static const char *find(const char *before, const char *word)
{
    for (size_t i = 0; i < sizeof(helps) / sizeof(helps[0]); i++)
        if (strcmp(helps[i].word, word) == 0 &&
            (helps[i].before == NULL || strcmp(helps[i].before, before) == 0))
            return helps[i].text;
    return NULL;
}

const char *help_word(const char *before, const char *word)
{
    return find(before, word);
}

const char *help_argument(const char *before, const struct token *token)
{
    char leaf[64] = ":";
    const char *text = NULL;

    if (token->leaf != NULL) {
        (void)strncat(leaf, token->leaf, sizeof(leaf) - 2);
        text = find(before, leaf);
    }
    if (text != NULL)
        return text;
    switch (token->kind) {
    case TOKEN_NUMBER:
        return "Seconds";
    case TOKEN_MAC:
    case TOKEN_USER_MAC:
        return "MAC address";
    case TOKEN_HOST:
    case TOKEN_ADDRESS:
        return "Host";
    default:
        return "Text";
    }
}
