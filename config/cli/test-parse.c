/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines as operators and programs type them: what they mean, what is wrong and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/cli/parse.h"

#include <stdio.h>
#include <string.h>

static struct command_line parsed;

static void takes(unsigned modes, const char *line, const char *syntax)
{
    parse_line(line, modes, &parsed);
    if (parsed.outcome != PARSE_COMMAND)
        fail_msg("'%s' is not taken: outcome %d at %zu", line, parsed.outcome, parsed.caret);
    if (strncmp(parsed.command->syntax, syntax, strlen(syntax)) != 0)
        fail_msg("'%s' is taken as %s", line, parsed.command->syntax);
}

static void refuses(unsigned modes, const char *line, enum parse_outcome outcome, size_t caret)
{
    parse_line(line, modes, &parsed);
    if (parsed.outcome != outcome ||
        (outcome != PARSE_INCOMPLETE && outcome != PARSE_TOO_LONG && parsed.caret != caret))
        fail_msg("'%s': outcome %d at %zu", line, parsed.outcome, parsed.caret);
}

static void has(const char *leaf, const char *value)
{
    const char *found = line_value(&parsed, leaf);

    assert_non_null(found);
    assert_string_equal(found, value);
}

static void unique_prefixes_of_keywords_are_taken(void **state)
{
    (void)state;
    takes(MODE_CONFIG, "nmsp not int rssi cli 10", "nmsp notification interval rssi clients");
    has("client-notify-interval", "10");
    takes(MODE_EXEC, "sh nmsp stati con", "show nmsp statistics connection");
    takes(MODE_EXEC, "conf t", "configure [terminal]");
    takes(MODE_EXEC, "wr", "write [memory]");
    takes(MODE_EXEC, "write mem", "write [memory]");
    takes(MODE_USER, "term len 0", "terminal length");
    takes(MODE_USER, "terminal width 511", "terminal width");
    takes(MODE_CONFIG, "username 0050.569C.3489 mac aaa att list NMSP", "username");
    has("mac", "0050569c3489");
    has("attribute-list", "NMSP");
}

static void a_keyword_with_which_the_line_ends_is_preferred(void **state)
{
    (void)state;
    takes(MODE_EXEC, "sh nmsp st", "show nmsp status");
    refuses(MODE_EXEC, "sh nmsp st sum", PARSE_AMBIGUOUS, 8);
    refuses(MODE_EXEC, "c", PARSE_AMBIGUOUS, 0);
}

static void keywords_have_no_case_and_arguments_keep_theirs(void **state)
{
    (void)state;
    takes(MODE_CONFIG, "HostName Router-1", "hostname");
    has("hostname", "Router-1");
    takes(MODE_CONFIG, "  AAA  Attribute\tLIST  Nmsp  ", "aaa attribute list");
    has("name", "Nmsp");
}

static void a_number_out_of_range_is_marked_at_its_start(void **state)
{
    (void)state;
    refuses(MODE_CONFIG, "nmsp notification interval rssi clients 181", PARSE_INVALID, 40);
    refuses(MODE_CONFIG, "nmsp notification interval rssi clients 0", PARSE_INVALID, 40);
    refuses(MODE_CONFIG, "nmsp notification interval rssi clients 1x", PARSE_INVALID, 40);
    refuses(MODE_CONFIG, "location expiry client 4", PARSE_INVALID, 23);
    takes(MODE_CONFIG, "nmsp notification interval rssi clients 180", "nmsp notification");
}

static void the_caret_stands_behind_what_is_shared_with_a_keyword(void **state)
{
    (void)state;
    refuses(MODE_CONFIG, "nmsp notifcation interval", PARSE_INVALID, 10);
    refuses(MODE_EXEC, "show nmps", PARSE_INVALID, 7);
    refuses(MODE_EXEC, "xyz", PARSE_INVALID, 0);
    refuses(MODE_CONFIG, "logging 0255.255.1", PARSE_INVALID, 8);
    refuses(MODE_EXEC, "show nmsp status now", PARSE_INVALID, 17);
    refuses(MODE_CONFIG, "username 0050.569c aaa", PARSE_INVALID, 9);
    refuses(MODE_CONFIG, "nmsp server 300.1.1.1", PARSE_INVALID, 12);
}

static void what_is_missing_and_what_is_ambiguous_is_told_apart(void **state)
{
    (void)state;
    refuses(MODE_CONFIG, "logging", PARSE_INCOMPLETE, 0);
    refuses(MODE_CONFIG, "nmsp server", PARSE_INCOMPLETE, 0);
    refuses(MODE_CONFIG, "no", PARSE_INCOMPLETE, 0);
    refuses(MODE_CONFIG, "l", PARSE_AMBIGUOUS, 0);
    refuses(MODE_EXEC, "show nmsp c", PARSE_AMBIGUOUS, 10);
    assert_int_equal(parsed.caret_len, 1);
}

static void blanks_and_comments_do_nothing(void **state)
{
    (void)state;
    refuses(MODE_CONFIG, "", PARSE_EMPTY, 0);
    refuses(MODE_EXEC, " \t ", PARSE_EMPTY, 0);
    refuses(MODE_CONFIG, "  ! a remark", PARSE_EMPTY, 0);
}

static void no_needs_only_what_names_the_thing(void **state)
{
    (void)state;
    takes(MODE_CONFIG, "no nmsp notification interval rssi clients", "nmsp notification");
    assert_int_equal(parsed.form, LINE_NO);
    takes(MODE_CONFIG, "no nmsp notification interval rssi clients 10", "nmsp notification");
    takes(MODE_CONFIG, "default location algorithm", "location algorithm");
    assert_int_equal(parsed.form, LINE_DEFAULT);
    takes(MODE_CONFIG, "no username 0050569c3489", "username");
    takes(MODE_CONFIG, "no aaa authorization credential-download default", "aaa authorization");
    takes(MODE_CONFIG, "no hostname", "hostname");
    refuses(MODE_CONFIG, "no nmsp notification interval rssi", PARSE_INCOMPLETE, 0);
    refuses(MODE_CONFIG, "no exit", PARSE_INVALID, 3);
    refuses(MODE_EXEC, "no nmsp enable", PARSE_INVALID, 1);
    takes(MODE_ATTRIBUTES, "no attribute type password", "attribute type password");
}

static void a_hash_may_be_pasted_with_blanks_and_colons(void **state)
{
    (void)state;
    takes(MODE_ATTRIBUTES, "attribute type password 6A:B9 19e2  ", "attribute type password");
    has("password", "6ab919e2");
}

static void a_name_is_no_abbreviation(void **state)
{
    (void)state;
    takes(MODE_CONFIG, "aaa authorization credential-download d local", "aaa authorization");
    has("name", "d");
    takes(MODE_CONFIG, "aaa authorization credential-download DEFAULT local", "aaa authorization");
    has("name", "default");
}

static void servers_have_addresses_or_names(void **state)
{
    (void)state;
    takes(MODE_CONFIG, "nmsp server fe80::1%eth0 port 16113 mac 00-50-56-9c-34-89 legacy",
          "nmsp server");
    has("host", "fe80::1%eth0");
    has("mac", "00:50:56:9c:34:89");
    has("legacy-cipher", "true");
    takes(MODE_CONFIG, "nmsp server mse_1.example.net", "nmsp server");
    assert_null(line_value(&parsed, "port"));
    refuses(MODE_CONFIG, "nmsp server a;b", PARSE_INVALID, 12);
}

static void lines_of_any_length_are_taken_or_refused(void **state)
{
    char line[4 * GRAMMAR_LINE_MAX];

    (void)state;
    memset(line, 'a', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    refuses(MODE_CONFIG, line, PARSE_TOO_LONG, 0);
    for (size_t i = 1; i < GRAMMAR_LINE_MAX - 1; i += 2)
        line[i] = ' ';
    line[GRAMMAR_LINE_MAX - 1] = '\0';
    parse_line(line, MODE_CONFIG, &parsed);
    assert_int_not_equal(parsed.outcome, PARSE_COMMAND);
}

/* --- ? --------------------------------------------------------------------------------------- */

static void offers(unsigned modes, const char *line, const char *words, bool complete)
{
    static struct choices choices;
    char all[2048] = "";

    parse_choices(line, modes, &choices);
    assert_true(choices.known);
    for (size_t i = 0; i < choices.count; i++) {
        (void)strcat(all, i > 0 ? "," : "");
        (void)strcat(all, choices.items[i].word);
        assert_true(choices.items[i].help[0] != '\0');
    }
    assert_string_equal(all, words);
    assert_int_equal(choices.complete, complete);
}

static void help_is_there_at_every_place(void **state)
{
    static struct choices choices;

    (void)state;
    offers(MODE_CONFIG, "nm", "nmsp", false);
    offers(MODE_CONFIG, "nmsp n", "notification", false);
    offers(MODE_CONFIG, "nmsp notification ", "interval", false);
    offers(MODE_CONFIG, "nmsp notification interval ", "attachment,location,rssi", false);
    offers(MODE_CONFIG, "nmsp notification interval rssi ", "clients,rfid,rogues,spectrum", false);
    offers(MODE_CONFIG, "nmsp notification interval rssi clients ", "<1-180>", false);
    offers(MODE_CONFIG, "nmsp notification interval rssi clients 10", "<1-180>", false);
    offers(MODE_CONFIG, "nmsp notification interval rssi clients 10 ", "", true);
    offers(MODE_CONFIG, "no nmsp notification interval rssi clients ", "<1-180>", true);
    offers(MODE_EXEC, "show nmsp diagnosis ", "Hostname or A.B.C.D", true);
    offers(MODE_CONFIG, "d", "default,do", false);
    offers(MODE_PIPE, "", "begin,count,exclude,include,section", false);
    parse_choices("show nmps ", MODE_EXEC, &choices);
    assert_false(choices.known);
}

static void do_and_pipes_are_found(void **state)
{
    (void)state;
    assert_int_equal(parse_do(" do show nmsp", MODE_CONFIG), 4);
    assert_int_equal(parse_do("do", MODE_CONFIG), 0);
    assert_int_equal(parse_do("do show nmsp", MODE_EXEC), 0);
    assert_int_equal(parse_pipe("show nmsp status | include Active"), 17);
    assert_int_equal(parse_pipe("show"), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unique_prefixes_of_keywords_are_taken),
        cmocka_unit_test(a_keyword_with_which_the_line_ends_is_preferred),
        cmocka_unit_test(keywords_have_no_case_and_arguments_keep_theirs),
        cmocka_unit_test(a_number_out_of_range_is_marked_at_its_start),
        cmocka_unit_test(the_caret_stands_behind_what_is_shared_with_a_keyword),
        cmocka_unit_test(what_is_missing_and_what_is_ambiguous_is_told_apart),
        cmocka_unit_test(blanks_and_comments_do_nothing),
        cmocka_unit_test(no_needs_only_what_names_the_thing),
        cmocka_unit_test(a_hash_may_be_pasted_with_blanks_and_colons),
        cmocka_unit_test(a_name_is_no_abbreviation),
        cmocka_unit_test(servers_have_addresses_or_names),
        cmocka_unit_test(lines_of_any_length_are_taken_or_refused),
        cmocka_unit_test(help_is_there_at_every_place),
        cmocka_unit_test(do_and_pipes_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
