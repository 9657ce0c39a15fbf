const HIDDEN = '***';

/** What may be a secret: looked for first, as hardly any line has one. */
const SUSPECT =
  /passw|passphrase|secret|token|psk|chpasswd|rootpw|sshpw|\$(?:[1567y]|2[abxy]|gy)\$|:\/\/[^\s/@"]{1,300}@/i;

/** A word, or several in quotes; the quotes may be escaped, as in JSON that is logged. */
const VALUE = String.raw`(?:\\?"[^"\\]{0,300}\\?"|\\?'[^'\\]{0,300}\\?'|[^\s"',;&}\\]{1,300})`;
const NAME = String.raw`[\w.-]{0,40}(?:password|passwd|passphrase|secret|psk|token)(?:_hash|-crypted)?`;

const RULES: readonly (readonly [RegExp, string])[] = [
  // crypt(5), whatever stands around it.
  [/\$(?:[1567y]|2[abxy]|gy)\$[A-Za-z0-9./$=,]{8,300}/g, HIDDEN],
  // RFC 3986 §3.2.1: who asks, inside a URL.
  [/(\b[a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@"']{1,300}@/gi, `$1${HIDDEN}@`],
  // Kickstart: rootpw and sshpw with their options.
  [/(\b(?:rootpw|sshpw)\b(?: {1,4}--[\w-]{1,40}(?:=\S{1,100})?){0,5} {1,4})(?!--)\S{1,300}/g, `$1${HIDDEN}`],
  // Options of kickstart commands and programs.
  [new RegExp(String.raw`(--${NAME}(?:=| {1,4}))(?!--)${VALUE}`, 'gi'), `$1${HIDDEN}`],
  // debconf: passwd/root-password password VALUE.
  [/(\/[\w-]{0,40}password[\w-]{0,20}\s{1,4}(?:password|string)\s{1,4})\S{1,300}/g, `$1${HIDDEN}`],
  // name: value, name=value, "name": "value"; `passwd: ` and `chpasswd: ` are programs that complain.
  [
    new RegExp(
      String.raw`((?:\b|\\?["'])(?!(?:ch|g)?passwd: )${NAME}(?:\\?["'])?(?: {0,3}= {0,3}|: {0,3}))(?!\*\*\*)${VALUE}`,
      'gi',
    ),
    `$1${HIDDEN}`,
  ],
  // echo root:VALUE | chpasswd
  [/([\w.-]{1,32}:)[^\s"'|]{1,300}(["']?\s{0,3}\|\s{0,3}\S{0,20}chpasswd)/g, `$1${HIDDEN}$2`],
];

/**
 * The text without the passwords, their hashes, tokens and credentials in URLs that installers and scripts print: what is
 * stored of a line is mailed, and shown on the board. Total, in time linear in the length of the text.
 */
export function withoutSecrets(text: string): string {
  if (!SUSPECT.test(text)) return text;
  return RULES.reduce((clean, [pattern, shown]) => clean.replace(pattern, shown), text);
}

/** True when `withoutSecrets` might change the text, or a text inside this JSON. */
export function maySayASecret(text: string): boolean {
  return SUSPECT.test(text);
}
