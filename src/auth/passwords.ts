import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** 32 MiB and some 0.2 s of a core for each guess (RFC 7914; OWASP's third choice, p = 3 for N = 2^15). */
const COST = { N: 2 ** 15, r: 8, p: 3 };
const MAX_MEMORY = 64 * 1024 * 1024;
const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** What is kept of a password: `scrypt:N:r:p:salt:hash`, salt and hash in base64. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, salt, COST, HASH_BYTES);
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64'), hash.toString('base64')].join(':');
}

/** A hash no password has, made with the same work: for names nobody has. */
export const NO_PASSWORD = ['scrypt', COST.N, COST.r, COST.p, 'AAAAAAAAAAAAAAAAAAAAAA==', 'A'.repeat(43) + '='].join(
  ':',
);

/** True for the password of which `kept` was made. False for what `hashPassword` cannot have made. */
export async function verifyPassword(password: string, kept: string): Promise<boolean> {
  const [scheme, N, r, p, salt = '', hash = ''] = kept.split(':');
  const right = Buffer.from(hash, 'base64');
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  if (scheme !== 'scrypt' || right.length < HASH_BYTES) return false;
  const given = await derive(password, Buffer.from(salt, 'base64'), cost, right.length);
  return timingSafeEqual(given, right);
}

function derive(password: string, salt: Buffer, cost: typeof COST, length: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, length, { ...cost, maxmem: MAX_MEMORY }, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}
