#!/usr/bin/env bash
# start.sh SITE_PACKAGES FOLDER PORT COBBLERD : runs Cobbler's daemon with folders of its own.
#
# Cobbler knows /etc/cobbler and /var/lib/cobbler by heart: run it under `unshare --map-root-user --mount`, where they are laid over the
# machine's own, which stays as it is. FOLDER holds everything and is in memory.
set -euo pipefail
packages=$1 folder=$2 port=$3 daemon=$4

mount -t tmpfs tmpfs "$folder"
for pair in /etc:etc /var/lib:lib /var/log:log; do
  at=${pair%%:*} name=${pair##*:}
  mkdir -p "$folder/$name.up" "$folder/$name.work"
  mount -t overlay overlay -o "lowerdir=$at,upperdir=$folder/$name.up,workdir=$folder/$name.work" "$at"
done
mkdir -p /etc/cobbler /var/lib/cobbler/{loaders,triggers} /var/log/cobbler/tasks "$folder"/{www,tftp,kernels}
cp -r "$packages/etc/cobbler/." /etc/cobbler/
cp -r "$packages/var/lib/cobbler/." /var/lib/cobbler/
mkdir -p /var/lib/cobbler/collections/{distros,profiles,systems,repos,images,menus,mgmtclasses,packages,files}
sed -i "s|^xmlrpc_port:.*|xmlrpc_port: $port|; s|^webdir:.*|webdir: $folder/www|; s|^tftpboot_location:.*|tftpboot_location: $folder/tftp|" \
  /etc/cobbler/settings.yaml
echo x >"$folder/kernels/vmlinuz"
echo x >"$folder/kernels/initrd.img"
exec "$daemon" -F -l INFO
