import type { EventDraft, Instant, TargetName } from '../domain/event';

/**
 * One raw report, before anybody understood it. Framing and the joining of chunks end before this: a source sees whole
 * lines.
 */
export interface Message {
  /** How it came: the entry point, not the installer. */
  transport: 'update-status' | 'trigger' | 'upload';
  receivedAt: Instant;
  /** Address of the sender (IPv4 or IPv6 text, no port); null when none is known. */
  peer: string | null;
  target: TargetName;
  /** What the entry point knows: trigger mode, file name, status struct … */
  hints: Record<string, unknown>;
  /** The new text: for uploads the lines not seen before. */
  text: string;
}

/** Reads one installer's messages. Pure: no clock, no I/O. */
export interface Source {
  readonly name: string;
  /** @returns the facts in arrival order, empty for chatter that means nothing; null when the message is not this source's. */
  parse(message: Message): EventDraft[] | null;
}
