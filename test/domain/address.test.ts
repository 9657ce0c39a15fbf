import fc from 'fast-check';
import { emailFault, maskAddress, smsFault } from '../../src/domain/address';

describe('an e-mail address', () => {
  test.each([
    'ops@example.org',
    'root@localhost',
    "o'brien+pager@mail.example.co.uk",
    'a@b',
    'x@xn--mnchen-3ya.de',
    `${'a'.repeat(64)}@example.org`,
  ])('%s is usable', (text) => {
    expect(emailFault(text)).toBeNull();
  });

  test.each([
    '',
    'ops',
    '@example.org',
    'ops@',
    'x@y.z\r\nBCC: q@q',
    'x@y.z\nq@q',
    'x@y.z\u2028',
    'x@y.z\0',
    'a@b.c,d@e.f',
    'a@b.c;d@e.f',
    'Ops <ops@example.org>',
    '<ops@example.org>',
    '"a b"@example.org',
    'a(comment)@example.org',
    'group:a@b.c',
    'ops@[127.0.0.1]',
    'ops@@example.org',
    'a@b@c',
    '.ops@example.org',
    'ops.@example.org',
    'o..ps@example.org',
    'ops@-example.org',
    'ops@example..org',
    'ops@example.org.',
    ' ops@example.org',
    'ops@example.org ',
    'öps@example.org',
    'ops@exämple.org',
    'ops\u200b@example.org',
    `${'a'.repeat(65)}@example.org`,
    `a@${'b'.repeat(64)}.org`,
    `a@${'b.'.repeat(130)}org`,
  ])('%j is refused with a sentence', (text) => {
    expect(emailFault(text)).toMatch(/\.$/);
  });

  test('whatever passes has one @ and nothing a mail header or envelope could read as more than one address', () => {
    const parts = fc.array(
      fc.constantFrom('a', '.', '@', '\r\n', ',', '<', '>', ' ', '"', 'b.c', ';', '\t', ':', '\u00e9', '=?'),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(
        parts.map((list) => list.join('')),
        (text) => {
          if (emailFault(text) !== null) return;
          expect(text).toMatch(/^[^\s,;<>"():@]+@[A-Za-z0-9.-]+$/);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('a telephone number', () => {
  test.each(['+4930123456', '+15005550006', '+123456789012345'])('%s is usable', (text) => {
    expect(smsFault(text)).toBeNull();
  });

  test.each([
    '',
    '030123456',
    '+0301234567',
    '+49 30 123456',
    '+49-30',
    '+1234567890123456',
    '+49301234\n',
    '+١٢٣٤٥٦٧٨',
  ])('%j is refused with a sentence', (text) => {
    expect(smsFault(text)).toMatch(/\.$/);
  });
});

test('a masked address can be recognised but not used', () => {
  expect(maskAddress('ops@example.org')).toBe('o***@example.org');
  expect(maskAddress('+4930123456')).toBe('***456');
});
