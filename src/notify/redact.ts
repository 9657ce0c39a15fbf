import { oneLine } from './words';

/** Longest detail of a failure that is kept. */
const MAX_DETAIL = 300;

/**
 * What another side said, as one line without our secrets: servers like to repeat what they were sent. Base64 forms of
 * the secrets go too, as SMTP and HTTP carry them so.
 */
export function redact(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret.length < 4) continue;
    for (const form of [
      secret,
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    ]) {
      clean = clean.replaceAll(form, '***');
    }
  }
  return oneLine(clean, MAX_DETAIL);
}
