#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Of scripts/count: nothing that did not pass is counted as passed."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

COUNT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "count")

CMOCKA = """[==========] Running 3 test(s).
[ RUN      ] one
[  SKIPPED ] one
[ RUN      ] two
[       OK ] two
[ RUN      ] three
[       OK ] three
[==========] 3 test(s) run.
[  PASSED  ] 2 test(s).
[  SKIPPED ] 1 test(s), listed below:
[  SKIPPED ] one

 1 SKIPPED TEST(S)
"""

CMOCKA_FAILS = """[==========] 4 test(s) run.
[  PASSED  ] 2 test(s).
[  FAILED  ] 2 test(s), listed below:
[  FAILED  ] one
[  FAILED  ] two
"""

PYTHON = """test_a (__main__.Some.test_a) ... ok
test_b (__main__.Some.test_b)
What it is about. ... skipped 'no "ip"'
test_c (__main__.Some.test_c) ... skipped "it isn't there"
test_d (__main__.Some.test_d) ... skipped "it isn't there"

----------------------------------------------------------------------
Ran 4 tests in 0.001s

OK (skipped=3)
"""


class Count(unittest.TestCase):
    def count(self, *tests):
        """(lines, status) for these (result, stdout, stderr)."""
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(folder + "/meson-logs")
            with open(folder + "/meson-logs/testlog.json", "w", encoding="utf-8") as file:
                for result, stdout, stderr in tests:
                    file.write(json.dumps({"name": "it", "result": result, "stdout": stdout, "stderr": stderr}) + "\n")
            done = subprocess.run([sys.executable, COUNT, folder], stdout=subprocess.PIPE, text=True, check=False)
            return done.stdout.replace(folder, "F").splitlines(), done.returncode

    def test_skipped_tests_of_cmocka_are_named_and_not_passed(self):
        self.assertEqual(self.count(("OK", CMOCKA, "")), (
            ["not possible F: it: one", "2 passed, 0 failed, 1 not possible"], 0))

    def test_skipped_tests_of_python_are_named_by_reason_and_not_passed(self):
        self.assertEqual(self.count(("OK", "", PYTHON)), (
            ['not possible F: it: no "ip": b', "not possible F: it: it isn't there: c, d",
             "1 passed, 0 failed, 3 not possible"], 0))

    def test_a_part_of_a_test_is_named_with_its_arguments(self):
        text = ("test_a (__main__.Some.test_a) ... \n  test_a (__main__.Some.test_a) [kRSA] ... skipped 'no'\n\n"
                "Ran 2 tests in 1s\n\nOK (skipped=1)\n")
        self.assertEqual(self.count(("OK", "", text)), (
            ["not possible F: it: no: a [kRSA]", "1 passed, 0 failed, 1 not possible"], 0))

    def test_skipped_tests_without_a_name_are_counted_all_the_same(self):
        self.assertEqual(self.count(("OK", "", "Ran 3 tests in 1s\n\nOK (skipped=2)\n")), (
            ["not possible F: it: 2 without a name, log: F/meson-logs/testlog.txt",
             "1 passed, 0 failed, 2 not possible"], 0))

    def test_a_program_that_skips_itself_is_no_failure_and_no_success(self):
        lines, status = self.count(("SKIP", "", ""), ("OK", "", ""))
        self.assertEqual((lines[-1], status), ("1 passed, 0 failed, 1 not possible", 0))

    def test_failures_are_counted_one_by_one(self):
        python = "Ran 3 tests in 1s\nFAILED (failures=1, skipped=1)\n"
        lines, status = self.count(("FAIL", CMOCKA_FAILS, ""), ("FAIL", "", python))
        self.assertEqual((lines[-1], status), ("3 passed, 3 failed, 1 not possible", 1))
        self.assertIn("FAILED F: it (FAIL), log: F/meson-logs/testlog.txt", lines)

    def test_a_program_that_dies_is_a_failure(self):
        for result in ("FAIL", "TIMEOUT", "ERROR", "INTERRUPT", "UNEXPECTEDPASS"):
            lines, status = self.count((result, "", ""))
            self.assertEqual((lines[-1], status), ("0 passed, 1 failed, 0 not possible", 1))

    def test_nothing_at_all_is_no_success(self):
        self.assertEqual(self.count(), (["0 passed, 0 failed, 0 not possible"], 1))
        self.assertEqual(self.count(("SKIP", "", ""))[1], 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
