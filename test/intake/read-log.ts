import { readFileSync } from 'node:fs';
import type { EventDraft } from '../../src/domain/event';
import { phaseOrder, type Phase } from '../../src/domain/phase';
import { createUploadReader } from '../../src/intake/anamon';
import { createFileReader, emptyFileState, type FileState } from '../../src/intake/file-reader';
import { findByFileName } from '../../src/intake/installers';

/** What a file says about its install, as a test compares it. */
export interface LogVerdict {
  phase: Phase | null;
  packagesDone: number | null;
  packagesTotal: number | null;
  bytesDone: number | null;
  outcome: 'running' | 'blocked' | 'failed' | 'complete';
  errors: { text: string; line: number; fatal: boolean }[];
}

/** A line with the byte it begins at. */
export interface OffsetLine {
  line: string;
  offset: number;
}

/** The lines of a file, with their offsets. */
export function linesOf(path: string): OffsetLine[] {
  const lines: OffsetLine[] = [];
  let offset = 0;
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    lines.push({ line, offset });
    offset += Buffer.byteLength(line) + 1;
  }
  if (lines.at(-1)?.line === '') lines.pop();
  return lines;
}

/** Reads the lines in pieces, as uploads of a growing file would; `cuts` are line numbers in order. */
export function readInPieces(file: string, lines: readonly OffsetLine[], cuts: readonly number[] = []): EventDraft[] {
  const drafts: EventDraft[] = [];
  let state = emptyFileState();
  let from = 0;
  for (const to of [...cuts, lines.length]) {
    const reader = createUploadReader(
      { file, fileId: 'f', state },
      { target: { type: 'system', name: 'web1', address: null }, receivedAt: 1_000, peer: null },
    );
    for (const { line, offset } of lines.slice(from, to)) reader.read(line, offset);
    const finished = reader.finish();
    drafts.push(...finished.drafts);
    // The state is stored as JSON between two uploads.
    state = JSON.parse(JSON.stringify(finished.state)) as FileState;
    from = to;
  }
  return drafts;
}

/** As `readInPieces`, of a file whose name says nothing: its lines say whose they are. */
export function sniffInPieces(file: string, lines: readonly OffsetLine[], cuts: readonly number[] = []): EventDraft[] {
  const drafts: EventDraft[] = [];
  let state = emptyFileState();
  let from = 0;
  for (const to of [...cuts, lines.length]) {
    const reader = createFileReader({ file, state, sniff: true });
    for (const { line, offset } of lines.slice(from, to)) reader.read(line, offset);
    const finished = reader.finish();
    drafts.push(
      ...finished.findings.map(({ id, offset, kind, detail, installer }): EventDraft => ({
        kind,
        target: { type: 'system', name: 'web1', address: null },
        source: 'file',
        receivedAt: 1_000,
        claimedAt: null,
        dedupeKey: kind === 'heard' ? null : `${offset}:${id}`,
        runId: null,
        detail: { ...detail, ...(installer !== null && { installer }) },
      })),
    );
    state = JSON.parse(JSON.stringify(finished.state)) as FileState;
    from = to;
  }
  return drafts;
}

/** Reads a file as its name says what it is, else as its lines do. */
export function readEitherWay(file: string, lines: readonly OffsetLine[], cuts: readonly number[] = []): EventDraft[] {
  return (findByFileName(file).length > 0 ? readInPieces : sniffInPieces)(file, lines, cuts);
}

/** What the drafts amount to. */
export function verdictOf(drafts: readonly EventDraft[]): LogVerdict {
  const verdict: LogVerdict = {
    phase: null,
    packagesDone: null,
    packagesTotal: null,
    bytesDone: null,
    outcome: 'running',
    errors: [],
  };
  for (const { kind, detail } of drafts) {
    if (detail.phase && (verdict.phase === null || phaseOrder(detail.phase) > phaseOrder(verdict.phase))) {
      verdict.phase = detail.phase;
      if (verdict.outcome === 'blocked') verdict.outcome = 'running';
    }
    if (detail.packagesDone !== undefined)
      verdict.packagesDone = Math.max(verdict.packagesDone ?? 0, detail.packagesDone);
    if (detail.packagesTotal !== undefined) verdict.packagesTotal = detail.packagesTotal;
    if (detail.bytesDone !== undefined) verdict.bytesDone = Math.max(verdict.bytesDone ?? 0, detail.bytesDone);
    if (detail.error) {
      verdict.errors.push({ text: detail.error.text, line: detail.error.line!, fatal: kind === 'install-failed' });
    }
    if (verdict.outcome === 'failed' || verdict.outcome === 'complete') continue;
    if (kind === 'waiting-reported') verdict.outcome = 'blocked';
    if (kind === 'install-failed') verdict.outcome = 'failed';
    if (kind === 'install-finished') {
      verdict.outcome = 'complete';
      verdict.phase = 'complete';
    }
  }
  verdict.errors.sort((a, b) => a.line - b.line || (a.text < b.text ? -1 : 1));
  return verdict;
}

/** A draft in one line, for golden files. */
export function briefly({ kind, detail, dedupeKey }: EventDraft): string {
  const words = [
    kind,
    detail.phase,
    detail.packageStep,
    detail.packagesDone !== undefined || detail.packagesTotal !== undefined
      ? `${detail.packagesDone ?? '?'}/${detail.packagesTotal ?? '?'} packages`
      : undefined,
    detail.bytesDone === undefined ? undefined : `${detail.bytesDone} bytes`,
    detail.inferred ? 'inferred' : undefined,
    detail.question === undefined ? undefined : `asks ${JSON.stringify(detail.question)}`,
    detail.error && `line ${detail.error.line}: ${JSON.stringify(detail.error.text)}`,
    detail.message && `(${detail.message})`,
    dedupeKey ?? undefined,
  ];
  return words.filter((word) => word !== undefined).join(' ');
}
