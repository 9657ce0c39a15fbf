import type { Knex } from 'knex';
import type { ReceivedMail } from '../support/smtp';
import type { Ledger } from './machines';

/** What a check found wrong, a few sentences at most; empty when all is well. */
export interface CheckResult {
  name: string;
  /** How much was looked at. */
  count: number;
  wrong: string[];
}

interface LoggedEvent {
  run_id: number;
  seq: number;
  kind: string;
  source: string;
  machine: string;
  message: string | null;
}

/** Everything the log and the outbox must say after the kills. The server is stopped and has sent all it had to send. */
export async function checkDatabase(knex: Knex, ledgers: Ledger[], mails: ReceivedMail[]): Promise<CheckResult[]> {
  const { rows: log } = await knex.raw<{ rows: LoggedEvent[] }>(
    `select e.run_id, e.seq, e.kind, e.source, t.name as machine, e.detail ->> 'message' as message
     from events e join targets t on t.id = e.target_id order by e.run_id, e.seq`,
  );
  return [
    checkAcknowledged(log, ledgers),
    checkOnce(log),
    checkOrder(log),
    checkTriggers(log, ledgers),
    await checkOpenRuns(knex),
    await checkSequences(knex),
    await checkProblems(knex),
    await checkEndings(knex),
    ...(await checkDeliveries(knex, mails)),
  ];
}

function checkAcknowledged(log: LoggedEvent[], ledgers: Ledger[]): CheckResult {
  const logged = new Set(log.map((event) => event.message));
  const acknowledged = ledgers.flatMap((ledger) => ledger.acknowledged.map((number) => `${ledger.machine}:${number}`));
  const wrong = acknowledged.filter((message) => !logged.has(message));
  return { name: 'every acknowledged message is in the log', count: acknowledged.length, wrong };
}

function checkOnce(log: LoggedEvent[]): CheckResult {
  const seen = new Set<string>();
  const wrong: string[] = [];
  for (const { message } of log) {
    if (message === null) continue;
    if (seen.has(message)) wrong.push(message);
    seen.add(message);
  }
  return { name: 'no message is in the log twice', count: seen.size, wrong };
}

function checkOrder(log: LoggedEvent[]): CheckResult {
  const last = new Map<string, number>();
  const wrong: string[] = [];
  for (const { machine, message } of log) {
    if (message === null) continue;
    const number = Number(message.split(':')[1]);
    if (number <= (last.get(machine) ?? 0)) wrong.push(`${message} after ${last.get(machine)}`);
    last.set(machine, number);
  }
  return { name: 'the messages of a machine are in the order it sent them', count: log.length, wrong };
}

/** A trigger that was not answered may be in the log as well, so there may be more, never fewer. */
function checkTriggers(log: LoggedEvent[], ledgers: Ledger[]): CheckResult {
  const wrong: string[] = [];
  let count = 0;
  for (const { machine, triggers } of ledgers) {
    const events = log.filter((event) => event.machine === machine && event.source === 'trigger');
    for (const [mode, kind] of [
      ['pre', 'install-started'],
      ['post', 'install-finished'],
    ] as const) {
      const found = events.filter((event) => event.kind === kind).length;
      if (found < triggers[mode]) wrong.push(`${machine}: ${triggers[mode]} ${mode} acknowledged, ${found} in the log`);
      count += triggers[mode];
    }
  }
  return { name: 'every acknowledged trigger is in the log', count, wrong };
}

async function checkOpenRuns(knex: Knex): Promise<CheckResult> {
  const { rows } = await knex.raw<{ rows: { name: string; open: number }[] }>(
    `select t.name, count(*) filter (where r.status not in ('failed', 'terminated', 'finished', 'cancelled')) as open
     from targets t join runs r on r.target_id = t.id group by t.name`,
  );
  const wrong = rows.filter((row) => row.open > 1).map((row) => `${row.name}: ${row.open} open runs`);
  return { name: 'no machine has two open runs', count: rows.length, wrong };
}

async function checkSequences(knex: Knex): Promise<CheckResult> {
  const { rows } = await knex.raw<{ rows: { run_id: number; first: number; last: number; count: number }[] }>(
    'select run_id, min(seq) as first, max(seq) as last, count(distinct seq) as count from events group by run_id',
  );
  const wrong = rows
    .filter((row) => row.first !== 1 || row.last !== row.count)
    .map((row) => `run ${row.run_id}: ${row.count} events from ${row.first} to ${row.last}`);
  return { name: 'the events of every run are numbered without a hole', count: rows.length, wrong };
}

/** The events that made a run failed, stalled or terminated, each with the decision to tell somebody. */
async function checkProblems(knex: Knex): Promise<CheckResult> {
  const { rows } = await knex.raw<{ rows: { run_id: number; seq: number; kind: string; told: number }[] }>(
    `select e.run_id, e.seq, e.kind, (
       select count(*) from notifications n where n.run_id = e.run_id::text and n.seq = e.seq and n.channel = 'email') as told
     from events e join runs r on r.id = e.run_id
     where e.kind = 'run-stalled'
       or (e.kind in ('install-failed', 'install-terminated') and e.occurred_at = r.ended_at and e.seq = (
         select min(seq) from events f where f.run_id = e.run_id
           and f.kind in ('install-failed', 'install-terminated', 'install-finished', 'run-cancelled')))`,
  );
  const wrong = rows.filter((row) => row.told === 0).map((row) => `run ${row.run_id}, event ${row.seq}: ${row.kind}`);
  return { name: 'every problem was decided to be told', count: rows.length, wrong };
}

/** All machines came to a good end: whoever was told of a stall or a loop must have been told of what came after. */
async function checkEndings(knex: Knex): Promise<CheckResult> {
  const { rows } = await knex.raw<{ rows: { run_id: string; contact: string; reason: string; endings: number }[] }>(
    `with told as (
       select n.*, r.target_id, n.run_id::bigint as run from notifications n join runs r on r.id = n.run_id::bigint
       where n.run_id <> '')
     select p.run_id, p.contact, p.reason, (
       select count(*) from told e where e.target_id = p.target_id and e.contact = p.contact and e.channel = p.channel
         and (e.run, e.seq) > (p.run, p.seq) and e.reason in ('failed', 'terminated', 'finished', 'recovered')) as endings
     from told p where p.reason in ('stalled', 'waiting', 'install loop')`,
  );
  const wrong = rows
    .filter((row) => row.endings === 0)
    .map((row) => `run ${row.run_id}: ${row.contact} was told "${row.reason}" and nothing after it`);
  return { name: 'whoever was told of a problem was told how it ended', count: rows.length, wrong };
}

interface DeliveryRow {
  id: string;
  status: string;
  machines: string[];
}

async function checkDeliveries(knex: Knex, mails: ReceivedMail[]): Promise<CheckResult[]> {
  const { rows: unformed } = await knex.raw<{ rows: { id: number; outcome: string | null; messages: number }[] }>(
    `select n.id, n.outcome, count(d.delivery_number) as messages
     from notifications n left join delivery_notifications d on d.notification_id = n.id
     group by n.id having count(d.delivery_number) <> 1`,
  );
  const { rows: deliveries } = await knex.raw<{ rows: DeliveryRow[] }>(
    `select d.id, d.status, array_agg(distinct t.name) as machines
     from deliveries d join delivery_notifications j on j.delivery_number = d.number
     join notifications n on n.id = j.notification_id join runs r on r.id = n.run_id::bigint
     join targets t on t.id = r.target_id group by d.id, d.status`,
  );
  const byId = new Map<string, ReceivedMail[]>();
  for (const mail of mails) {
    const id = /^<([^@]+)@/.exec(mail.headers['message-id'] ?? '')?.[1] ?? '';
    byId.set(id, [...(byId.get(id) ?? []), mail]);
  }
  const known = new Set(deliveries.map((delivery) => delivery.id));
  const repeated = [...byId].filter(([, same]) => same.length > 1);
  const differing = repeated.filter(([, same]) => new Set(same.map((mail) => mail.subject + mail.text)).size > 1);
  const silent = deliveries.filter(({ id, machines }) => {
    const [mail] = byId.get(id) ?? [];
    return mail !== undefined && machines.some((machine) => !`${mail.subject}\n${mail.text}`.includes(machine));
  });
  const ids = (found: { id: string }[]): string[] => found.map((entry) => entry.id);
  return [
    {
      name: 'every decision is in exactly one message',
      count: deliveries.length,
      wrong: unformed.map((row) => `notification ${row.id}: in ${row.messages} messages, outcome ${row.outcome}`),
    },
    {
      name: 'every message was sent',
      count: deliveries.length,
      wrong: deliveries
        .filter((row) => row.status !== 'sent' && row.status !== 'delivered')
        .map((row) => `${row.id} is ${row.status}`),
    },
    {
      name: 'every message reached the mail server',
      count: deliveries.length,
      wrong: ids(deliveries.filter((delivery) => !byId.has(delivery.id))),
    },
    {
      name: 'every mail carries the id of a message',
      count: mails.length,
      wrong: [...byId.keys()].filter((id) => !known.has(id)),
    },
    { name: 'every mail names its machines', count: deliveries.length, wrong: ids(silent) },
    { name: 'mails sent twice are the same mail', count: repeated.length, wrong: differing.map(([id]) => id) },
  ];
}
