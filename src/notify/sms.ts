import type { RequestClient, Twilio } from 'twilio';
import type Response from 'twilio/lib/http/response';
import { smsFault } from '../domain/address';
import type { FailureReason } from '../domain/delivery';
import type { Channel, DeliveryResult, Notifier, NotifierSettings } from './notifier';
import { redact } from './redact';
import { renderSms } from './render-sms';

/** Below the time limit of a whole attempt, so that the SDK ends its request itself. */
const REQUEST_TIMEOUT_MS = 20_000;

const TWILIO_URL = 'https://api.twilio.com';

type RequestOptions = Parameters<RequestClient['request']>[0];
type TwilioSettings = NonNullable<NotifierSettings['twilio']>;

/** SMS by Twilio, from TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM (a number or a messaging service). */
export const sms: Channel = {
  kind: 'sms',
  concurrency: 3,
  addressFault: smsFault,
  render: renderSms,
  create: (settings) => (settings.twilio === null ? null : createSmsNotifier(settings.twilio)),
};

function createSmsNotifier(settings: TwilioSettings): Notifier {
  // The SDK takes 200 ms and 24 MB to load: not before there is something to send.
  let client: Promise<Twilio> | null = null;
  const secrets = [settings.authToken, `${settings.accountSid}:${settings.authToken}`];
  return {
    async send(delivery, signal) {
      const fault = smsFault(delivery.address);
      if (fault !== null) return { ok: false, retry: false, reason: 'address refused', detail: fault };
      if (signal.aborted) return timedOut();
      try {
        client ??= loadClient(settings);
        const { messages } = await client.catch((error: unknown) => {
          client = null; // a disk that was full may not be the next time
          throw error;
        });
        const sender = /^MG[0-9a-f]{32}$/i.test(settings.from)
          ? { messagingServiceSid: settings.from }
          : { from: settings.from };
        const body = `${delivery.content.text} #${delivery.id.replaceAll('-', '').slice(0, 6)}`;
        const message = await beforeAbort(messages.create({ ...sender, to: delivery.address, body }), signal);
        return message === null ? timedOut() : { ok: true, reference: message.sid };
      } catch (error) {
        return explainTwilio(error as TwilioError, secrets);
      }
    },
    close: () => Promise.resolve(),
  };
}

async function loadClient(settings: TwilioSettings): Promise<Twilio> {
  const { default: twilio } = await import('twilio');
  /** The SDK knows no base address: requests are sent elsewhere by changing where they go. */
  class RedirectedClient extends twilio.RequestClient {
    override request<T>(options: RequestOptions): Promise<Response<T>> {
      const uri = settings.apiUrl === null ? options.uri : options.uri.replace(TWILIO_URL, settings.apiUrl);
      return super.request({ ...options, uri }) as Promise<Response<T>>;
    }
  }
  const httpClient = new RedirectedClient({ timeout: REQUEST_TIMEOUT_MS, autoRetry: false, keepAlive: true });
  return twilio(settings.accountSid, settings.authToken, { httpClient, autoRetry: false });
}

/** What the promise gives, or null when the signal comes first: the SDK cannot be interrupted. */
async function beforeAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | null> {
  let onAbort!: () => void;
  const aborted = new Promise<null>((resolve) => {
    onAbort = () => resolve(null);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    promise.catch(() => undefined);
  }
}

function timedOut(): DeliveryResult {
  return { ok: false, retry: true, reason: 'timed out', detail: 'Twilio did not answer in time.' };
}

/** What the SDK throws: its RestException, or an error of the connection. */
interface TwilioError extends Error {
  status?: number;
  code?: number | string;
}

/** Codes that say the number cannot be reached, now or ever (twilio.com/docs/api/errors). */
const BAD_NUMBER = new Set([
  21211, // not a valid number
  21214, // cannot be reached
  21217, // not a valid number
  21401, // not a valid number
  21407, // not a number this can be sent to
  21421, // not a valid number
  21601, // cannot receive SMS
  21604, // no number given
  21610, // the person sent STOP
  21614, // not a mobile number
  21635, // a landline
]);

/** Codes about our own sender, account or rights: a person must act, then the message can go out. */
const OUR_FAULT = new Set([
  20404, // the account does not exist
  21212, // From is not valid
  21408, // this country is not enabled
  21603, // From is missing
  21606, // From cannot send SMS
  21608, // a trial account and an unverified number
  21611, // the queue of From is full
  21612, // no route from From to that number
  21659, // From is not ours
  21660, // From does not belong to the account
  21703, // the messaging service has no numbers
]);

function explainTwilio(error: TwilioError, secrets: readonly string[]): DeliveryResult {
  const code = Number(error.code);
  const status = error.status ?? 0;
  const detail = redact(Number.isInteger(code) ? `${error.message} (${code})` : error.message, secrets);
  const retry = (reason: FailureReason): DeliveryResult => ({ ok: false, retry: true, reason, detail });
  const never = (reason: FailureReason): DeliveryResult => ({ ok: false, retry: false, reason, detail });
  if (BAD_NUMBER.has(code)) return never('address refused');
  if (OUR_FAULT.has(code)) return retry('misconfigured');
  if (code === 20003 || status === 401 || status === 403) return retry('auth refused');
  if (code === 20429 || status === 429) return retry('rate limited');
  if (status >= 500) return retry('server error');
  if (status === 404) return retry('misconfigured');
  if (status >= 400) return never('message refused');
  if (error.code === 'ECONNABORTED' || error.code === 'ETIMEDOUT') return retry('timed out');
  // Errors of a connection carry a word as their code; without one the SDK itself refused what it was given.
  return retry(typeof error.code === 'string' ? 'unreachable' : 'misconfigured');
}
