import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Instant } from '../domain/event';
import { createBatches, type SyslogBatch } from './batches';
import { createDeframer } from './deframe';
import { KEPT_BYTES, parseFrame, type SyslogLine, trimmedLength } from './frame';
import { watchDrops, type DropWatch } from './kernel-drops';
import { SYSLOG_LIMITS, type SyslogLimits } from './limits';
import { createRateLimit } from './rate-limit';
import { listenBoth, listenTcp } from './sockets';
import { createTurns, type Turned } from './turns';
import { openUdp, type UdpReceiver } from './udp-thread';

/** What a listener is made of. */
export interface SyslogListenerOptions {
  /** Address to listen on; `::` is IPv4 as well. */
  host: string;
  /** UDP and TCP, the same number; 0 = any that is free for both; null = neither. */
  port: number | null;
  /** Syslog over TLS, RFC 5425; 0 = any free one; null = not at all. */
  tlsPort: number | null;
  /** PEM; needed where `tlsPort` is not null. */
  tls: { cert: string; key: string } | null;
  /**
   * Takes what came, at most some 500 lines at a time; the listener waits for it, so it must be quick. An entry without
   * lines says that a sender's lines were lost. What it throws is complained of and goes no further.
   */
  onLines(batch: SyslogBatch[]): void;
  /** Whether a line is worth being kept of a sender that sends too much. Pure and cheap. */
  isTelling(line: SyslogLine): boolean;
  /** A complaint, as `createThrottle` of actions makes them. */
  warn(key: string, sentence: string, fields?: Record<string, unknown>): void;
  now(): Instant;
  limits?: Partial<SyslogLimits>;
}

/** What came in since the start, in lines unless it says otherwise. `received` = `handedOn` + `lost` + those in hand. */
export interface SyslogStats {
  received: { udp: number; tcp: number; tls: number };
  handedOn: number;
  /** Left out because their sender sent too much. */
  lost: { chatter: number; telling: number };
  /** Of those received, the ones whose end was cut off. */
  cut: number;
  /** Datagrams the kernel threw away before they were read, as of the last look; null where it cannot be known. */
  kernelDrops: number | null;
  /** What the kernel gave, bytes; null without UDP. */
  receiveBufferBytes: number | null;
  /** Connections open now. */
  connections: number;
  /** Connections closed at once because there were as many as may be. */
  refusedConnections: number;
  /** Senders whose rates are remembered. */
  senders: number;
}

export interface SyslogListener {
  /**
   * Listens; resolves with the ports, null for what is off.
   *
   * @throws Error with one sentence that names the setting when a port cannot be used; nothing listens then.
   */
  start(): Promise<{ udpPort: number | null; tcpPort: number | null; tlsPort: number | null }>;
  /** Closes all sockets and hands on what had come in. May be called twice. */
  stop(): Promise<void>;
  stats(): SyslogStats;
}

type Transport = keyof SyslogStats['received'];

/** One sender's connection. */
interface Connection extends Turned {
  socket: Socket;
}

/** The sockets of syslog: bytes become lines and are handed on in batches. What the lines mean is the business of others. */
export function createSyslogListener(options: SyslogListenerOptions): SyslogListener {
  const limits: SyslogLimits = { ...SYSLOG_LIMITS, ...options.limits };
  const { warn, now } = options;
  const rates = createRateLimit(limits, options.isTelling);
  const turns = createTurns<Connection>(limits.turnMs);
  const batches = createBatches({ everyMs: limits.batchMs, maxLines: limits.batchLines, onBatch: handOn });
  const received = { udp: 0, tcp: 0, tls: 0 };
  const lost = { chatter: 0, telling: 0 };
  const connections = new Set<Connection>();
  /** Every open socket, those in a TLS handshake included, and how many there are of each peer. */
  const sockets = new Set<Socket>();
  const perPeer = new Map<string, number>();
  const servers: Server[] = [];
  let handedOn = 0;
  let cut = 0;
  let refusedConnections = 0;
  let tellingComplained = 0;
  let udp: UdpReceiver | null = null;
  let drops: DropWatch | null = null;
  let stopped: Promise<void> | null = null;

  function receive(transport: Transport, peer: string, frame: Buffer, skipped: number): void {
    const line = parseFrame(frame, skipped);
    received[transport] += 1;
    if (skipped > 0 || trimmedLength(frame) > KEPT_BYTES) cut += 1;
    const admission = rates.admit(peer, line, now());
    if (admission === 'taken') return batches.add(peer, line);
    lost[admission === 'chatter-lost' ? 'chatter' : 'telling'] += 1;
    batches.addLost(peer);
  }

  function handOn(batch: SyslogBatch[]): void {
    for (const entry of batch) handedOn += entry.lines.length;
    complainOfLoss(batch);
    try {
      options.onLines(batch);
    } catch (error) {
      warn('syslog-consumer', 'Syslog lines could not be worked off', { error });
    }
  }

  function complainOfLoss(batch: SyslogBatch[]): void {
    const loser = batch.find((entry) => entry.lost > 0);
    if (loser === undefined) return;
    const fields = { peer: loser.peer, chatterLost: lost.chatter, tellingLost: lost.telling };
    if (lost.telling > tellingComplained) {
      tellingComplained = lost.telling;
      warn(
        'syslog-telling-lost',
        'A sender sends more syslog than can be taken: lines that tell something are lost',
        fields,
      );
    } else {
      warn('syslog-chatter-lost', 'A sender sends much syslog: lines that tell nothing are left out', fields);
    }
  }

  /** Counts a socket until it is closed; false when there are too many of its peer. */
  function admitSocket(socket: Socket): boolean {
    const peer = peerOf(socket.remoteAddress);
    const open = perPeer.get(peer) ?? 0;
    if (open >= limits.connectionsPerPeer) {
      refuseSocket({ peer });
      socket.destroy();
      return false;
    }
    sockets.add(socket);
    perPeer.set(peer, open + 1);
    socket.once('close', () => {
      sockets.delete(socket);
      const left = perPeer.get(peer)! - 1;
      if (left > 0) perPeer.set(peer, left);
      else perPeer.delete(peer);
    });
    return true;
  }

  function refuseSocket(fields: Record<string, unknown>): void {
    refusedConnections += 1;
    warn('syslog-connections', 'Syslog connections are refused: as many are open as may be', fields);
  }

  function connect(transport: 'tcp' | 'tls', socket: Socket): void {
    const peer = peerOf(socket.remoteAddress);
    const deframer = createDeframer((frame, skipped) => receive(transport, peer, frame, skipped));
    const connection: Connection = {
      socket,
      take: deframer.push,
      finish() {
        if (connections.delete(connection)) deframer.end();
      },
      pause: () => socket.pause(),
      resume: () => socket.resume(),
    };
    connections.add(connection);
    socket.setKeepAlive(true, limits.keepAliveMs);
    socket.setTimeout(limits.idleMs, () => socket.destroy());
    socket.on('data', (chunk: Buffer) => turns.offer(connection, chunk));
    socket.on('error', () => undefined); // a reset is the end of a connection like any other
    socket.once('close', () => turns.close(connection));
  }

  function tcpServer(): Server {
    const server = createServer();
    server.on('connection', (socket) => {
      if (admitSocket(socket)) connect('tcp', socket);
    });
    return bounded(server);
  }

  function tlsServer(): Server {
    const server = createTlsServer({
      ...options.tls!,
      minVersion: 'TLSv1.2',
      handshakeTimeout: limits.handshakeMs,
    });
    server.on('connection', (socket: Socket) => void admitSocket(socket));
    server.on('secureConnection', (socket) => connect('tls', socket));
    server.on('tlsClientError', (error: Error, socket) => {
      warn('syslog-tls', 'A sender of syslog failed in its TLS handshake', {
        peer: peerOf(socket.remoteAddress),
        reason: error.message,
      });
    });
    return bounded(server);
  }

  function bounded(server: Server): Server {
    server.maxConnections = limits.connections;
    server.on('drop', (data) => refuseSocket({ peer: peerOf(data?.remoteAddress) }));
    servers.push(server);
    return server;
  }

  function bindUdp(place: { type: 'udp4' | 'udp6'; address: string; port: number }): Promise<UdpReceiver> {
    return openUdp({
      ...place,
      bufferBytes: limits.receiveBufferBytes,
      onDatagram(peer, datagram) {
        if (trimmedLength(datagram) > 0) receive('udp', peerOf(peer), datagram, 0);
      },
      onError: (error) => warn('syslog-udp', 'The UDP socket of syslog failed', { error }),
    });
  }

  function watchUdp(place: { address: string; port: number }): void {
    drops = watchDrops({
      ...place,
      everyMs: limits.dropCheckMs,
      onDrops: (dropped) =>
        warn(
          'syslog-kernel-drops',
          'The kernel lost syslog datagrams: the receive buffer is too small (sysctl net.core.rmem_max) or the server too busy',
          { dropped, receiveBufferBytes: udp?.receiveBufferBytes ?? null },
        ),
    });
  }

  async function start(): ReturnType<SyslogListener['start']> {
    const { host, port, tlsPort } = options;
    try {
      const both = port === null ? null : await listenBoth(tcpServer, bindUdp, { host, port, setting: 'SYSLOG_PORT' });
      if (both !== null) {
        udp = both.udp;
        watchUdp(both);
      }
      const tls =
        tlsPort === null ? null : await listenTcp(tlsServer(), { host, port: tlsPort, setting: 'SYSLOG_TLS_PORT' });
      for (const server of servers) {
        server.on('error', (error) => warn('syslog-tcp', 'A TCP listener of syslog failed', { error }));
      }
      return { udpPort: both?.port ?? null, tcpPort: both?.port ?? null, tlsPort: tls?.port ?? null };
    } catch (error) {
      await (stopped ??= stop());
      throw error;
    }
  }

  async function stop(): Promise<void> {
    const closing = servers
      .filter((server) => server.listening)
      .map((server) => new Promise((resolve) => server.close(resolve)));
    await drops?.stop();
    // What it has read is still handed on.
    await udp?.close();
    turns.drain();
    for (const connection of connections) connection.finish();
    for (const each of sockets) each.destroy();
    await Promise.all(closing);
    batches.flush();
  }

  function stats(): SyslogStats {
    return {
      received: { ...received },
      handedOn,
      lost: { ...lost },
      cut,
      kernelDrops: drops?.latest() ?? null,
      receiveBufferBytes: udp?.receiveBufferBytes ?? null,
      connections: connections.size,
      refusedConnections,
      senders: rates.senders,
    };
  }

  return { start, stop: () => (stopped ??= stop()), stats };
}

/** The address of a sender; IPv4 is told as such, and an IPv6 address without the name of an interface. */
function peerOf(address: string | undefined): string {
  if (address === undefined) return '?';
  if (!address.includes(':')) return address;
  const bare = address.replace(/%.*$/, '');
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/.test(bare) ? bare.slice(7) : bare;
}
