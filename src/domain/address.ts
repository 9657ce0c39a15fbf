/** Longest e-mail address: RFC 5321 §4.5.3.1.3 allows 256 octets for the path, two of which are its angle brackets. */
const MAX_EMAIL = 254;
/** RFC 5321 §4.5.3.1.1. */
const MAX_LOCAL_PART = 64;

/** RFC 5322 §3.2.3 dot-atom. Quoted local parts are legal but nobody has one, and header tricks hide in them. */
const LOCAL_PART = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
/** RFC 1123 §2.1 labels; one label is enough (`root@localhost`). */
const DOMAIN =
  /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;

/** ITU-T E.164: a plus, the country code, at most 15 digits in all; no subscriber can be reached with fewer than 7. */
const E164 = /^\+[1-9][0-9]{6,14}$/;

/**
 * Why `text` cannot be used as one e-mail address, as a sentence for the person who typed it; null when it can.
 *
 * Only the bare address passes: no name, no list, no white space, no control characters. What passes here can stand in
 * an SMTP envelope and in a header as it is. Names outside ASCII must be given in their `xn--` form.
 */
export function emailFault(text: string): string | null {
  if (text === '') return 'An e-mail address must not be empty.';
  if (text.length > MAX_EMAIL) return `An e-mail address has at most ${MAX_EMAIL} characters.`;

  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text)) {
    return 'An e-mail address must not hold line breaks or control characters.';
  }
  if (/[\s,;<>"()[\]\\:]/.test(text)) {
    return 'Give one bare e-mail address: no name, no spaces, quotes, brackets, colons or list.';
  }
  if (/[^ -~]/.test(text)) return 'An e-mail address must be ASCII; give the xn-- form of the domain.';
  const at = text.indexOf('@');
  if (at === -1 || at !== text.lastIndexOf('@')) return 'An e-mail address has exactly one @.';
  const local = text.slice(0, at);
  if (local.length > MAX_LOCAL_PART) return `The part before the @ has at most ${MAX_LOCAL_PART} characters.`;
  if (!LOCAL_PART.test(local)) return 'The part before the @ is not that of an e-mail address.';
  if (!DOMAIN.test(text.slice(at + 1))) return 'The part after the @ is not a domain name.';
  return null;
}

/**
 * Why `text` cannot be used as a telephone number for SMS, as a sentence for the person who typed it; null when it can.
 *
 * @see ITU-T E.164: `+`, country code, number, digits only.
 */
export function smsFault(text: string): string | null {
  if (E164.test(text)) return null;
  return 'A telephone number is written in international form: + and 7 to 15 digits, nothing else (+4930123456).';
}

/** An address as logs may show it: enough to recognise it, not enough to use it. */
export function maskAddress(address: string): string {
  const at = address.lastIndexOf('@');
  if (at > 0) return `${address.slice(0, 1)}***${address.slice(at)}`;
  return `***${address.slice(-3)}`;
}
