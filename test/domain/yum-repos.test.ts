import { suitsArch, yumRepos } from '../../src/domain/yum-repos';

const repo = { name: 'base', breed: 'yum', mirror: 'http://m/base', mirror_type: 'baseurl', mirror_locally: false };

test('a repo is named by its mirror, one that is kept here by its place here', () => {
  const local = { ...repo, name: 'own', mirror_locally: true, priority: 5 };
  expect(yumRepos([repo, local], 'ks.example.org:8080')).toBe(
    '[base]\nname=base\nbaseurl=http://m/base\nenabled=1\npriority=99\ngpgcheck=0\n\n' +
      '[own]\nname=own\nbaseurl=http://ks.example.org:8080/cobbler/repo_mirror/own\nenabled=1\npriority=5\ngpgcheck=0\n',
  );
});

test('lists of mirrors, proxies and options of yum are passed on; nothing adds a line of its own', () => {
  const asked = {
    ...repo,
    mirror_type: 'metalink',
    proxy: 'http://p:3128',
    yumopts: { exclude: 'kernel*\n[evil]', 'bad key': 'x', gpgcheck: '1' },
  };
  expect(yumRepos([asked], 'h')).toBe(
    '[base]\nname=base\nmetalink=http://m/base\nenabled=1\npriority=99\ngpgcheck=1\n' +
      'proxy=http://p:3128\nexclude=kernel* [evil]\n',
  );
});

test('repos of other tools are left out', () => {
  expect(yumRepos([{ ...repo, breed: 'apt' }], 'h')).toBe('');
});

test.each([
  ['', 'x86_64', true],
  ['noarch', 's390x', true],
  ['src', 'ppc', true],
  ['x86_64', 'x86_64', true],
  ['i386', 'x86', true],
  ['i386', 'x86_64', false],
  ['none', 'x86_64', false],
])('a repo of architecture %j suits %s: %s', (own, arch, suits) => {
  expect(suitsArch(own, arch)).toBe(suits);
});
