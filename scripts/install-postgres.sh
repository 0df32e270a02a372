#!/usr/bin/env bash
# Installs PostgreSQL from Debian's packages for the tests of the store, which start a server of their own from it: no
# cluster is made, and none is started. Does nothing when it is there.
set -euo pipefail

find_server() { for bin in /usr/lib/postgresql/*/bin/postgres; do [ -x "$bin" ] && echo "$bin" && return; done; return 1; }

if ! find_server >/dev/null; then
  command -v apt-get >/dev/null || { echo 'PostgreSQL is needed, and there is no apt-get to install it with' >&2; exit 1; }
  root=()
  [ "$(id -u)" -eq 0 ] || root=(sudo -n)
  # Debian's package makes a cluster and starts it, unless this says otherwise before it comes.
  if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    "${root[@]}" mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' | "${root[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
  fi
  install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confold postgresql)
  # The lists of packages may be old, or not there: they are fetched only then.
  if ! "${root[@]}" "${install[@]}" >/dev/null 2>&1; then
    "${root[@]}" apt-get update -qq || true
    "${root[@]}" "${install[@]}" >/dev/null || { echo 'could not install postgresql with apt-get' >&2; exit 1; }
  fi
fi

path=$(find_server) || { echo 'PostgreSQL is not there after its installation' >&2; exit 1; }
echo "PostgreSQL: $path"
