#!/bin/sh
# busybox-syslog.sh FOLDER HOST:PORT [DEVLOG FRAMES]: busybox' syslogd forwards what its logger says, as debian-installer's
# does, or the lines of the file FRAMES, which the program DEVLOG says to it. It knows
# no other socket than /dev/log, so this runs in a mount namespace of its own (unshare --mount) with a /dev in FOLDER.
set -eu
folder=$1
mkdir "$folder/dev"
: >"$folder/dev/null"
mount --bind /dev/null "$folder/dev/null"
mount --rbind "$folder/dev" /dev
busybox syslogd -n -R "$2" &
syslogd=$!
trap 'kill "$syslogd"' EXIT
for _ in $(seq 1 50); do
  if [ -S /dev/log ]; then break; fi
  sleep 0.1
done
if [ $# -eq 4 ]; then
  python3 "$3" /dev/log <"$4"
  sleep 1
  exit
fi
busybox logger -t main-menu "INFO: Menu item 'pkgsel' selected"
busybox logger -t 'grub-installer[77]' -p user.err 'error: Running grub-install failed.'
printf 'Setting up libc6\nSetting up grüb\n' | busybox logger -t in-target
# The daemon reads them in order; a line it was not given cannot be waited for here, only by who listens.
sleep 1
