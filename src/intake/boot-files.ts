/*
 * What a file a machine fetches while it boots and installs says about how far it is. Judged by names: they are the
 * same on every mirror and every netboot server, because loaders and installers ask for them by name.
 */

/** What a file is to the machine that asks for it. */
export type FileRole =
  | 'loader' // boot loader, its modules and menus, boot scripts
  | 'kernel' // kernel, initrd, and what stands for them: wimboot, boot.wim
  | 'stage2' // what the installer itself consists of: image, udebs, driver and update images
  | 'answers' // kickstart, preseed, autoinstall, AutoYaST profile, Ignition, unattend.xml
  | 'metadata' // lists of packages
  | 'package'; // packages and payload

/** HTTP clients that are firmware or a boot loader: whatever they fetch, no installer runs yet. */
const LOADER_AGENT = /^(?:i?PXE|gPXE|UefiHttpBoot|Syslinux|(?:GNU )?GRUB|U-Boot)\b/i;

const KERNEL =
  /^(?:vmlinu[xz][\w.+-]*|[\w.+-]*[._-](?:vmlinuz|bzimage)|bzimage[\w.+-]*|linux(?:26|64)?|kernel[\w.+-]*|[\w.+-]*-kernel-[\w.+-]+|initr(?:d|amfs)[\w.+-]*|[\w.+-]*[._-]initr(?:d|amfs)[\w.+-]*|[\w.+-]*_pxe_image\.cpio\.gz|uinitrd[\w.+-]*|wimboot[\w.-]*|boot\.(?:wim|sdi)|litetouchpe\w*\.wim|winpe\w*\.wim)$/i;
const LOADER =
  /^(?:l?pxelinux\.0|gpxelinux\.0|syslinux\.efi|ldlinux\.\w+|[\w-]+\.c32|memdisk|undionly\.k?pxe|(?:snp(?:only)?|ipxe|undi)[\w.-]*\.(?:k?pxe|efi|lkrn|krn)|[\w.-]+\.ipxe|boot\.php|(?:shim|grub|mm|fb|boot|core|bootmgfw|elilo|revocations)[\w.-]*\.efi|grub2?pxe\S*|core\.0|grub\.cfg[\w.:-]*|[\w-]+\.(?:mod|lst|pf2)|bootcode\.bin|bootmgr(?:\.exe)?|bcd|pxeboot\.(?:com|n12|0)|wdsnbp\.com|abortpxe\.com|yaboot[\w.-]*|pxelinux\.cfg)$/i;
/** Without one of these nothing boots; menus are probed for under many names. */
const LOADER_PROGRAM =
  /^(?:l?pxelinux\.0|gpxelinux\.0|syslinux\.efi|ldlinux\.\w+|undionly\.k?pxe|(?:snp(?:only)?|ipxe)[\w.-]*\.(?:k?pxe|efi)|[\w.-]+\.ipxe|(?:shim|grub|boot|core)(?!_certificate)[\w.-]*\.efi|core\.0|wdsnbp\.com|bootmgr(?:\.exe)?)$/i;
/** The firmware of a Raspberry Pi looks for its kernel under one name after the other. */
const PROBED_KERNEL = /^kernel\w{0,8}\.img$/;
/** Menus that a loader tries to find by address, MAC and UUID: most of them are not there. */
const MENU = /(?:^|\/)(?:pxelinux\.cfg|grub2?(?:-efi)?\/(?:system|grub\.cfg)|boot\.cfg)(?:[/-]|$)|\/op\/i?pxe\b/i;

const STAGE2 =
  /^(?:squashfs\.img|install\.img|(?:min)?stg2\.img|stage2\.img|(?:live-)?rootfs\.img|[\w.+-]*live-rootfs[\w.+-]*|[\w.+-]+\.squashfs|updates\.img|product\.img|rhdd[\w.-]*|driverdisk[\w.-]*|\.?treeinfo|\.discinfo|\.buildstamp|[\w.+~-]+\.udeb|[\w.+-]+\.iso)$/i;
const STAGE2_PATH =
  /\/debian-installer\/binary-|\/boot\/(?:x86_64|aarch64|ppc64le|s390x|i386)\/(?:root|common|rescue|bind|libyui\S{0,40})$/;

const ANSWERS =
  /^(?:[\w.+-]+\.ks|[\w.+-]*ks\.cfg|[\w.+-]*kickstart[\w.+-]*\.cfg|[\w.+-]*preseed[\w.+-]*|user-data|autoinst[\w.+-]*\.xml|autoyast[\w.+-]*|[\w.+-]+\.(?:ign|seed)|(?:auto)?unattend[\w.-]*\.xml|ks)$/i;
const ANSWERS_PATH =
  /\/op\/(?:ks|autoinstall)(?:\/|$)|\/(?:autoinst|autoinstall|ks|kickstarts?|preseed|ignition)\/(?:[^/]{1,200}\/){0,4}[^/.]{1,200}(?:\.(?:cfg|ks|xml|txt|seed|php|conf|json|ya?ml))?$|\/unattended\/(?:provision|kickstart|preseed|user-data)\b/i;

const METADATA = /^(?:repomd\.xml[\w.]*|(?:In)?Release(?:\.gpg)?|Packages(?:\.\w+)?)$/;
const METADATA_PATH = /\/(?:repodata|media\.1|suse\/setup)\/[^/]+$|\/dists\/\S{1,300}\/(?:i18n|by-hash)\//;
const PACKAGE = /\.(?:d?rpm|deb)$/i;
/** Parts of debian-installer: `kernel-image-6.1.0-18-amd64-di_6.1.76-1_amd64.udeb`. */
const STAGE2_PACKAGE = /\.udeb$/i;
/** Payload that is no package: objects of an ostree repository, layers of a container image. */
const PAYLOAD =
  /\/objects\/[0-9a-f]{2}\/[0-9a-f]{62}\.\w+$|\/deltas\/[\w+-]{2}\/|^\/v2\/\S{1,300}\/blobs\/sha256:[0-9a-f]{64}$|\/install\d*\.(?:wim|esd|swm)$/i;

/**
 * The role of a file. `path` without query; `agent` is the HTTP client, null for TFTP, which only firmware and loaders
 * speak. Null: nothing that belongs to an install.
 */
export function roleOf(path: string, agent: string | null, transport: 'tftp' | 'http'): FileRole | null {
  const name = nameOf(path);
  // `kernel-5.14.0-70.el9.x86_64.rpm`, `initramfs-tools_0.142_all.deb`: packages of a kernel boot nothing.
  if (PACKAGE.test(name)) return transport === 'http' ? 'package' : 'loader';
  if (STAGE2_PACKAGE.test(name)) return transport === 'http' ? 'stage2' : 'loader';
  // Whoever makes a mirror or a virtual machine fetches kernels too (curl, Python-urllib), and boots nothing by it.
  if (KERNEL.test(name)) return agent === null || LOADER_AGENT.test(agent) ? 'kernel' : null;
  if (LOADER.test(name) || MENU.test(path)) return 'loader';
  if (transport === 'tftp') return 'loader';
  if (PAYLOAD.test(path)) return 'package';
  if (STAGE2.test(name) || STAGE2_PATH.test(path)) return 'stage2';
  if (METADATA.test(name) || METADATA_PATH.test(path)) return 'metadata';
  if (agent !== null && LOADER_AGENT.test(agent)) return 'loader';
  if (ANSWERS.test(name) || ANSWERS_PATH.test(path)) return 'answers';
  return null;
}

/**
 * True when the machine goes no further without this file. Optional images, menus under other names, metadata of a
 * mirror that is one of several are asked for in vain by healthy machines.
 */
export function isNeeded(path: string, role: FileRole): boolean {
  if (role === 'loader') return LOADER_PROGRAM.test(nameOf(path)) && !MENU.test(path);
  if (role === 'kernel') return !PROBED_KERNEL.test(nameOf(path));
  return role === 'answers' || role === 'package';
}

/** The last part of a path; Windows asks with backslashes. */
function nameOf(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

/** True for firmware and boot loaders that speak HTTP. */
export function isFirmware(agent: string | null): boolean {
  return agent !== null && LOADER_AGENT.test(agent);
}

/**
 * The hardware address a loader names when it asks for its menu: `01-aa-bb-…` (ARP type 1, then the address) of pxelinux
 * and grub, `mac=` of boot scripts, Cobbler's `grub/system/aa:bb:…`. Lower case with colons; null when there is none.
 */
export function macOfFile(file: string): string | null {
  const match =
    /(?:\/|grub\.cfg-|^)01-((?:[0-9a-f]{2}-){5}[0-9a-f]{2})(?:$|[^0-9a-f-])/i.exec(file) ??
    /[?&]mac(?:addr)?=((?:[0-9a-f]{2}(?:[:-]|%3A)){5}[0-9a-f]{2})(?:$|[^0-9a-f])/i.exec(file) ??
    /\/system(?:_link)?\/((?:[0-9a-f]{2}:){5}[0-9a-f]{2})$/i.exec(file);
  return match ? match[1]!.toLowerCase().replace(/%3a|-/g, ':') : null;
}
