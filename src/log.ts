import path from 'node:path';
import { Writable } from 'node:stream';
import pc from 'picocolors';
import winston from 'winston';
import { createRotatingFile, type RotatingFile } from './rotating-file';

/** Data of a log line. `error` takes the error itself. Secrets are recognised and hidden, but better left out. */
export type LogFields = Record<string, unknown>;

/**
 * The server log. The message is a constant sentence, the data are fields. `error`: a person must act; `warn`: it heals
 * itself; `info`: a run or a delivery changed; `debug`: the rest.
 */
export interface Log {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** The same log with fields on every line: component, runId, system, deliveryId. */
  child(fields: LogFields): Log;
}

/** The server log as its owner holds it. */
export interface ServerLog extends Log {
  /** Resolves when everything logged so far is in the file. */
  close(): Promise<void>;
}

const FILE_NAME = 'server.log';
const FILE_BYTES = 50 * 1024 * 1024;
const FILES_KEPT = 10;

/**
 * Opens the server log: `DIR/server.log` as JSON lines, rotated by size, and the error stream, for people when that is
 * a terminal, as JSON otherwise. A disk that is full or gone stops the file, never the program: it is said once on the
 * error stream, and the file is taken up again when it can be written.
 *
 * @param options.dir - Folder of the log file, made when missing; null = no file.
 */
export function createLog(options: {
  dir: string | null;
  level: 'error' | 'warn' | 'info' | 'debug';
  console?: boolean;
}): ServerLog {
  const { dir, level, console: consoleWanted = true } = options;
  const lines = winston.format.combine(winston.format.timestamp(), winston.format.json());
  const transports: winston.transport[] = [];
  if (consoleWanted) {
    const format = process.stderr.isTTY ? prettyFormat() : lines;
    transports.push(new winston.transports.Console({ stderrLevels: ['error', 'warn', 'info', 'debug'], format }));
  }
  const file = dir === null ? null : openFile(dir, consoleWanted);
  if (file !== null) {
    // The stream takes every line at once; waiting, rotating and trying again happen in the file.
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        file.write(chunk.toString());
        done();
      },
    });
    transports.push(new winston.transports.Stream({ stream, format: lines }));
  }
  const logger = winston.createLogger({ level, transports, silent: transports.length === 0, exitOnError: false });

  return {
    ...bind(logger, {}),
    async close() {
      const drained = transports.map((transport) => new Promise((resolve) => transport.on('finish', resolve)));
      logger.end();
      await Promise.all(drained);
      await file?.close();
    },
  };
}

function openFile(dir: string, tell: boolean): RotatingFile {
  return createRotatingFile({
    file: path.join(dir, FILE_NAME),
    maxBytes: FILE_BYTES,
    keep: FILES_KEPT,
    onError(error) {
      if (tell) process.stderr.write(`The server log in ${dir} cannot be written: ${error.message}\n`);
    },
  });
}

/** A log that goes nowhere, for tests and tools. */
export function createSilentLog(): Log {
  const nothing = (): void => undefined;
  const log: Log = { error: nothing, warn: nothing, info: nothing, debug: nothing, child: () => log };
  return log;
}

function bind(logger: winston.Logger, bound: LogFields): Log {
  const write =
    (level: string) =>
    (message: string, fields: LogFields = {}): void => {
      if (!logger.isLevelEnabled(level)) return;
      const data = hideSecrets({ ...bound, ...fields }) as LogFields;
      logger.log({ ...data, level, message: hideInText(message) });
    };
  return {
    error: write('error'),
    warn: write('warn'),
    info: write('info'),
    debug: write('debug'),
    child: (fields) => bind(logger, { ...bound, ...fields }),
  };
}

/** Names of fields whose text never goes into a log. */
const SECRET_NAME = /token|passw|secret|credential|authorization|cookie|api_?key|private_?key/i;
const MAX_DEPTH = 6;
const HIDDEN = '[hidden]';

/** `value` without secrets: fields named like one, passwords in URLs, session tokens, telephone numbers. */
export function hideSecrets(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return hideInText(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (depth >= MAX_DEPTH) return '[deep]';
  if (value instanceof Error) return hideInError(value, depth);
  if (Array.isArray(value)) return value.map((item) => hideSecrets(item, depth + 1));
  if (value instanceof Uint8Array) return `[${value.length} bytes]`;
  const clean: LogFields = {};
  for (const [name, field] of Object.entries(value)) {
    const hide = SECRET_NAME.test(name) && typeof field !== 'number' && typeof field !== 'boolean' && field !== null;
    clean[name] = hide ? HIDDEN : hideSecrets(field, depth + 1);
  }
  return clean;
}

function hideInError(error: Error, depth: number): LogFields {
  const { code } = error as { code?: unknown };
  return {
    name: error.name,
    message: hideInText(error.message),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(error.stack === undefined ? {} : { stack: hideInText(error.stack) }),
    ...(error.cause === undefined ? {} : { cause: hideSecrets(error.cause, depth + 1) }),
  };
}

function hideInText(text: string): string {
  return text
    .replace(/([a-z][a-z0-9+.-]*:\/\/[^\s/:@]*):[^\s/@]+@/gi, `$1:${HIDDEN}@`)
    .replace(/(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{34}==/g, HIDDEN) // 25 random bytes: a session token
    .replace(/(?<![\w+.-])\+[1-9]\d{3,11}(\d{3})(?!\d)/g, '+***$1');
}

const COLORS: Record<string, (text: string) => string> = {
  error: pc.red,
  warn: pc.yellow,
  info: pc.green,
  debug: pc.dim,
};

/** `12:34:56 warn  delivery: The mail server refused a message. deliveryId=7` */
function prettyFormat(): winston.Logform.Format {
  return winston.format.printf((info) => {
    const { level, message, component, error, ...fields } = info;
    const time = new Date().toTimeString().slice(0, 8);
    const color = COLORS[level] ?? String;
    const origin = typeof component === 'string' ? `${component}: ` : '';
    const data = Object.entries(fields).map(([name, value]) => pc.dim(`${name}=${showValue(value)}`));
    const line = [pc.dim(time), color(level.padEnd(5)), `${origin}${String(message)}`, ...data].join(' ');
    return error === undefined ? line : `${line}\n${showError(error)}`;
  });
}

function showValue(value: unknown): string {
  if (typeof value === 'string' && /^[^\s"=]+$/.test(value)) return value;
  return JSON.stringify(value) ?? String(value);
}

function showError(error: unknown): string {
  const { stack, message, cause } = (typeof error === 'object' && error !== null ? error : {}) as LogFields;
  const text = typeof stack === 'string' ? stack : typeof message === 'string' ? message : showValue(error);
  return cause === undefined ? text : `${text}\ncaused by ${showError(cause)}`;
}
