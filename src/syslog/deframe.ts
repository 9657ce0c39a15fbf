import { KEPT_BYTES, trimmedLength } from './frame';

/** Cuts the bytes of one connection into frames, wherever they were cut on the way. */
export interface Deframer {
  push(chunk: Buffer): void;
  /** The connection is at its end: what has no line end is a frame all the same. */
  end(): void;
}

/** A count above this is taken for the text of a line: who believes every count waits for bytes that never come. */
const MAX_COUNT = 1024 * 1024;
/** Digits of a count, at most. */
const MAX_DIGITS = 7;

const LF = 10;
const SPACE = 32;
const LESS = 0x3c;
const ZERO = 0x30;
const NINE = 0x39;

/** What stands at the beginning of a frame: bytes of a count and their number, no count, or too little to tell. */
type Opening = { bytes: number; length: number } | 'line' | 'unknown';

/**
 * Framing of syslog over TCP, RFC 6587: octet-counted (`83 <34>1 …`) or ended by LF, CR LF or NUL, told apart for each
 * frame anew. Of a frame longer than {@link KEPT_BYTES} the beginning is kept; empty ones are passed over. Holds at most
 * that many bytes between two chunks.
 *
 * @param onFrame - Called for each frame, in order. The bytes are only good until it returns; `skipped` is the number of
 *   those that were not kept.
 */
export function createDeframer(onFrame: (frame: Buffer, skipped: number) => void): Deframer {
  let mode: 'start' | 'line' | 'counted' = 'start';
  let held = Buffer.alloc(0);
  let heldLength = 0;
  let skipped = 0;
  /** Bytes of a counted frame still to come. */
  let missing = 0;

  function hold(bytes: Buffer): void {
    const kept = Math.min(bytes.length, KEPT_BYTES - heldLength);
    skipped += bytes.length - kept;
    if (kept === 0) return;
    if (held.length < heldLength + kept) {
      const grown = Buffer.allocUnsafeSlow(Math.min(KEPT_BYTES, Math.max(256, 2 * (heldLength + kept))));
      held.copy(grown, 0, 0, heldLength);
      held = grown;
    }
    bytes.copy(held, heldLength, 0, kept);
    heldLength += kept;
  }

  /** Ends the frame in hand with these bytes. */
  function finish(rest: Buffer): void {
    mode = 'start';
    if (heldLength === 0 && rest.length <= KEPT_BYTES) {
      emit(rest, 0);
      return;
    }
    hold(rest);
    const frame = held.subarray(0, heldLength);
    const lost = skipped;
    // A long line leaves no big buffer behind on a connection that may be silent for hours.
    if (held.length > 1024) held = Buffer.alloc(0);
    heldLength = 0;
    skipped = 0;
    emit(frame, lost);
  }

  function emit(frame: Buffer, lost: number): void {
    if (lost > 0 || trimmedLength(frame) > 0) onFrame(frame, lost);
  }

  return {
    push(pushed) {
      let chunk = pushed;
      if (mode === 'start' && heldLength > 0) {
        chunk = Buffer.concat([held.subarray(0, heldLength), pushed]);
        heldLength = 0;
      }
      let at = 0;
      let nextNul = chunk.indexOf(0);
      while (at < chunk.length) {
        if (mode === 'start') {
          const opening = readOpening(chunk, at);
          if (opening === 'unknown') {
            hold(chunk.subarray(at));
            return;
          }
          mode = opening === 'line' ? 'line' : 'counted';
          if (opening !== 'line') {
            missing = opening.bytes;
            at += opening.length;
          }
        } else if (mode === 'counted') {
          const end = Math.min(at + missing, chunk.length);
          missing -= end - at;
          if (missing > 0) hold(chunk.subarray(at, end));
          else finish(chunk.subarray(at, end));
          at = end;
        } else {
          if (nextNul >= 0 && nextNul < at) nextNul = chunk.indexOf(0, at);
          let end = chunk.indexOf(LF, at);
          if (nextNul >= 0 && (end < 0 || nextNul < end)) end = nextNul;
          if (end < 0) {
            hold(chunk.subarray(at));
            return;
          }
          finish(chunk.subarray(at, end));
          at = end + 1;
        }
      }
    },
    end() {
      if (heldLength > 0) finish(Buffer.alloc(0));
    },
  };
}

/** A count is digits, a space and the `<` of a priority: a clock (`12:34:56,789 INFO …`) and plain words are none. */
function readOpening(chunk: Buffer, at: number): Opening {
  let bytes = 0;
  let digits = 0;
  for (;;) {
    const byte = chunk[at + digits];
    if (byte === undefined) return 'unknown';
    if (byte < ZERO || byte > NINE) break;
    if (digits === MAX_DIGITS || (digits === 0 && byte === ZERO)) return 'line';
    bytes = bytes * 10 + byte - ZERO;
    digits += 1;
  }
  if (digits === 0 || bytes > MAX_COUNT || chunk[at + digits] !== SPACE) return 'line';
  const first = chunk[at + digits + 1];
  if (first === undefined) return 'unknown';
  return first === LESS ? { bytes, length: digits + 1 } : 'line';
}
