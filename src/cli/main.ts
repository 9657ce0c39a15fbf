#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { processEnvironment } from '../config';
import { runCli } from './program';

/** The first ctrl-c or SIGTERM is a wish to stop, which the command heeds; the second one ends the process. */
function untilInterrupted(): AbortController {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(130);
      controller.abort();
    });
  }
  return controller;
}

/** From package.json, which lies above this file in the source tree and in the built one. */
function readVersion(): string {
  for (let folder = __dirname; folder !== path.dirname(folder); folder = path.dirname(folder)) {
    try {
      return (JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { version: string }).version;
    } catch {
      continue;
    }
  }
  return 'unknown';
}

// A reader that has seen enough (`kickwatch runs | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

void runCli(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: processEnvironment(),
  version: readVersion(),
  manner: path.basename(process.argv[1] ?? '') === 'cobbler' ? 'cobbler' : 'kickwatch',
  untilInterrupted,
}).then((code) => {
  process.exitCode = code;
});
