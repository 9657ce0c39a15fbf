import { collectEntries, findCommonTraits, overviewEntries, targetName, type NewsItem } from '../../src/domain/message';
import type { Reason } from '../../src/domain/notification';
import type { RunState } from '../../src/domain/run';
import { at, machine } from '../support/builders';

/** A failed run of that machine. */
function failed(system: string, rest: { error?: string; address?: string; profile?: string } = {}): RunState {
  const web = machine({ system, profile: rest.profile ?? 'web' });
  web.say('install-failed', '10:00', {
    error: { text: rest.error ?? 'disk full' },
    address: rest.address ?? '192.0.2.1',
  });
  return { ...web.target.last!, runId: system };
}

const news = (runId: string, ...reasons: Reason[]): NewsItem[] =>
  reasons.map((reason, index) => ({ runId, reason, createdAt: at('10:00') + index * 1000 }));

function entriesOf(runs: RunState[], items: NewsItem[]) {
  return collectEntries(items, { runs: new Map(runs.map((run) => [run.runId, run])), macs: new Map() });
}

const common = (runs: RunState[], running?: Map<string, number>) =>
  findCommonTraits(
    entriesOf(
      runs,
      runs.flatMap((run) => news(run.runId, 'failed')),
    ),
    running,
  );
const traits = (runs: RunState[]): string[] => common(runs).map(({ trait, value }) => `${trait} ${value}`);

describe('one message about one machine', () => {
  test('names the problem and its ending, in that order', () => {
    const [entry] = entriesOf([failed('web1')], news('web1', 'stalled', 'recovered', 'finished'));
    expect(entry!.reasons).toEqual(['stalled', 'recovered', 'finished']);
    expect(entry!.at).toBe(at('10:00') + 2000);
  });

  test('says a word once, where it stands last', () => {
    const [entry] = entriesOf([failed('web1')], news('web1', 'stalled', 'recovered', 'stalled'));
    expect(entry!.reasons).toEqual(['recovered', 'stalled']);
  });

  test('forgets progress and lateness when there is weightier news', () => {
    expect(entriesOf([failed('web1')], news('web1', 'progress', 'late', 'stalled'))[0]!.reasons).toEqual(['stalled']);
    expect(entriesOf([failed('web1')], news('web1', 'progress', 'progress'))[0]!.reasons).toEqual(['progress']);
  });

  test('about a run nobody knows is none', () => {
    expect(entriesOf([], news('web1', 'failed'))).toEqual([]);
  });
});

test('machines are listed worst first, then by name as people count', () => {
  const runs = ['web10', 'web2', 'web3'].map((name) => failed(name));
  const items = [...news('web3', 'finished'), ...news('web10', 'stalled'), ...news('web2', 'stalled')];
  expect(entriesOf(runs, items).map(({ run }) => run.system)).toEqual(['web2', 'web10', 'web3']);
});

test('an overview starts with who needs help', () => {
  const web = machine();
  web.say('install-started', '10:00');
  const running = web.target.last!;
  web.tick('10:30');
  const stalled = web.target.last!;
  const list = overviewEntries([failed('a'), { ...running, system: 'b' }, { ...stalled, system: 'c' }], {
    macs: new Map(),
  });
  expect(list.map(({ run }) => run.system)).toEqual(['c', 'b', 'a']);
});

test('a machine nobody registered goes by its profile', () => {
  expect(targetName({ system: null, profile: 'db' })).toBe('profile:db');
});

describe('what machines in trouble have in common', () => {
  test('is nothing for a single one', () => {
    expect(common([failed('web1')])).toEqual([]);
  });

  test('is the error, whatever names, addresses and numbers stand in it', () => {
    const runs = [
      failed('web1', { error: 'web1: cannot reach 192.0.2.1:80 (attempt 3)', address: '192.0.2.1', profile: 'a' }),
      failed('web2', { error: 'web2: cannot reach 192.0.2.9:80 (attempt 12)', address: '198.51.100.1', profile: 'b' }),
    ];
    expect(traits(runs)).toEqual(['error web1: cannot reach 192.0.2.1:80 (attempt 3)', 'distro el9', 'phase pending']);
  });

  test('is the subnet, also of IPv6 and of IPv4 in its clothes', () => {
    const of = (...addresses: string[]) =>
      traits(addresses.map((address, index) => failed(`web${index}`, { address }))).filter((line) =>
        line.startsWith('subnet'),
      );
    expect(of('192.0.2.1', '192.0.2.200')).toEqual(['subnet 192.0.2.0/24']);
    expect(of('192.0.2.1', '::ffff:192.0.2.7')).toEqual(['subnet 192.0.2.0/24']);
    expect(of('2001:db8::1', '2001:db8:0:0:1::2')).toEqual(['subnet 2001:db8:0:0::/64']);
    expect(of('192.0.2.1', '198.51.100.1')).toEqual([]);
  });

  test('is shared by four of five, not by two of three', () => {
    const four = [1, 2, 3, 4].map((number) => failed(`web${number}`, { error: 'no mirror' }));
    expect(traits([...four, failed('web5', { error: 'disk full' })])[0]).toBe('error no mirror');
    const two = [1, 2].map((number) => failed(`web${number}`, { error: 'no mirror' }));
    expect(traits([...two, failed('web3', { error: 'disk full' })])[0]).not.toMatch(/^error/);
  });

  test('says how many runs of the profile there are, those that ended in this message included', () => {
    const profile = common([failed('web1'), failed('web2')], new Map([['web', 5]])).find(
      ({ trait }) => trait === 'profile',
    );
    expect(profile).toEqual({ trait: 'profile', value: 'web', count: 2, running: 7 });
  });

  test('does not count those that are well again', () => {
    const runs = [failed('web1', { error: 'no mirror' }), failed('web2', { error: 'no mirror' }), failed('web3')];
    const items = [...news('web1', 'failed'), ...news('web2', 'failed'), ...news('web3', 'finished')];
    expect(findCommonTraits(entriesOf(runs, items))[0]).toMatchObject({ trait: 'error', count: 2 });
  });
});
