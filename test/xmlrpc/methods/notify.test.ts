import type { Session } from '../../../src/xmlrpc/method';
import { notifyMethods } from '../../../src/xmlrpc/methods/notify';
import { struct, type XmlRpcValue } from '../../../src/xmlrpc/value';

const CALL = { peer: '127.0.0.1', receivedAt: 0 };
const SESSION: Session = { user: 'olga' };

function methods() {
  const asked: unknown[][] = [];
  const list = notifyMethods({
    sendStatus: (...args) => {
      asked.push(args);
      return Promise.resolve({ contacts: ['ann'], runs: 3 });
    },
    sendTest: (...args) => {
      asked.push(args);
      return Promise.resolve({ contacts: ['ann'], runs: 0 });
    },
  });
  const call = (name: string, ...args: XmlRpcValue[]): Promise<XmlRpcValue> =>
    Promise.resolve(list.find((method) => method.name === name)!.run([...args, 'token'], CALL, SESSION));
  return { asked, call, list };
}

test('send_status passes on criteria, contacts and who asks, and answers who is told of how much', async () => {
  const { asked, call } = methods();
  expect(await call('send_status', struct({ system: 'web1' }), ['ann'])).toEqual(
    struct({ contacts: ['ann'], runs: 3 }),
  );
  expect(asked).toMatchObject([[{ system: 'web1', profile: null }, ['ann'], 'olga']]);
});

test.each([[''], ['~'], [null], [[]]])('contacts given as %j mean the caller’s own', async (contacts) => {
  const { asked, call } = methods();
  await call('send_status', struct(), contacts);
  await call('send_test', contacts);
  expect(asked.map((args) => args.at(-2))).toEqual([[], []]);
});

test('one name is as good as an array of one', async () => {
  const { asked, call } = methods();
  await call('send_test', 'ann');
  expect(asked).toEqual([[['ann'], 'olga']]);
});

test.each([[[1]], [true], [['']], [struct({ name: 'ann' })]])('contacts given as %j are refused', async (contacts) => {
  const { asked, call } = methods();
  await expect(call('send_status', struct(), contacts)).rejects.toThrow('contacts must be an array of names.');
  expect(asked).toEqual([]);
});

test('both need a session', () => {
  expect(methods().list.map(({ access }) => access)).toEqual(['session', 'session']);
});
