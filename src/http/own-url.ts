import { hostname } from 'node:os';

/** Addresses that mean "listen on all": nobody can go there. */
const ALL_ADDRESSES = new Set(['0.0.0.0', '::']);

/** The URL of a listener, as it was told to listen. No trailing slash. */
export function listenUrl(listener: { tls: boolean; host: string; port: number }): string {
  const { tls, host, port } = listener;
  return `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Where others reach the listener, as far as the server can know: by its own name when it listens on all addresses. */
export function reachableUrl(listener: { tls: boolean; host: string; port: number }, name = hostname()): string {
  return listenUrl(ALL_ADDRESSES.has(listener.host) ? { ...listener, host: name } : listener);
}
