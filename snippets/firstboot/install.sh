# shellcheck shell=sh
# Run inside the new system, at the end of its install: at its first boot it tells Kickwatch that it is there, and
# forgets about it. A systemd unit, or an init script where there is no systemd. KW_ROOT: another root than /.
#raw
(
  set +e +u +C
  kw_root=${KW_ROOT-}
  mkdir -p "$kw_root/usr/local/sbin"
  cat >"$kw_root/usr/local/sbin/kickwatch-firstboot" <<'KICKWATCH_FIRSTBOOT'
#!/bin/sh
#end raw
$SNIPPET('kickwatch/kickwatch.sh')
#raw
kw_self=$0
kw_root=${kw_self%/usr/local/sbin/*}
kw_remove() {
  rm -f "$kw_root"/etc/systemd/system/kickwatch-firstboot.service "$kw_root"/etc/init.d/kickwatch-firstboot \
    "$kw_root"/etc/systemd/system/multi-user.target.wants/kickwatch-firstboot.service \
    "$kw_root"/etc/rc[2345].d/S99kickwatch-firstboot "$kw_root"/etc/rc.d/rc[2345].d/S99kickwatch-firstboot "$kw_self"
}
kw_firstboot
# Where the server cannot be reached the next boots try again, for a week.
if [ -z "$kw_dead" ] || [ -n "$(find "$kw_self" -mtime +7 2>/dev/null)" ]; then kw_remove; fi
exit 0
KICKWATCH_FIRSTBOOT
  chmod 0700 "$kw_root/usr/local/sbin/kickwatch-firstboot"
  if [ -d "$kw_root/etc/systemd/system" ]; then
    cat >"$kw_root/etc/systemd/system/kickwatch-firstboot.service" <<'KICKWATCH_UNIT'
[Unit]
Description=Tell Kickwatch that the new system booted
Wants=network-online.target
After=network-online.target
ConditionPathExists=/usr/local/sbin/kickwatch-firstboot

[Service]
Type=oneshot
ExecStart=/usr/local/sbin/kickwatch-firstboot
TimeoutStartSec=60

[Install]
WantedBy=multi-user.target
KICKWATCH_UNIT
    mkdir -p "$kw_root/etc/systemd/system/multi-user.target.wants"
    ln -sf ../kickwatch-firstboot.service \
      "$kw_root/etc/systemd/system/multi-user.target.wants/kickwatch-firstboot.service"
  elif [ -d "$kw_root/etc/init.d" ]; then
    cat >"$kw_root/etc/init.d/kickwatch-firstboot" <<'KICKWATCH_INIT'
#!/bin/sh
# chkconfig: 2345 99 01
# description: Tells Kickwatch that the new system booted
### BEGIN INIT INFO
# Provides:          kickwatch-firstboot
# Required-Start:    $network $remote_fs
# Required-Stop:
# Default-Start:     2 3 4 5
# Default-Stop:
# Short-Description: Tells Kickwatch that the new system booted
### END INIT INFO
[ "$1" != start ] || /usr/local/sbin/kickwatch-firstboot </dev/null >/dev/null 2>&1 &
exit 0
KICKWATCH_INIT
    chmod 0755 "$kw_root/etc/init.d/kickwatch-firstboot"
    for kw_level in 2 3 4 5; do
      for kw_folder in "$kw_root/etc/rc$kw_level.d" "$kw_root/etc/rc.d/rc$kw_level.d"; do
        [ ! -d "$kw_folder" ] || ln -sf /etc/init.d/kickwatch-firstboot "$kw_folder/S99kickwatch-firstboot"
      done
    done
  fi
  ! command -v restorecon || restorecon -F "$kw_root/usr/local/sbin/kickwatch-firstboot"
) </dev/null >/dev/null 2>&1 || :
#end raw
