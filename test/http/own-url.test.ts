import { listenUrl, reachableUrl } from '../../src/http/own-url';

test('an IPv6 address stands in brackets', () => {
  expect(listenUrl({ tls: false, host: '::1', port: 25151 })).toBe('http://[::1]:25151');
});

test('a link leads to the machine by its name when the server listens on all addresses', () => {
  expect(reachableUrl({ tls: true, host: '0.0.0.0', port: 443 }, 'kick')).toBe('https://kick:443');
  expect(reachableUrl({ tls: false, host: '::', port: 80 }, 'kick')).toBe('http://kick:80');
});

test('a link leads to the one address the server listens on', () => {
  expect(reachableUrl({ tls: false, host: '192.0.2.1', port: 25151 }, 'kick')).toBe('http://192.0.2.1:25151');
});
