#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Run by the feed on each installed package: test.sh PACKAGE VERSION.

[ "$1" = nmspd ] || exit 0

echo '{}' >/tmp/nmspd-test.json
nmspd --check /tmp/nmspd-test.json
status=$?
rm -f /tmp/nmspd-test.json
exit $status
