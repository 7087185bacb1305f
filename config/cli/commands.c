/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All commands. Those of the configuration stand in the order in which the running configuration is
 * written, which is that of IOS; what a node means stands in edit.h.
 */
#include "config/cli/actions.h"

#define NOTIFY      "nmsp:nmsp/notification"
#define RADIO       "radio:radios/radio[interface]"
#define ATTRIBUTES  "aaa:aaa/attribute-list[name]"
#define INTERFACE   "nmsp:nmsp/interface[name]"
#define LISTEN      "nmsp:nmsp/listen"
#define THROTTLE    "nmsp:nmsp/listen!/throttle"
#define HALF_LIFE   "location:location/rssi-half-life"
#define EXPIRY      "location:location/expiry"
#define THRESHOLD   "location:location/notify-threshold"
#define TRACE_MODES (MODE_EXEC | MODE_CONFIG)

const struct command commands[] = {
    /* --- configuration ----------------------------------------------------------------------- */
    {MODE_CONFIG, 0, 0, "hostname / WORD:hostname", "system:system", NULL},

    {MODE_CONFIG, 0, 0, "aaa new-model:new-model=true", "aaa:aaa", NULL},
    {MODE_CONFIG, COMMAND_ENTRY, 0,
     "aaa authorization credential-download {default:name | WORD:name} / local:method",
     "aaa:aaa/credential-download[name]", NULL},
    {MODE_CONFIG, COMMAND_ENTRY | COMMAND_OVER_BLOCK, MODE_ATTRIBUTES,
     "aaa attribute list WORD:name", ATTRIBUTES, NULL},
    {MODE_ATTRIBUTES, 0, 0, "attribute type password / HASH:password", ATTRIBUTES, NULL},
    {MODE_CONFIG, COMMAND_ENTRY, 0,
     "username USERMAC:mac / [mac] aaa attribute list WORD:attribute-list", "aaa:aaa/user[mac]",
     NULL},

    {MODE_CONFIG, 0, 0, "nmsp enable:enable=true", "nmsp:nmsp", NULL},
    {MODE_CONFIG, 0, 0, "nmsp strong-cipher:strong-cipher=true", "nmsp:nmsp", NULL},
    {MODE_CONFIG, 0, 0, "nmsp base-mac / MAC:base-mac", "system:system", NULL},
    {MODE_CONFIG, COMMAND_ENTRY, 0,
     "nmsp server HOST:host [port <1-65535>:port] [mac MAC:mac] "
     "[legacy-cipher:legacy-cipher=true]",
     "nmsp:nmsp/server[host][port=16113]", NULL},
    {MODE_CONFIG, COMMAND_ENTRY, 0, "nmsp ap MAC:mac / [name WORD:name]",
     "nmsp:nmsp/access-point[mac]", NULL},
    {MODE_CONFIG, COMMAND_ENTRY | COMMAND_OVER_BLOCK, 0,
     "nmsp listen / [port <1-65535>:port] [address ADDRESS:address] "
     "[legacy-cipher:legacy-cipher=true]",
     LISTEN, NULL},
    {MODE_CONFIG, 0, 0, "nmsp listen throttle address-rate / <0-6000>:address-rate", THROTTLE,
     NULL},
    {MODE_CONFIG, 0, 0, "nmsp listen throttle address-burst / <1-1000>:address-burst", THROTTLE,
     NULL},
    {MODE_CONFIG, 0, 0, "nmsp listen throttle rate / <0-6000>:rate", THROTTLE, NULL},
    {MODE_CONFIG, 0, 0, "nmsp listen throttle burst / <1-1000>:burst", THROTTLE, NULL},

    {MODE_CONFIG, 0, 0, "nmsp notification interval rssi clients / <1-180>:client-notify-interval",
     NOTIFY, NULL},
    {MODE_CONFIG, 0, 0, "nmsp notification interval rssi rfid / <1-180>:rfid-notify-interval",
     NOTIFY, NULL},
    {MODE_CONFIG, 0, 0,
     "nmsp notification interval rssi rogues ap / <1-180>:rogue-ap-notify-interval", NOTIFY, NULL},
    {MODE_CONFIG, 0, 0,
     "nmsp notification interval rssi rogues client / <1-180>:rogue-client-notify-interval", NOTIFY,
     NULL},
    {MODE_CONFIG, 0, 0,
     "nmsp notification interval rssi spectrum interferers / "
     "<1-180>:interferer-notify-interval",
     NOTIFY, NULL},
    {MODE_CONFIG, 0, 0, "nmsp notification interval attachment / <1-30>:attachment-notify-interval",
     NOTIFY, NULL},
    {MODE_CONFIG, 0, 0, "nmsp notification interval location / <1-30>:location-notify-interval",
     NOTIFY, NULL},

    {MODE_CONFIG, 0, 0, "nmsp poll / <1-60>:poll-interval", "radio:radios", NULL},
    {MODE_CONFIG, 0, 0, "nmsp radio WORD:interface disable:disable=true", RADIO, NULL},
    {MODE_CONFIG, 0, 0, "nmsp radio WORD:interface ap-mac / MAC:ap-mac", RADIO, NULL},
    {MODE_CONFIG, 0, 0, "nmsp radio WORD:interface ap-name / WORD:ap-name", RADIO, NULL},
    {MODE_CONFIG, 0, 0, "nmsp radio WORD:interface monitor / WORD:monitor", RADIO, NULL},
    {MODE_CONFIG, 0, 0, "nmsp radio WORD:interface poll / <1-60>:poll-interval", RADIO, NULL},
    {MODE_CONFIG, COMMAND_ENTRY | COMMAND_BARE, 0, "nmsp radio WORD:interface", RADIO, NULL},
    {MODE_CONFIG, 0, 0, "nmsp hostapd disable:enabled=false", "radio:radios/hostapd", NULL},
    {MODE_CONFIG, 0, 0, "nmsp hostapd directory / WORD:directory", "radio:radios/hostapd", NULL},
    {MODE_CONFIG, 0, 0, "nmsp scan results disable:results=false", "radio:radios/scan", NULL},
    {MODE_CONFIG, 0, 0, "nmsp scan interval / <0-3600>:interval", "radio:radios/scan", NULL},
    {MODE_CONFIG, 0, 0, "nmsp helper socket / WORD:helper", "radio:radios", NULL},

    {MODE_CONFIG, 0, 0, "location algorithm / {rssi-average:algorithm | simple:algorithm}",
     "location:location", NULL},
    {MODE_CONFIG, 0, 0, "location rssi-half-life calibrating-client / <0-300>:calibrating-client",
     HALF_LIFE, NULL},
    {MODE_CONFIG, 0, 0, "location rssi-half-life client / <0-300>:client", HALF_LIFE, NULL},
    {MODE_CONFIG, 0, 0, "location rssi-half-life rogue-aps / <0-300>:rogue-aps", HALF_LIFE, NULL},
    {MODE_CONFIG, 0, 0, "location rssi-half-life tags / <0-300>:tags", HALF_LIFE, NULL},
    {MODE_CONFIG, 0, 0, "location expiry calibrating-client / <1-3600>:calibrating-client", EXPIRY,
     NULL},
    {MODE_CONFIG, 0, 0, "location expiry client / <5-3600>:client", EXPIRY, NULL},
    {MODE_CONFIG, 0, 0, "location expiry rogue-aps / <240-3600>:rogue-aps", EXPIRY, NULL},
    {MODE_CONFIG, 0, 0, "location expiry tags / <5-300>:tags", EXPIRY, NULL},
    {MODE_CONFIG, 0, 0, "location notify-threshold client / <0-10>:client", THRESHOLD, NULL},
    {MODE_CONFIG, 0, 0, "location notify-threshold rogue-aps / <0-10>:rogue-aps", THRESHOLD, NULL},
    {MODE_CONFIG, 0, 0, "location notify-threshold tags / <1-10>:tags", THRESHOLD, NULL},
    {MODE_CONFIG, 0, 0, "location plm client / <0-3600>:client", "location:location/plm", NULL},
    {MODE_CONFIG, 0, 0, "location plm calibrating / {multiband:calibrating | uniband:calibrating}",
     "location:location/plm", NULL},
    {MODE_CONFIG, COMMAND_SILENT, 0, "location plm calibrating:calibrating=multiband",
     "location:location/plm", NULL},
    {MODE_CONFIG, 0, 0, "location rfid timeout / <60-7200>:timeout", "location:location/rfid",
     NULL},
    {MODE_CONFIG, 0, 0, "location beacon-report interval / <0-3600>:interval",
     "location:location/beacon-report", NULL},
    {MODE_CONFIG, 0, 0,
     "location locally-administered / {report:locally-administered | "
     "ignore:locally-administered}",
     "location:location", NULL},

    {TRACE_MODES, 0, 0,
     "set trace nmsp level / {debug:level | err:level | info:level | warning:level}", "trace:trace",
     NULL},
    {TRACE_MODES, COMMAND_SILENT, 0, "set trace nmsp level default:level=warning", "trace:trace",
     NULL},
    {TRACE_MODES, 0, 0, "set trace control nmsp buffer-size / <4096-1048576>:buffer-size",
     "trace:trace", NULL},
    {MODE_CONFIG, 0, 0, "system capacity devices / <16-262144>:devices", "system:system/capacity",
     NULL},
    {MODE_CONFIG, 0, 0, "system capacity samples / <16-4194304>:samples", "system:system/capacity",
     NULL},
    {MODE_CONFIG, 0, 0, "system capacity aps / <1-32768>:aps", "system:system/capacity", NULL},
    {MODE_CONFIG, 0, 0, "system capacity access-points / <1-1024>:access-points",
     "system:system/capacity", NULL},

    {MODE_CONFIG, COMMAND_ENTRY | COMMAND_OVER_BLOCK, MODE_INTERFACE, "interface WORD:name",
     INTERFACE, NULL},
    {MODE_INTERFACE, 0, 0, "nmsp attachment suppress:suppress-attachment=true", INTERFACE, NULL},

    /* What programs send to every box, kept in the session or without a meaning here. */
    {MODE_CONFIG, 0, MODE_LINE, "line {console | vty} <0-99> [<0-99>]", NULL, mode_line},
    {MODE_LINE, COMMAND_NO, 0, "exec-timeout / <0-35791> [<0-2147483>]", NULL, mode_accepted},
    {MODE_LINE, COMMAND_NO, 0, "length / <0-512>:length", NULL, mode_terminal_length},
    {MODE_LINE, COMMAND_NO, 0, "width / <0-512>:width", NULL, mode_terminal_width},
    {MODE_LINE, COMMAND_NO, 0, "logging synchronous", NULL, mode_accepted},
    {MODE_CONFIG, COMMAND_NO, 0, "logging console", NULL, mode_accepted},
    {MODE_CONFIG, COMMAND_NO, 0, "logging host / HOST", NULL, mode_refused_logging},
    {MODE_CONFIG, COMMAND_NO, 0, "service prompt config", NULL, mode_accepted},
    {MODE_CONFIG, COMMAND_NO, 0, "ntp server / HOST", NULL, mode_refused_clock},
    {MODES_CONFIGURATION, 0, 0, "exit", NULL, mode_exit},
    {MODES_CONFIGURATION, 0, 0, "end", NULL, mode_end},

    /* --- EXEC: doing ------------------------------------------------------------------------- */
    {MODE_EXEC, 0, MODE_CONFIG, "configure [terminal]", NULL, mode_configure},
    {MODE_EXEC, 0, MODE_CONFIG, "configure terminal revert timer <1-1440>:timer", NULL,
     mode_configure_revert},
    {MODE_EXEC, 0, 0, "configure confirm", NULL, mode_configure_confirm},
    {MODE_EXEC, 0, 0, "configure revert now", NULL, mode_revert_now},
    {MODES_EXEC, 0, 0, "enable", NULL, mode_enable},
    {MODES_EXEC, 0, 0, "disable", NULL, mode_disable},
    {MODES_EXEC, 0, 0, "exit", NULL, mode_leave},
    {MODES_EXEC, 0, 0, "logout", NULL, mode_leave},
    {MODES_EXEC, 0, 0, "quit", NULL, mode_leave},
    {MODES_EXEC, 0, 0, "terminal length <0-512>:length", NULL, mode_terminal_length},
    {MODES_EXEC, 0, 0, "terminal width <0-512>:width", NULL, mode_terminal_width},
    {MODES_EXEC, 0, 0, "terminal {monitor | no monitor}", NULL, mode_accepted},
    {MODE_EXEC, 0, 0, "write [memory]", NULL, exec_write},
    {MODE_EXEC, 0, 0, "write terminal", NULL, show_running},
    {MODE_EXEC, 0, 0, "copy running-config startup-config [force:force]", NULL, exec_copy},
    {MODE_EXEC, 0, 0, "reload", NULL, exec_reload},
    {MODE_EXEC, 0, 0, "clear nmsp statistics", NULL, exec_clear_statistics},
    {MODE_EXEC, 0, 0, "clear nmsp connection {all | HOST:address}", NULL, exec_clear_connection},
    {MODE_EXEC, 0, 0, "set trace control nmsp clear", NULL, exec_clear_trace},
    {MODE_EXEC, 0, 0, "nmsp certificate renew [rsa:key-type | ec:key-type]", NULL, exec_renew},

    /* --- EXEC: showing ----------------------------------------------------------------------- */
    {MODES_EXEC, 0, 0, "show nmsp status", NULL, show_status},
    {MODES_EXEC, 0, 0, "show nmsp capability", NULL, show_capability},
    {MODES_EXEC, 0, 0, "show nmsp notification interval", NULL, show_interval},
    {MODES_EXEC, 0, 0, "show nmsp subscription {summary:how | detail:how [ADDRESS:address]}", NULL,
     show_subscription},
    {MODES_EXEC, 0, 0, "show nmsp statistics summary", NULL, show_statistics_summary},
    {MODES_EXEC, 0, 0, "show nmsp statistics connection", NULL, show_statistics_connection},
    {MODES_EXEC, 0, 0, "show nmsp attachment suppress interfaces", NULL, show_suppress},
    {MODES_EXEC, 0, 0, "show nmsp ap summary", NULL, show_access_points},
    {MODES_EXEC, 0, 0, "show nmsp ap detail MAC:mac", NULL, show_access_point},
    {MODES_EXEC, 0, 0, "show nmsp diagnosis [HOST:address]", NULL, show_diagnosis},
    {MODES_EXEC, 0, 0, "show nmsp certificate", NULL, show_certificate},
    {MODES_EXEC, 0, 0, "show nmsp radio", NULL, show_radio},
    {MODES_EXEC, 0, 0, "show nmsp live", NULL, show_live},
    {MODES_EXEC, 0, 0, "show location summary", NULL, show_location_summary},
    {MODES_EXEC, 0, 0, "show location detail MAC:mac", NULL, show_location_detail},
    {MODES_EXEC, 0, 0, "show location statistics rfid", NULL, show_location_rfid},
    {MODES_EXEC, 0, 0,
     "show location ap-detect {all | client:class | rfid:class=tag | rogue-ap:class | "
     "rogue-client:class} WORD:ap",
     NULL, show_ap_detect},
    {MODES_EXEC, 0, 0, "show aaa method-lists all", NULL, show_method_lists},
    {MODES_EXEC, 0, 0, "show aaa attributes", NULL, show_aaa_attributes},
    {MODES_EXEC, 0, 0, "show aaa servers", NULL, show_aaa_servers},
    {MODES_EXEC, 0, 0, "show ap summary", NULL, show_ap_summary},
    {MODES_EXEC, 0, 0, "show wireless client summary", NULL, show_client_summary},
    {MODE_EXEC, 0, 0, "show running-config [all:all]", NULL, show_running},
    {MODE_EXEC, 0, 0, "show startup-config", NULL, show_startup},
    {MODES_EXEC, 0, 0, "show clock [detail:detail]", NULL, show_clock},
    {MODES_EXEC, 0, 0, "show ntp status", NULL, show_ntp},
    {MODES_EXEC, 0, 0, "show version", NULL, show_version},
    {MODES_EXEC, 0, 0, "show privilege", NULL, show_privilege},
    {MODES_EXEC, 0, 0, "show history", NULL, show_history},
    {MODES_EXEC, 0, 0, "show trace messages nmsp", NULL, show_trace_messages},
    {MODES_EXEC, 0, 0, "show trace settings nmsp", NULL, show_trace_settings},
    {MODE_EXEC, 0, 0, "show tech-support [mask:mask]", NULL, show_tech_support},

    /* --- behind a | -------------------------------------------------------------------------- */
    {MODE_PIPE, 0, 0, "include LINE:pattern", NULL, NULL},
    {MODE_PIPE, 0, 0, "exclude LINE:pattern", NULL, NULL},
    {MODE_PIPE, 0, 0, "begin LINE:pattern", NULL, NULL},
    {MODE_PIPE, 0, 0, "section LINE:pattern", NULL, NULL},
    {MODE_PIPE, 0, 0, "count LINE:pattern", NULL, NULL},
};

const size_t command_count = sizeof(commands) / sizeof(commands[0]);
