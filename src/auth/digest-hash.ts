import { createHash, timingSafeEqual } from 'node:crypto';

/** Hash algorithms by Python's names, as Cobbler's `hash_algorithm` has them, and what OpenSSL calls them. */
const ALGORITHMS: Readonly<Record<string, string>> = {
  sha1: 'sha1',
  sha224: 'sha224',
  sha256: 'sha256',
  sha384: 'sha384',
  sha512: 'sha512',
  sha3_224: 'sha3-224',
  sha3_256: 'sha3-256',
  sha3_384: 'sha3-384',
  sha3_512: 'sha3-512',
  blake2b: 'blake2b512',
  blake2s: 'blake2s256',
  shake_128: 'shake128',
  shake_256: 'shake256',
};

/** Shortest digest that counts, in bytes: of shake the file says itself how long it is. */
const MIN_BYTES = 16;
const MAX_BYTES = 128;
/** Cobbler 2 wrote Apache's digests: MD5, 32 hexadecimal digits. */
const HTDIGEST_BYTES = 16;

/** True for a value `hash_algorithm` may have. */
export function isHashAlgorithm(name: string): boolean {
  return Object.hasOwn(ALGORITHMS, name);
}

/**
 * True when the hash in a line of users.digest is that of the password: hexadecimal digest of the bare password
 * (Cobbler 3), or MD5 of `user:realm:password` (Cobbler 2) where the algorithm cannot have made one so short.
 */
export function matchesDigest(
  line: { user: string; realm: string; hash: string },
  password: string,
  algorithm: string,
): boolean {
  if (!/^(?:[0-9a-f]{2})+$/i.test(line.hash)) return false;
  const right = Buffer.from(line.hash, 'hex');
  if (right.length < MIN_BYTES || right.length > MAX_BYTES) return false;
  const isShake = algorithm.startsWith('shake_');
  if (!isShake && right.length === HTDIGEST_BYTES) {
    return isEqual(createHash('md5').update(`${line.user}:${line.realm}:${password}`).digest(), right);
  }
  const hash = createHash(ALGORITHMS[algorithm]!, isShake ? { outputLength: right.length } : {});
  return isEqual(hash.update(password).digest(), right);
}

function isEqual(given: Buffer, right: Buffer): boolean {
  return given.length === right.length && timingSafeEqual(given, right);
}
