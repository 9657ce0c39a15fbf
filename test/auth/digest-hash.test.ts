import { spawnSync } from 'node:child_process';
import { isHashAlgorithm, matchesDigest } from '../../src/auth/digest-hash';
import { parseIni } from '../../src/auth/ini';
import { hashPassword, NO_PASSWORD, verifyPassword } from '../../src/auth/passwords';

/** What Python's hashlib makes, as Cobbler uses it: algorithm, length for those that have none, digest. */
const python = spawnSync('python3', [
  '-c',
  `import hashlib
for name in "sha1 sha224 sha256 sha384 sha512 sha3_224 sha3_256 sha3_384 sha3_512 blake2b blake2s".split():
    print(name, hashlib.new(name, "pässword".encode()).hexdigest())
for name in ("shake_128", "shake_256"):
    for length in (32, 64): print(name, hashlib.new(name, "pässword".encode()).hexdigest(length))
print("md5", hashlib.md5("anna:Cobbler:pässword".encode()).hexdigest())`,
]);
const digests = String(python.stdout ?? '')
  .trim()
  .split('\n')
  .map((line) => line.split(' ') as [string, string]);

test('digests of every algorithm as Python makes them are those of the password, and of no other', () => {
  expect(digests).toHaveLength(16);
  for (const [name, hash] of digests) {
    const algorithm = name === 'md5' ? 'sha3_512' : name; // Cobbler 2's digests among those of Cobbler 3
    expect(isHashAlgorithm(algorithm)).toBe(true);
    const line = { user: 'anna', realm: 'Cobbler', hash };
    expect([name, matchesDigest(line, 'pässword', algorithm)]).toEqual([name, true]);
    expect([name, matchesDigest({ ...line, hash: hash.toUpperCase() }, 'pässword', algorithm)]).toEqual([name, true]);
    expect([name, matchesDigest(line, 'password', algorithm)]).toEqual([name, false]);
  }
});

test.each(['', 'x', '00', 'zz'.repeat(64), 'd41d8cd9', '0'.repeat(127), 'a'.repeat(1000)])(
  'the hash %j is nobody’s',
  (hash) => {
    for (const password of ['', 'x', hash]) {
      for (const algorithm of ['sha3_512', 'shake_128']) {
        expect(matchesDigest({ user: 'anna', realm: 'Cobbler', hash }, password, algorithm)).toBe(false);
      }
    }
  },
);

test('what is kept of a password proves that password alone, and is another one every time', async () => {
  const kept = await hashPassword('correct horse');
  expect(kept).not.toBe(await hashPassword('correct horse'));
  expect(kept).not.toContain('horse');
  expect(await verifyPassword('correct horse', kept)).toBe(true);
  expect(await verifyPassword('correct hors', kept)).toBe(false);
  for (const other of ['', 'x', 'scrypt:::::', NO_PASSWORD]) expect(await verifyPassword('', other)).toBe(false);
});

test('groups are read as Python’s configparser writes them', () => {
  const text = '# c\n[admins]\nanna = ""\n; c\nbob:""\ncarol\n\n[web]\n  dora = "x"\r\n[admins]\neve=\n';
  const read = [...parseIni(text)].map(([group, users]) => [group, Object.fromEntries(users)]);
  expect(read).toEqual([
    ['admins', { anna: '', bob: '', carol: '', eve: '' }],
    ['web', { dora: 'x' }],
  ]);
  expect(() => parseIni('anna = ""')).toThrow('line 1 stands before the first [section]');
});
