import type { EventDraft, Instant, TargetName } from '../domain/event';
import { ANACONDA } from './anaconda';
import { createLogReader, emptyLogState, type LogReader, type LogState } from './log-reader';
import type { Message, Source } from './source';
import type { Installer, LogFile } from './vocabulary';

/** Installers whose log files are understood, asked in this order. */
export const INSTALLERS: readonly Installer[] = [ANACONDA];

/** What is known of the file an upload belongs to. */
export interface UploadedFile {
  /** Bare name, as the uploader gave it. */
  file: string;
  /** Identity of this file, new whenever its content was replaced: what makes a fact recognisable when it is read again. */
  fileId: string;
  /** Where reading left off; `emptyLogState()` at the beginning. */
  state: LogState;
}

/** Whom the lines are about and how they came. */
export interface UploadOrigin {
  target: TargetName;
  receivedAt: Instant;
  peer: string | null;
}

/** Reads the lines of one upload, in order; see LogReader. */
export interface UploadReader {
  read: LogReader['read'];
  finish(): { drafts: EventDraft[]; state: LogState };
}

const UNKNOWN: LogFile = { pattern: /^/, kind: 'other' };

function findFile(file: string): { installer: Installer; entry: LogFile } {
  for (const installer of INSTALLERS) {
    const entry = installer.files.find((candidate) => candidate.pattern.test(file));
    if (entry) return { installer, entry };
  }
  return { installer: ANACONDA, entry: UNKNOWN };
}

/** True for files that hold passwords or their hashes: kickstarts, and exception reports, which quote them. */
export function isSecretFile(file: string): boolean {
  return findFile(file).entry.secret === true;
}

/**
 * A reader that turns the new lines of an uploaded file into drafts. Installer logs carry no date and their clocks
 * jump, so a draft claims no time of its own. Files nobody understands are a sign of life.
 */
export function createUploadReader(upload: UploadedFile, origin: UploadOrigin): UploadReader {
  const { installer, entry } = findFile(upload.file);
  const reader = createLogReader({
    installer,
    kind: entry.kind,
    file: upload.file,
    state: upload.state,
  });
  return {
    read: (line, offset) => reader.read(line, offset),
    finish() {
      const { findings, state } = reader.finish();
      const drafts = findings.map(({ id, offset, kind, detail }): EventDraft => ({
        kind,
        target: origin.target,
        source: anamonSource.name,
        receivedAt: origin.receivedAt,
        claimedAt: null,
        // Chatter has no identity: it is thinned out by time instead.
        dedupeKey: kind === 'heard' ? null : `upload:${upload.fileId}:${offset}:${id}`,
        runId: null,
        detail: origin.peer === null ? detail : { ...detail, address: origin.peer },
      }));
      return { drafts, state };
    },
  };
}

/**
 * Installer logs as anamon uploads them. `hints`: `file`, `fileId`, and for the continuation of a file `offset` (byte
 * of the text's beginning) and `state`.
 */
export const anamonSource: Source = {
  name: 'anamon',
  parse(message: Message): EventDraft[] | null {
    const { file, fileId, offset, state } = message.hints;
    if (message.transport !== 'upload' || typeof file !== 'string') return null;
    const reader = createUploadReader(
      {
        file,
        fileId: typeof fileId === 'string' ? fileId : file,
        state: (state as LogState | undefined) ?? emptyLogState(),
      },
      message,
    );
    let at = typeof offset === 'number' ? offset : 0;
    const lines = message.text.split('\n');
    if (lines.at(-1) === '') lines.pop();
    for (const line of lines) {
      reader.read(line, at);
      at += Buffer.byteLength(line) + 1;
    }
    return reader.finish().drafts;
  },
};
