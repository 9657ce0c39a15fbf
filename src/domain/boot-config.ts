import { flattenPairs } from './inheritance';
import { isDict, type ItemData, textOf } from './item-value';

/** Versions of Red Hat's line whose installer wants the older names of its options. */
const OLD_ANACONDA = /^(?:rhel[2-6]|cloudlinux[56]|centos[2-6]|fedora(?:[1-9]|1[0-6])|other|generic\d*)$/;

/**
 * The kernel options by which an installer finds its answer file.
 *
 * @param url - of the answer file.
 */
export function answerOptions(blended: ItemData, url: string): string {
  switch (textOf(blended.breed)) {
    case 'redhat':
      return OLD_ANACONDA.test(textOf(blended.os_version)) ? `kssendmac ks=${url}` : `inst.ks.sendmac inst.ks=${url}`;
    case 'suse':
      return `autoyast=${url}`;
    case 'debian':
    case 'ubuntu':
      return `auto-install/enable=true priority=critical netcfg/choose_interface=auto url=${url}`;
    case 'vmware':
      return `ks=${url}`;
    default:
      return '';
  }
}

const fileName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** What a machine that is not to be installed is told: HP's firmware goes on by leaving, others boot their disk. */
const LOCAL_BOOT = '#!ipxe\niseq ${smbios/manufacturer} HP && exit ||\nsanboot --no-describe --drive 0x80\n\n';

/**
 * The iPXE script of a profile or system that starts from a distro, as recorded of Cobbler 3.3.7.
 *
 * @param blended - not flattened.
 */
export function ipxeScript(kind: 'profile' | 'system', blended: ItemData): string {
  if (kind === 'system' && blended.netboot_enabled !== true) return LOCAL_BOOT;
  const folder = `/images/${textOf(blended.distro_name)}`;
  const options = isDict(blended.kernel_options) ? flattenPairs(blended.kernel_options) : '';
  const url = `http://${textOf(blended.http_server)}/cblr/svc/op/autoinstall/${kind}/${textOf(blended.name)}`;
  const kernel = `${folder}/${fileName(textOf(blended.kernel))}  ${options} ${answerOptions(blended, url)}`;
  return `#!ipxe\nkernel ${kernel.trimEnd()}\ninitrd ${folder}/${fileName(textOf(blended.initrd))}\nboot\n\n`;
}

/** The menu of all profiles that have one: iPXE's own `menu` and `choose` (https://ipxe.org/cmd/choose). */
export function ipxeMenu(profiles: readonly string[], httpServer: string): string {
  const lines = ['#!ipxe', 'menu Kickwatch', 'item local boot from the local disk'];
  for (const name of profiles) lines.push(`item ${name} ${name}`);
  lines.push(
    'choose --default local target && goto ${target}',
    ':local',
    LOCAL_BOOT.split('\n').slice(1, 3).join('\n'),
  );
  for (const name of profiles) lines.push(`:${name}`, `chain http://${httpServer}/cblr/svc/op/ipxe/profile/${name}`);
  return `${lines.join('\n')}\n`;
}

/** The boot.cfg of ESXi's loader, as recorded of Cobbler 3.3.7: a template whose variables are the item's. */
export const BOOTCFG_TEMPLATE = [
  'bootstate=0',
  'title=Loading ESXi installer',
  'prefix=/images/$distro_name',
  'kernel=b.b00',
  'kernelopt=runweasel ks=http://$kickwatch_host/cblr/svc/op/ks/$kickwatch_at',
  'modules=$esx_modules',
  'build=',
  'updated=0',
  '',
].join('\n');
