import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import xmlrpc from 'xmlrpc';

type Handler = (...params: never[]) => unknown;

/** A fault with Cobbler's wording. */
export function fault(text: string): Error {
  return Object.assign(new Error(text), { faultCode: 1, faultString: text });
}

/** The domain fault of Cobbler. */
export function cx(sentence: string): Error {
  return fault(`<class 'cobbler.cexceptions.CX'>:'${sentence}'`);
}

/** An XML-RPC server that answers as it is told, for tests of what the command line makes of answers. */
export interface FakeServer {
  url: string;
  /** Calls so far, as `method(params)`. */
  calls: { method: string; params: unknown[] }[];
  close(): Promise<void>;
}

/** Starts a server with these methods; `login` and `ping` are there by themselves. */
export async function startFakeServer(methods: Record<string, Handler>, port = 0): Promise<FakeServer> {
  const calls: FakeServer['calls'] = [];
  const all: Record<string, Handler> = {
    ping: () => true,
    login: (user: string, password: string) => {
      if (password === 'right') return 'T'.repeat(36);
      throw cx(`login failed (${user})`);
    },
    ...methods,
  };
  const server = await new Promise<ReturnType<typeof xmlrpc.createServer>>((resolve) => {
    const made = xmlrpc.createServer({ host: '127.0.0.1', port }, () => resolve(made));
  });
  for (const [method, handle] of Object.entries(all)) {
    server.on(method, (_error, params: never[], callback) => {
      calls.push({ method, params });
      Promise.resolve()
        .then(() => handle(...params))
        .then(
          (answer) => callback(null, answer),
          ({ faultCode, faultString }: { faultCode: number; faultString: string }) =>
            callback({ faultCode, faultString }, undefined),
        );
    });
  }
  const http = server.httpServer as Server;
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    calls,
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
}

/** Seconds since 1970, as the API has them, `ago` seconds before now; never a whole number, which would be an int. */
export function secondsAgo(ago: number): number {
  return Math.floor(Date.now() / 1000) - ago + 0.25;
}

/** A run as the API answers it; what is not given is unknown. */
export function wireRun(fields: Record<string, unknown>): Record<string, unknown> {
  const unknown = [
    'system profile distro percent percent_origin eta_low eta_high eta_origin planned_at started last_heard',
    'last_progress phase_since ended booted reason message question deadline expected_seconds packages_done',
    'packages_total continues clock_skew',
  ];
  return {
    ...Object.fromEntries(
      unknown
        .join(' ')
        .split(' ')
        .map((field) => [field, '~']),
    ),
    run_id: '1',
    kind: 'install',
    status: 'installing',
    flags: [],
    phase: 'config',
    integrity: 'intact',
    integrity_reasons: [],
    errors: [],
    addresses: [],
    ...fields,
  };
}

/** get_runs over these runs, as the server has it: criteria system, profile, status, limit; newest first. */
export function answerRuns(runs: Record<string, unknown>[]) {
  return (criteria: { system?: string; profile?: string; status?: string | string[]; limit?: number }): unknown => {
    const statuses = criteria.status === undefined ? null : [criteria.status].flat();
    return runs
      .filter((run) => criteria.system === undefined || run['system'] === criteria.system)
      .filter((run) => criteria.profile === undefined || run['profile'] === criteria.profile)
      .filter((run) => statuses === null || statuses.includes(run['status'] as string))
      .sort((left, right) => Number(right['run_id']) - Number(left['run_id']))
      .slice(0, criteria.limit ?? 100);
  };
}
