/**
 * Breeds of operating systems and the versions known of each: what `breed` and `os_version` may say. Cobbler 3.3.7's own
 * names, later releases named in the same manner, and the rebuilds of RHEL under their own names as well (Cobbler calls
 * CentOS 8, Rocky 8 and AlmaLinux 8 all `rhel8`).
 */
export const OS_VERSIONS: Readonly<Record<string, readonly string[]>> = {
  debian: ['bookworm', 'bullseye', 'buster', 'forky', 'jessie', 'squeeze', 'stretch', 'trixie', 'wheezy'],
  freebsd: [
    'freebsd8.2',
    'freebsd8.3',
    'freebsd8.4',
    'freebsd9.0',
    'freebsd9.1',
    'freebsd9.2',
    'freebsd9.3',
    'freebsd10.0',
    'freebsd10.1',
    'freebsd10.2',
    'freebsd10.3',
    'freebsd10.4',
    'freebsd11.0',
    'freebsd11.1',
    'freebsd11.2',
    'freebsd11.3',
    'freebsd12.0',
    'freebsd12.2',
    'freebsd12.3',
    'freebsd12.4',
    'freebsd13.0',
    'freebsd13.1',
    'freebsd13.2',
    'freebsd13.3',
    'freebsd13.4',
    'freebsd13.5',
    'freebsd14.0',
    'freebsd14.1',
    'freebsd14.2',
    'freebsd14.3',
  ],
  generic: ['generic26', 'virtio26'],
  powerkvm: ['2.1'],
  redhat: [
    'almalinux8',
    'almalinux9',
    'almalinux10',
    'centos6',
    'centos7',
    'centos8',
    'centos9',
    'centos10',
    'cloudlinux6',
    'fedora16',
    'fedora17',
    'fedora18',
    'fedora19',
    'fedora20',
    'fedora21',
    'fedora22',
    'fedora23',
    'fedora24',
    'fedora25',
    'fedora26',
    'fedora27',
    'fedora28',
    'fedora29',
    'fedora30',
    'fedora31',
    'fedora32',
    'fedora33',
    'fedora34',
    'fedora35',
    'fedora36',
    'fedora37',
    'fedora38',
    'fedora39',
    'fedora40',
    'fedora41',
    'fedora42',
    'fedora43',
    'ovz7',
    'rhel4',
    'rhel5',
    'rhel6',
    'rhel7',
    'rhel8',
    'rhel9',
    'rhel10',
    'rocky8',
    'rocky9',
    'rocky10',
  ],
  suse: [
    'leapmicro5.3',
    'leapmicro5.4',
    'leapmicro5.5',
    'opensuse11.2',
    'opensuse11.3',
    'opensuse11.4',
    'opensuse12.1',
    'opensuse12.2',
    'opensuse12.3',
    'opensuse13.1',
    'opensuse13.2',
    'opensuse15.0',
    'opensuse15.1',
    'opensuse15.2',
    'opensuse15.3',
    'opensuse15.4',
    'opensuse15.5',
    'opensuse15.6',
    'opensuse16.0',
    'slemicro5.3',
    'slemicro5.4',
    'slemicro5.5',
    'slemicro6.0',
    'slemicro6.1',
    'sles10generic',
    'sles11',
    'sles11generic',
    'sles11sp1',
    'sles11sp2',
    'sles11sp3',
    'sles11sp4',
    'sles12',
    'sles12generic',
    'sles12sp1',
    'sles12sp2',
    'sles12sp3',
    'sles12sp4',
    'sles12sp5',
    'sles15generic',
    'sles15sp1',
    'sles15sp2',
    'sles15sp3',
    'sles15sp4',
    'sles15sp5',
    'sles15sp6',
    'sles15sp7',
    'sles16.0',
    'suse',
  ],
  ubuntu: [
    'artful',
    'bionic',
    'cosmic',
    'disco',
    'eoan',
    'focal',
    'groovy',
    'hirsute',
    'impish',
    'jammy',
    'kinetic',
    'lucid',
    'lunar',
    'mantic',
    'noble',
    'oneiric',
    'oracular',
    'plucky',
    'precise',
    'quantal',
    'questing',
    'raring',
    'saucy',
    'trusty',
    'utopic',
    'vivid',
    'wily',
    'xenial',
    'yakkety',
    'zesty',
  ],
  unix: [],
  vmware: ['esx4', 'esxi4', 'esxi5', 'esxi51', 'esxi55', 'esxi60', 'esxi65', 'esxi67', 'esxi70', 'esxi80', 'esxi90'],
  windows: ['7', '8', '10', '11', '2003', '2008', '2012', '2016', '2019', '2022', '2025', 'xp'],
  xen: ['xcp16', 'xcpng82', 'xcpng83', 'xenserver620', 'xenserver650', 'xenserver700', 'xenserver710', 'xenserver720'],
};

/** Names of architectures that boot loaders, media and package repositories use; some mean the same machine. */
export const CATALOGUE_ARCHES = [
  ...['ARM64', 'aarch64', 'amd64', 'arm', 'armhfp', 'i386', 'i586', 'ia64'],
  ...['ppc', 'ppc64', 'ppc64el', 'ppc64le', 's390', 's390x', 'x86', 'x86_64'],
] as const;

/** What an operating system runs on and is fed with. */
export interface OsFacts {
  arches: readonly string[];
  /** Breeds of repos its package manager reads. */
  repoBreeds: readonly string[];
}

const RPM = ['rsync', 'rhn', 'yum'];
const facts = (arches: string, repoBreeds: readonly string[] = []): OsFacts => ({
  arches: arches.split(' '),
  repoBreeds,
});

/** Facts by the beginning of a version's name, of each breed; the first that fits counts. '' fits all. */
const FACTS: Readonly<Record<string, readonly (readonly [prefix: string, facts: OsFacts])[]>> = {
  debian: [
    ...['forky', 'trixie', 'bookworm'].map(
      (name) => [name, facts('i386 amd64 aarch64 ppc64el s390x', ['apt'])] as const,
    ),
    ['', facts('i386 amd64', ['apt'])],
  ],
  freebsd: [
    ...['freebsd8', 'freebsd9', 'freebsd10', 'freebsd11', 'freebsd12.0'].map(
      (prefix) => [prefix, facts('i386 amd64')] as const,
    ),
    ['', facts('i386 amd64 ppc64 ppc64le ppc64el aarch64')],
  ],
  generic: [['', facts('i386 x86_64')]],
  powerkvm: [['', facts('ppc64', RPM)]],
  redhat: [
    ['rhel4', facts('i386 ia64 ppc s390 s390x x86_64', RPM)],
    ['rhel5', facts('i386 ia64 ppc s390x x86_64', RPM)],
    ['rhel6', facts('i386 ppc64 s390x x86_64', RPM)],
    ['rhel7', facts('aarch64 ppc64 ppc64le s390x x86_64', RPM)],
    ['centos6', facts('i386 x86_64', RPM)],
    ['centos7', facts('aarch64 ppc64 ppc64le x86_64', RPM)],
    ['ovz7', facts('i386 x86_64', ['rsync', 'yum'])],
    ['cloudlinux6', facts('i386 x86_64 ppc ppc64', RPM)],
    ['fedora16', facts('i386 x86_64 ppc ppc64', RPM)],
    ['fedora17', facts('arm armhfp i386 x86_64 ppc ppc64 s390 s390x', RPM)],
    ['fedora18', facts('arm armhfp i386 ppc ppc64 x86_64 s390 s390x', RPM)],
    ['fedora19', facts('arm i386 ppc ppc64 s390 s390x x86_64', RPM)],
    ['fedora2', facts('aarch64 armhfp i386 ppc64 ppc64le s390x x86_64', RPM)],
    ['fedora30', facts('aarch64 armhfp i386 ppc64le s390x x86_64', RPM)],
    ...['fedora31', 'fedora32', 'fedora33', 'fedora34', 'fedora35', 'fedora36'].map(
      (name) => [name, facts('aarch64 armhfp ppc64le s390x x86_64', RPM)] as const,
    ),
    ['', facts('aarch64 ppc64le s390x x86_64', RPM)],
  ],
  suse: [
    ['opensuse1', facts('i386 i586 x86_64 aarch64 ppc64le', ['yum'])],
    ['leapmicro', facts('aarch64 x86_64', ['yum'])],
    ['slemicro', facts('x86_64 s390x aarch64 ppc64le', ['yum'])],
    ['sles10', facts('i386 i586 x86_64 ppc64', ['yum'])],
    ['sles11', facts('i386 i586 x86_64 ppc64 s390x', ['yum'])],
    ['sles12', facts('x86_64 s390x ppc64le', ['yum'])],
    ['sles1', facts('x86_64 s390x ppc64le aarch64', ['yum'])],
    ['', facts('i386 x86_64 ia64 ppc ppc64 s390 s390x')],
  ],
  ubuntu: [
    ...['trusty', 'utopic', 'vivid', 'wily', 'xenial', 'yakkety', 'zesty', 'artful', 'bionic'].map(
      (name) => [name, facts('i386 amd64 ppc64el', ['apt'])] as const,
    ),
    ...['lucid', 'oneiric', 'precise', 'quantal', 'raring', 'saucy', 'cosmic', 'disco', 'eoan'].map(
      (name) => [name, facts('i386 amd64', ['apt'])] as const,
    ),
    ['', facts('amd64 aarch64 ppc64el s390x', ['apt'])],
  ],
  vmware: [['', facts('x86_64')]],
  windows: [
    ...['2003', 'xp'].map((name) => [name, facts('i386 amd64')] as const),
    ...['2008', '7', '8', '10'].map((name) => [name, facts('x86 x86_64')] as const),
    ['11', facts('ARM64 x86_64')],
    ['', facts('x86_64')],
  ],
  xen: [['', facts('x86_64')]],
};

/** What is known of a version. Both names must be of the catalogue. */
export function factsOf(breed: string, version: string): OsFacts {
  return FACTS[breed]?.find(([prefix]) => version.startsWith(prefix))?.[1] ?? facts('x86_64');
}

/** Boot loaders that can start a machine of this architecture; all of them when it is unknown. */
export function bootLoadersFor(arch: string): string[] {
  if (arch.startsWith('ppc')) return ['grub', 'pxe'];
  if (arch === 'aarch64') return ['grub'];
  return [...BOOT_LOADERS];
}

/** Boot loaders there are. */
export const BOOT_LOADERS = ['grub', 'pxe', 'ipxe'] as const;
