#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Run by the feed: each program of the package prints the package's version (test-version.sh PACKAGE VERSION).

case "$1" in
nmspd | nmsp | nmsp-netconf | nmsp-radio) ;;
*) exit 0 ;;
esac

case "$("$1" --version 2>&1)" in
*"$2"*) ;;
*)
	echo "$1 does not say that it is version $2"
	exit 1
	;;
esac
