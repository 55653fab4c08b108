#!/bin/sh
# Installs the PostgreSQL server that the tests marked `postgres` start for themselves, where Debian puts it; wants
# root or sudo. Run it as often as you like. No cluster is made: each test process makes its own, and drops it.
set -eu

say() { echo "postgres: $*"; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
apt() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" >/dev/null; }

if ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
        as_root mkdir -p /etc/postgresql-common
        echo "create_main_cluster = false" | as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
    fi
    apt update
    apt install -y --no-install-recommends postgresql
fi
say "$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)"
