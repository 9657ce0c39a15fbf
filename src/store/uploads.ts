import type { Knex } from 'knex';
import type { Instant } from '../domain/event';

/** Which file: `peer` is '' for a system and the machine's address for a profile, which many machines share. */
export interface UploadKey {
  name: string;
  peer: string;
  file: string;
}

/** How far one uploaded file has been read. */
export interface StoredUpload extends UploadKey {
  /** Identity of the content, new whenever it was replaced; part of the dedupe keys of its events. */
  fileId: string;
  /** The run that holds a copy of the file; null while there is none. */
  runId: string | null;
  /** Bytes of the file when it was read last. */
  size: number;
  /** Bytes read and understood: up to the end of a line. */
  parsedBytes: number;
  /** SHA-256 of those bytes, hex. */
  parsedHash: string;
  /** The first bytes of the file, base64: tell a file that was sent again from another one. */
  head: string;
  /** Where the reader left off, JSON of its own; null before the first line. */
  state: unknown;
  updatedAt: Instant;
}

interface Row {
  name: string;
  peer: string;
  file: string;
  file_id: string;
  run_id: string | null;
  size: number;
  parsed_bytes: number;
  parsed_hash: string;
  head: string;
  state: unknown;
  updated_at: Date;
}

/** Uploaded files. */
export function createUploadStore(db: Knex) {
  return {
    /** The file as it was read last; null when it never was. */
    async find(key: UploadKey): Promise<StoredUpload | null> {
      const row = await db<Row>('uploads').where({ name: key.name, peer: key.peer, file: key.file }).first();
      return row ? fromRow(row) : null;
    },

    /** All files of a name. */
    async findByName(name: string): Promise<StoredUpload[]> {
      const rows: Row[] = await db<Row>('uploads').where({ name }).select('*');
      return rows.map(fromRow);
    },

    /** Stores how far the file has been read. */
    async save(upload: StoredUpload): Promise<void> {
      await db('uploads')
        .insert({
          name: upload.name,
          peer: upload.peer,
          file: upload.file,
          file_id: upload.fileId,
          run_id: upload.runId,
          size: upload.size,
          parsed_bytes: upload.parsedBytes,
          parsed_hash: upload.parsedHash,
          head: upload.head,
          state: upload.state === null ? null : JSON.stringify(upload.state),
          updated_at: new Date(upload.updatedAt),
        })
        .onConflict(['name', 'peer', 'file'])
        .merge();
    },

    /** Forgets all files of a name; with `peer`, only those of that machine. */
    async forget(name: string, peer?: string): Promise<void> {
      await db('uploads')
        .where({ name, ...(peer !== undefined && { peer }) })
        .delete();
    },
  };
}

export type UploadStore = ReturnType<typeof createUploadStore>;

function fromRow(row: Row): StoredUpload {
  return {
    name: row.name,
    peer: row.peer,
    file: row.file,
    fileId: row.file_id,
    runId: row.run_id,
    size: row.size,
    parsedBytes: row.parsed_bytes,
    parsedHash: row.parsed_hash,
    head: row.head,
    state: row.state,
    updatedAt: row.updated_at.getTime(),
  };
}
