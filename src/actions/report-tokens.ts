import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Instant } from '../domain/event';

/** A token reports everything for a week; after that only how its run ended. */
const FULL_LIFE_MS = 7 * 24 * 60 * 60_000;
const FORM = /^kwr\.(\d{1,18})\.(\d{1,12})\.([A-Za-z0-9_-]{43})$/;

/** What a valid report token says. */
export interface ReportToken {
  runId: string;
  /** Too old for anything but the end of the run. */
  expired: boolean;
}

/** Makes and checks the tokens with which a machine reports about one run. Nothing is stored: a token proves itself. */
export interface ReportTokens {
  make(runId: string, now: Instant): string;
  /** null when the text is no token of ours. Compares in constant time. */
  check(text: string, now: Instant): ReportToken | null;
  /** True when the text has the form of a report token, valid or not: then it is no session token. */
  looksLike(text: string): boolean;
}

/**
 * Tokens of the form `kwr.RUN.ISSUED.MAC`: MAC is HMAC-SHA256 over run and issue time (seconds) with a key that all
 * servers of a database share.
 *
 * @param key - at least 32 random bytes.
 */
export function createReportTokens(key: Buffer): ReportTokens {
  const sign = (runId: string, issued: string): Buffer =>
    createHmac('sha256', key).update(`report:${runId}:${issued}`).digest();
  return {
    make(runId, now) {
      const issued = String(Math.floor(now / 1000));
      return `kwr.${runId}.${issued}.${sign(runId, issued).toString('base64url')}`;
    },
    check(text, now) {
      const [, runId, issued, mac] = FORM.exec(text) ?? [];
      if (runId === undefined || issued === undefined || mac === undefined) return null;
      const given = Buffer.from(mac, 'base64url');
      const right = sign(runId, issued);
      if (given.length !== right.length || !timingSafeEqual(given, right)) return null;
      return { runId, expired: now - Number(issued) * 1000 > FULL_LIFE_MS };
    },
    looksLike: (text) => text.startsWith('kwr.'),
  };
}
