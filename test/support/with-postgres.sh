#!/usr/bin/env bash
# Runs a command with a PostgreSQL of its own: a fresh cluster in a temporary folder, on a free port of 127.0.0.1, with
# fsync on. The command finds it in TEST_DATABASE_URL (a superuser's). Stopped and removed afterwards.
#
#   test/support/with-postgres.sh npx jest -i test/store
#
# Needs PostgreSQL's server programs (PATH, /usr/lib/postgresql/*/bin, or PG_BIN). As root it runs them as `postgres`.
set -euo pipefail

if [ $# -eq 0 ]; then
  echo "usage: $0 COMMAND [ARGUMENT…]" >&2
  exit 2
fi

find_bin() {
  local folder
  for folder in "${PG_BIN:-}" "$(dirname "$(readlink -f "$(command -v initdb || echo /)")")" $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV); do
    if [ -n "$folder" ] && [ -x "$folder/initdb" ] && [ -x "$folder/pg_ctl" ]; then
      echo "$folder"
      return
    fi
  done
  echo 'No PostgreSQL server programs found (apt-get install postgresql, or set PG_BIN).' >&2
  exit 1
}

as_server() {
  if [ "$(id -u)" -eq 0 ]; then setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"; else "$@"; fi
}

bin=$(find_bin)
folder=$(mktemp -d "${TMPDIR:-/tmp}/kickwatch-postgres-XXXXXX")
child=
cleanup() {
  local code=$?
  trap - EXIT INT TERM
  if [ -n "$child" ]; then kill "$child" 2>/dev/null || true; wait "$child" 2>/dev/null || true; fi
  as_server "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null 2>&1 || true
  rm -rf "$folder"
  exit "$code"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [ "$(id -u)" -eq 0 ]; then chown postgres: "$folder"; fi
cd "$folder"
as_server "$bin/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 >"$folder/initdb.log" 2>&1 || {
  cat "$folder/initdb.log" >&2
  exit 1
}

# A port nobody listens on; should somebody be quicker, the start fails and another one is tried.
started=
for _ in 1 2 3 4 5; do
  port=$((20000 + RANDOM % 12000))
  if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then continue; fi
  if as_server "$bin/pg_ctl" -D "$folder/data" -l "$folder/server.log" -w -t 60 -s start \
    -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=on -c max_connections=200"; then
    started=1
    break
  fi
done
if [ -z "$started" ]; then
  cat "$folder/server.log" >&2
  exit 1
fi
cd "$OLDPWD"

export TEST_DATABASE_URL="postgres://postgres@127.0.0.1:$port/postgres"
export KICKWATCH_POSTGRES_DATA="$folder/data" KICKWATCH_POSTGRES_BIN="$bin"
# In the background and waited for, so that a signal to this script reaches the trap at once.
"$@" &
child=$!
code=0
wait "$child" || code=$?
child=
exit "$code"
