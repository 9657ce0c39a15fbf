import type { EventDraft, Instant, TargetName } from '../domain/event';
import { createFileReader, emptyFileState, type FileReader, type FileState } from './file-reader';
import { findByFileName } from './installers';
import type { Message, Source } from './source';

/** What is known of the file an upload belongs to. */
export interface UploadedFile {
  /** Bare name, as the uploader gave it. */
  file: string;
  /** Identity of this file, new whenever its content was replaced: what makes a fact recognisable when it is read again. */
  fileId: string;
  /** Where reading left off; `emptyFileState()` at the beginning. */
  state: FileState;
}

/** Whom the lines are about and how they came. */
export interface UploadOrigin {
  target: TargetName;
  receivedAt: Instant;
  peer: string | null;
}

/** Reads the lines of one upload, in order; see LogReader. */
export interface UploadReader {
  read: FileReader['read'];
  finish(): { drafts: EventDraft[]; state: FileState };
}

/** True for files that hold passwords or their hashes: kickstarts, and exception reports, which quote them. */
export function isSecretFile(file: string): boolean {
  return findByFileName(file).some(({ entry }) => entry.secret === true);
}

/**
 * A reader that turns the new lines of an uploaded file into drafts. Installer logs carry no date and their clocks
 * jump, so a draft claims no time of its own. Files nobody understands are a sign of life.
 */
export function createUploadReader(upload: UploadedFile, origin: UploadOrigin): UploadReader {
  const reader = createFileReader({ file: upload.file, state: upload.state });
  return {
    read: (line, offset) => reader.read(line, offset),
    finish() {
      const { findings, state } = reader.finish();
      const drafts = findings.map(({ id, offset, kind, detail, installer }): EventDraft => ({
        kind,
        target: origin.target,
        source: anamonSource.name,
        receivedAt: origin.receivedAt,
        claimedAt: null,
        // Chatter has no identity: it is thinned out by time instead.
        dedupeKey: kind === 'heard' ? null : `upload:${upload.fileId}:${offset}:${id}`,
        runId: null,
        detail: {
          ...detail,
          ...(installer !== null && { installer }),
          ...(origin.peer !== null && { address: origin.peer }),
        },
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
        state: (state as FileState | undefined) ?? emptyFileState(),
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
