import type { Counter, ErrorMarker, Installer, PhaseMarker, Voice } from './vocabulary';

/** The markers that hold for one voice of an installer. */
export interface Marks {
  phases: PhaseMarker[];
  counters: Counter[];
  errors: ErrorMarker[];
  /** Matches whatever any of them matches: nearly every line is chatter, and one pattern says so. */
  any: RegExp;
}

const indexes = new WeakMap<Installer, Map<Voice, Marks>>();

/** The markers of an installer for a voice. Made once. */
export function marksOf(installer: Installer, voice: Voice): Marks {
  let index = indexes.get(installer);
  if (!index) indexes.set(installer, (index = new Map<Voice, Marks>()));
  let marks = index.get(voice);
  if (!marks) index.set(voice, (marks = collect(installer, voice)));
  return marks;
}

function collect(installer: Installer, voice: Voice): Marks {
  const spoken = <T extends { voices: readonly Voice[] }>(all: readonly T[]): T[] =>
    all.filter((mark) => mark.voices.includes(voice));
  const phases = spoken(installer.phases);
  const counters = spoken(installer.counters);
  const errors = spoken(installer.errors);
  return { phases, counters, errors, any: anyOf([...phases, ...counters, ...errors].map(({ pattern }) => pattern)) };
}

/** One pattern for all; group names go, as two alternatives may not share one. */
function anyOf(patterns: readonly RegExp[]): RegExp {
  if (patterns.length === 0) return /^(?!)/;
  const flags = patterns[0]!.flags;
  if (patterns.some((pattern) => pattern.flags !== flags)) return /^/;
  return new RegExp(
    patterns.map(({ source }) => `(?:${source.replace(/\(\?<[A-Za-z]\w*>/g, '(?:')})`).join('|'),
    flags,
  );
}
