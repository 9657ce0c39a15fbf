import { AGAMA } from './agama';
import { ANACONDA } from './anaconda';
import { BOOT_TRAIL } from './boot-trail';
import { DEBIAN_INSTALLER } from './debian-installer';
import { KERNEL } from './kernel';
import { SUBIQUITY } from './subiquity';
import type { FileKind, Installer, LogFile, LogLine } from './vocabulary';
import { WINDOWS } from './windows';
import { YAST } from './yast';

/** Installers that are understood, asked in this order. A further one is one file and one line here. */
export const INSTALLERS: readonly Installer[] = [
  ANACONDA,
  SUBIQUITY,
  DEBIAN_INSTALLER,
  YAST,
  AGAMA,
  WINDOWS,
  BOOT_TRAIL,
  KERNEL,
];

/** The installer of that name; undefined when there is none. */
export function findInstaller(name: string): Installer | undefined {
  return INSTALLERS.find((installer) => installer.name === name);
}

/** What a file is by its bare name: the installers that write one of that name, in the order of INSTALLERS. */
export function findByFileName(file: string): { installer: Installer; entry: LogFile }[] {
  return INSTALLERS.flatMap((installer) => {
    const entry = installer.files.find((candidate) => candidate.pattern.test(file));
    return entry ? [{ installer, entry }] : [];
  });
}

/** Whose a line is by its form, and from what kind of file; null when it could be anybody's. */
export function sniffLine(line: string): { installer: Installer; kind: FileKind } | null {
  for (const installer of INSTALLERS) {
    const kind = installer.sniff(line);
    if (kind !== null) return { installer, kind };
  }
  return null;
}

/** Tags nobody claims, remembered: a system log is full of them. */
const strangers = new Set<string>();
const MAX_STRANGERS = 5_000;

/** The installer whose program logged a line, with the line taken apart; null for a program that is no installer's. */
export function readTagged(tag: string, level: string, text: string): { installer: Installer; line: LogLine } | null {
  if (strangers.has(tag)) return null;
  for (const installer of INSTALLERS) {
    const line = installer.tagged(tag, level, text);
    if (line) return { installer, line };
  }
  if (strangers.size >= MAX_STRANGERS) strangers.clear();
  strangers.add(tag);
  return null;
}
