import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Log } from '../log';

/** The connections of one listener, so that it can stop in order. */
export interface Connections {
  /** A request came in; it is in hand until its response is closed. */
  track(response: ServerResponse): void;
  /** Closes the listener and idle connections at once, others when their requests are answered, all after `boundMs`. */
  close(boundMs: number): Promise<void>;
}

const DROP_LOG_MS = 60_000;

/** Watches the connections of a server, from before it listens. */
export function watchConnections(server: Server, log: Pick<Log, 'warn'>): Connections {
  /** Open sockets and their requests in hand; with TLS the encrypted ones, which never have requests, as well. */
  const open = new Map<Socket, Set<ServerResponse>>();
  let stopping = false;
  let dropped = 0;
  const add = (socket: Socket): void => {
    open.set(socket, new Set());
    socket.once('close', () => open.delete(socket));
  };
  server.on('connection', add).on('secureConnection', add);
  server.on('drop', () => {
    if (dropped++ > 0) return;
    setTimeout(() => {
      log.warn('Connections were refused: as many are open as may be', { refused: dropped });
      dropped = 0;
    }, DROP_LOG_MS).unref();
  });

  return {
    track(response) {
      const { socket } = response.req;
      const inHand = open.get(socket);
      if (inHand === undefined) return; // closed meanwhile
      inHand.add(response);
      if (stopping) response.shouldKeepAlive = false;
      response.once('close', () => {
        inHand.delete(response);
        if (stopping && inHand.size === 0) socket.destroySoon();
      });
    },
    close(boundMs) {
      stopping = true;
      const isEncrypted = 'setSecureContext' in server;
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          for (const socket of open.keys()) socket.destroy();
        }, boundMs);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
        for (const [socket, inHand] of open) {
          // A raw socket below TLS shows no requests: it goes with the one above it.
          for (const response of inHand) if (!response.headersSent) response.shouldKeepAlive = false;
          if (inHand.size === 0 && (!isEncrypted || 'encrypted' in socket)) socket.destroy();
        }
      });
    },
  };
}
