/** The numbers of the syslog listener, in one place. */
export const SYSLOG_LIMITS = {
  /** Lines one sender may send for long; an install at its loudest (RPM scriptlets, udev) says some 200 a second. */
  linesPerSecond: 1_000,
  /** Lines one sender may send at once: a resumed rsyslog queue, a journal of a boot. */
  lineBurst: 5_000,
  /** The same for lines that tell something and come beyond the two above. */
  tellingPerSecond: 10_000,
  tellingBurst: 10_000,
  /** Senders whose rates are remembered; the one longest silent is forgotten first. */
  senders: 50_000,
  /** Connections of each of the two TCP listeners. */
  connections: 10_000,
  /** Connections from one address: a rack behind one NAT has as many, a broken loop on one machine no more. */
  connectionsPerPeer: 1_000,
  /** A connection is closed when it was silent this long. Installers are silent for an hour and more. */
  idleMs: 4 * 3_600_000,
  /** The kernel asks a silent peer whether it is still there after this time; machines lose power in mid-install. */
  keepAliveMs: 5 * 60_000,
  /** A TLS handshake may take this long. */
  handshakeMs: 30_000,
  /** Receive buffer asked for the UDP socket, bytes; the kernel gives at most net.core.rmem_max. */
  receiveBufferBytes: 8 * 1024 * 1024,
  /** Lines are handed on this long after the first of them came, or when there are `batchLines`. */
  batchMs: 20,
  batchLines: 500,
  /** Time of one turn of the event loop that connections may use; what is beyond it waits for the next turn. */
  turnMs: 3,
  /** How often the kernel's own counter of lost datagrams is read. */
  dropCheckMs: 10_000,
};

export type SyslogLimits = typeof SYSLOG_LIMITS;
