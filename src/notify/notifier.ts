import type { AttemptResult } from '../domain/delivery';
import type { Message } from '../domain/message';
import type { ChannelKind } from '../domain/notification';

/** What became of one attempt; a channel says whether trying again can help, the delivery loop decides when. */
export type DeliveryResult = AttemptResult;

/** A message in a channel's words, as it is stored until it is sent. */
export interface Content {
  subject: string;
  text: string;
  /** null where the channel knows no HTML. */
  html: string | null;
  /** Name under which messages of one run are shown together; null when the message is about none or several. */
  thread: string | null;
}

/** One message to one address, ready to go. Two sends of the same delivery carry the same `id`. */
export interface RenderedDelivery {
  id: string;
  contact: string;
  address: string;
  content: Content;
  createdAt: Date;
}

/**
 * Sends on one channel. `send` never throws: every failure is a result, its detail free of secrets. It answers soon
 * after `signal` aborts. `close` waits for nothing and ends all connections; nothing is sent after it.
 */
export interface Notifier {
  send(delivery: RenderedDelivery, signal: AbortSignal): Promise<DeliveryResult>;
  close(): Promise<void>;
}

/** The settings channels are made from; each reads its own. */
export interface NotifierSettings {
  smtpUrl: string | null;
  mailFrom: string;
  twilio: { accountSid: string; authToken: string; from: string; apiUrl: string | null } | null;
}

/** A medium. Order of calls: `create` once at the start, `render` for each message, `send` as often as needed, `close`. */
export interface Channel {
  readonly kind: ChannelKind;
  /** Largest number of messages that may be under way at once. */
  readonly concurrency: number;
  /** Why the text is no address of this channel, as a sentence; null when it is one. Asked again before every send. */
  addressFault(address: string): string | null;
  render(message: Message): Content;
  /** The sender; null when the settings do not configure this channel. Opens no connection yet. */
  create(settings: NotifierSettings): Notifier | null;
}
