/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What commands do that edit nothing: the functions of the table.
 */
#ifndef CONFIG_CLI_ACTIONS_H
#define CONFIG_CLI_ACTIONS_H

#include "config/cli/grammar.h"

/* modes.c: between the modes, and the terminal */
command_run mode_configure, mode_configure_revert, mode_configure_confirm, mode_revert_now;
command_run mode_line, mode_exit, mode_end, mode_leave, mode_enable, mode_disable;
command_run mode_terminal_length, mode_terminal_width, mode_accepted;
command_run mode_refused_clock, mode_refused_logging;

/* exec.c: what is done to the agent */
command_run exec_write, exec_copy, exec_reload, exec_clear_statistics, exec_clear_connection;
command_run exec_clear_trace, exec_renew;

/* show-*.c */
command_run show_status, show_capability, show_interval, show_subscription;
command_run show_statistics_summary, show_statistics_connection, show_suppress;
command_run show_diagnosis, show_certificate, show_radio, show_live;
command_run show_location_summary, show_location_detail, show_location_rfid, show_ap_detect;
command_run show_method_lists, show_aaa_attributes, show_aaa_servers;
command_run show_running, show_startup, show_clock, show_ntp, show_version, show_privilege;
command_run show_trace_messages, show_trace_settings, show_tech_support, show_history;
command_run show_access_points, show_access_point;
command_run show_ap_summary, show_client_summary;

#endif
