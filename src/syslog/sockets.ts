import { type AddressInfo, isIPv6, type Server } from 'node:net';
import type { UdpReceiver } from './udp-thread';

/** Attempts to find a port that is free for UDP and TCP. */
const ATTEMPTS = 20;

/**
 * Listens for TCP and UDP on one port number.
 *
 * @param makeServer - Called anew for each attempt, as is `openUdp`, which rejects when it cannot.
 * @param place.port - 0 = any that is free for both.
 * @param place.setting - What the operator calls the port, for the error.
 * @throws Error with one sentence when the port cannot be used.
 */
export async function listenBoth<S extends Server>(
  makeServer: () => S,
  openUdp: (place: { type: 'udp4' | 'udp6'; address: string; port: number }) => Promise<UdpReceiver>,
  place: { host: string; port: number; setting: string },
): Promise<{ server: S; udp: UdpReceiver; address: string; port: number }> {
  for (let attempt = 1; ; attempt++) {
    const server = makeServer();
    const { address, port } = await listenTcp(server, place);
    try {
      const udp = await openUdp({ type: isIPv6(address) ? 'udp6' : 'udp4', address, port });
      return { server, udp, address, port };
    } catch (error) {
      await new Promise((resolve) => server.close(resolve));
      if (place.port === 0 && attempt < ATTEMPTS) continue;
      throw refusal(error, place, 'UDP');
    }
  }
}

/** @throws Error with one sentence when the port cannot be used. */
export async function listenTcp(
  server: Server,
  place: { host: string; port: number; setting: string },
): Promise<{ address: string; port: number }> {
  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error): void => reject(refusal(error, place, 'TCP'));
    server.once('error', fail);
    server.listen({ host: place.host, port: place.port, backlog: 1024, exclusive: true }, () => {
      server.off('error', fail);
      resolve();
    });
  });
  return server.address() as AddressInfo;
}

function refusal(error: unknown, place: { host: string; port: number; setting: string }, kind: string): Error {
  const code = (error as NodeJS.ErrnoException).code ?? 'error';
  const { setting, port, host } = place;
  const reason =
    code === 'EADDRINUSE'
      ? 'something listens there already; choose another port, or 0 to do without'
      : code === 'EACCES'
        ? 'ports below 1024 need a right this user does not have (CAP_NET_BIND_SERVICE); choose another port'
        : (error as Error).message;
  return new Error(`${setting} ${port} cannot be used on ${host} (${kind}, ${code}): ${reason}.`, { cause: error });
}
