# SPDX-License-Identifier: GPL-2.0-or-later
# What an init script finds on OpenWrt: uci's functions, users and groups, procd's calls. They are written down in /calls,
# one a line; where the real ones can fail without a word, so do these.
# shellcheck shell=dash disable=SC3043

# --- uci: a file is read as the commands that it consists of ---

config_set() {
	eval "CONFIG_${1}_${2}=\$3"
}

config_cb() { :; }
option_cb() { :; }
list_cb() { :; }

config() {
	CONFIG_SECTION=$2
	config_set "$2" TYPE "$1"
	config_cb "$1" "$2"
}

option() {
	config_set "$CONFIG_SECTION" "$1" "$2"
	option_cb "$1" "$2"
}

list() {
	local old
	config_get old "$CONFIG_SECTION" "$1"
	config_set "$CONFIG_SECTION" "$1" "$old${old:+ }$2"
	list_cb "$1" "$2"
}

config_load() {
	[ ! -e "/etc/config/$1" ] || . "/etc/config/$1"
}

config_get() {
	eval "$1=\${CONFIG_${2}_${3}:-\${4:-}}"
}

config_get_bool() {
	local value
	config_get value "$2" "$3" "$4"
	case "$value" in
	1 | on | true | yes | enabled) value=1 ;;
	0 | off | false | no | disabled) value=0 ;;
	*) value=$4 ;;
	esac
	eval "$1=$value"
}

config_list_foreach() {
	local value values
	config_get values "$1" "$2"
	for value in $values; do
		"$3" "$value"
	done
}

# --- users ---

user_exists() {
	grep -qs "^$1:" /etc/passwd
}

group_exists() {
	grep -qs "^$1:" /etc/group
}

user_add() {
	[ -w /etc/passwd ] || return 1
	echo "$1:x:${2:-32768}:$3:$1:/var/run/$1:/bin/false" >>/etc/passwd
}

group_add_next() {
	group_exists "$1" || echo "$1:x:32768:" >>/etc/group
	sed -n "s/^$1:x:\([0-9]*\):.*/\1/p" /etc/group
}

group_add_user() {
	grep -q "^$1:.*[:,]$2\(,\|\$\)" /etc/group || sed -i "s/^\($1:.*\)/\1,$2/; s/:,/:/" /etc/group
}

# --- procd ---

call() {
	local word line=
	for word; do
		line="$line${line:+ }$word"
	done
	echo "$line" >>/calls
}

for name in open_instance close_instance add_jail add_jail_mount add_jail_mount_rw append_param set_param send_signal \
	add_reload_trigger; do
	eval "procd_$name() { call $name \"\$@\"; }"
done

rc_procd() {
	"$@"
	call set
}

reload_service() {
	rc_procd start_service "$@"
}

script=$1
. "$script"
case "$2" in
start) rc_procd start_service ;;
reload) reload_service ;;
triggers) service_triggers ;;
esac
