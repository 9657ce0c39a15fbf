/** GSM 03.38 basic alphabet: one septet each. */
const BASIC = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
/** GSM 03.38 extension table: an escape and a septet, so they count twice. */
const EXTENDED = new Set('^{}\\[~]|€\f');

/** Typographic characters with a plain twin: an apostrophe must not halve the room a text has. */
const TWINS: Readonly<Record<string, string>> = {
  '\u2018': "'",
  '\u2019': "'",
  '\u201a': "'",
  '\u201c': '"',
  '\u201d': '"',
  '\u201e': '"',
  '\u00ab': '"',
  '\u00bb': '"',
  '\u2010': '-',
  '\u2011': '-',
  '\u2012': '-',
  '\u2013': '-',
  '\u2014': '-',
  '\u2026': '...',
  '\u00a0': ' ',
  '\u202f': ' ',
  '\u00b7': '-',
  '`': "'",
  '\t': ' ',
};

/** How a text travels as SMS. */
export interface SmsSize {
  encoding: 'GSM-7' | 'UCS-2';
  /** Septets or UTF-16 units. */
  units: number;
  /** Messages it takes; a text in several parts loses some of each to their numbering. */
  segments: number;
}

/** Units in one message, and in each of several, by encoding. */
const ROOM = { 'GSM-7': { one: 160, part: 153 }, 'UCS-2': { one: 70, part: 67 } } as const;

/** Encoding, length and number of messages of a text. One character outside of GSM 03.38 makes all of it UCS-2. */
export function smsSize(text: string): SmsSize {
  let septets = 0;
  for (const character of text) {
    if (BASIC.has(character)) septets += 1;
    else if (EXTENDED.has(character)) septets += 2;
    else return sizeOf('UCS-2', text.length);
  }
  return sizeOf('GSM-7', septets);
}

function sizeOf(encoding: SmsSize['encoding'], units: number): SmsSize {
  const { one, part } = ROOM[encoding];
  return { encoding, units, segments: units <= one ? 1 : Math.ceil(units / part) };
}

/** The text with plain characters for typographic ones. */
export function plainCharacters(text: string): string {
  return text.replace(
    /[\u2018-\u201e\u00ab\u00bb\u2010-\u2014\u2026\u00a0\u202f\u00b7`\t]/g,
    (character) => TWINS[character] ?? character,
  );
}

/** True when GSM 03.38 has the character. */
export function isGsm(character: string): boolean {
  return BASIC.has(character) || EXTENDED.has(character);
}

/** True when the text with `extra` GSM characters to come fits into so many messages. */
export function fitsSms(text: string, segments: number, extra = 0): boolean {
  return smsSize(text + 'x'.repeat(extra)).segments <= segments;
}
