import type { EventDraft } from '../../src/domain/event';
import { parseMessage, SOURCES } from '../../src/intake';

function parse(hints: Record<string, unknown>, peer: string | null = '192.0.2.9'): EventDraft[] | null {
  const parsed = parseMessage({
    transport: 'trigger',
    receivedAt: 5_000,
    peer,
    target: { type: 'system', name: 'web1', address: '10.0.0.1' },
    hints,
    text: '',
  });
  return parsed?.drafts ?? null;
}

test.each([
  ['pre', 'install-started', { phase: 'config' }],
  ['post', 'install-finished', {}],
  ['firstboot', 'system-booted', {}],
  ['nopxe', 'netboot-disabled', {}],
])('%s says %s', (mode, kind, detail) => {
  expect(parse({ mode, ip: '10.0.0.1' })).toEqual([
    {
      kind,
      target: { type: 'system', name: 'web1', address: '10.0.0.1' },
      source: 'trigger',
      receivedAt: 5_000,
      claimedAt: null,
      dedupeKey: null,
      runId: null,
      detail: { ...detail, address: '10.0.0.1' },
    },
  ]);
});

test('a trigger that names no address is filed under its sender', () => {
  expect(parse({ mode: 'pre' })![0]!.detail.address).toBe('192.0.2.9');
});

test('an address the caller calls unknown stays unknown', () => {
  expect(parse({ mode: 'pre', ip: '?' })![0]!.detail.address).toBe('?');
});

test('without any address there is none', () => {
  expect(parse({ mode: 'post' }, null)![0]!.detail).toEqual({});
});

test('nobody knows another mode', () => {
  expect(parse({ mode: 'mid' })).toBeNull();
});

test('sources have names of their own', () => {
  expect(new Set(SOURCES.map((source) => source.name)).size).toBe(SOURCES.length);
});
