import type { Message, MessageEntry } from '../domain/message';
import { traitWords } from './facts';
import { fitsSms, isGsm, plainCharacters } from './gsm';
import { headline, severalWords } from './headline';
import type { Content } from './notifier';
import { explain, joinWhy, nameOf, reasonWords } from './words';

/** What overviews call themselves; the words are those of the reasons. */
const KIND_WORDS = { status: 'on demand', digest: 'digest', test: 'test', undeliverable: 'undeliverable' } as const;

/** Characters kept free for the mark that shows repeats: ` #1a2b3c`. */
export const SMS_MARK_LENGTH = 8;

/** A text about several machines may take so many messages before names are left out. */
const MOST_SEGMENTS = 3;

/**
 * The message as SMS: machine's name and reason word first, then as much of the why as one message holds. Machines'
 * names are never cut; a name longer than a message takes as many as it needs.
 */
export function renderSms(message: Message): Content {
  return { subject: '', text: shortText(message), html: null, thread: null };
}

/** The words of the SMS, without the mark. */
export function shortText(message: Message): string {
  const [first, ...others] = message.entries;
  if (!first) return fillOne('', plainCharacters(headline(message)));
  if (others.length > 0) return aboutSeveral(message);
  return message.kind === 'news' ? aboutOne(first) : fillOne('', plainCharacters(headline(message)));
}

function aboutOne(entry: MessageEntry): string {
  return fillOne(plainCharacters(`${nameOf(entry)} ${reasonWords(entry)}`), plainCharacters(explain(entry)));
}

/** `what: why`, where `what` is whole and `why` is cut to what one message holds. */
function fillOne(what: string, why: string): string {
  const whole = joinWhy(what, why);
  if (fitsSms(whole, 1, SMS_MARK_LENGTH)) return whole;
  const plain = cutable(why);
  while (plain.length > 0 && !fitsSms(joinWhy(what, `${plain.join('')}...`), 1, SMS_MARK_LENGTH)) plain.pop();
  if (plain.length < 4) return what === '' ? why : what;
  return joinWhy(what, `${plain.join('').trimEnd()}...`);
}

/**
 * The characters of a text that must be cut. A few outside of GSM would more than halve the room: question marks instead.
 * A text written in such characters stays what it is.
 */
function cutable(text: string): string[] {
  const characters = [...text];
  const foreign = characters.filter((character) => !isGsm(character)).length;
  if (foreign > characters.length / 3) return characters;
  return characters.map((character) => (isGsm(character) ? character : '?'));
}

/** `7 of 12 runs stalled within 2 min: web1, web2 +5. profile el9`: as many whole names as fit. */
function aboutSeveral(message: Message): string {
  const what = plainCharacters(
    message.kind === 'news' ? severalWords(message) : `Kickwatch ${KIND_WORDS[message.kind]}`,
  );
  const mixed = message.kind !== 'news' || new Set(message.entries.map(reasonWords)).size > 1;
  const names = message.entries.map((entry) =>
    plainCharacters(mixed ? `${nameOf(entry)} ${reasonWords(entry)}` : nameOf(entry)),
  );
  const common = message.common.slice(0, 2).map((trait) => plainCharacters(traitWords(trait)));
  const write = (shown: number, traits: number): string => {
    const rest = names.length - shown;
    const list = names.slice(0, shown).join(mixed ? '; ' : ', ') + (rest > 0 ? ` +${rest}` : '');
    const shared = common.slice(0, traits);
    return `${what}: ${list}${shared.length > 0 ? `. Common: ${shared.join(', ')}` : ''}`;
  };
  // Names first, in as few messages as hold them all; then what is common, if there is still room.
  for (let segments = 1; segments <= MOST_SEGMENTS; segments += 1) {
    for (let traits = common.length; traits >= 0; traits -= 1) {
      const text = write(names.length, traits);
      if (fitsSms(text, segments, SMS_MARK_LENGTH)) return text;
    }
  }
  let shown = names.length - 1;
  while (shown > 1 && !fitsSms(write(shown, 0), MOST_SEGMENTS, SMS_MARK_LENGTH)) shown -= 1;
  return write(shown, 0);
}
