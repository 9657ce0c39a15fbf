import { createTransport } from 'nodemailer';
import { emailFault } from '../domain/address';
import type { FailureReason } from '../domain/delivery';
import { redact } from './redact';
import type { Channel, DeliveryResult, Notifier, NotifierSettings, RenderedDelivery } from './notifier';
import { renderMail } from './render';

/** Connections kept open to the mail server, and messages under way at once. */
const CONNECTIONS = 3;

// Below the time limit of a whole attempt, so that the cause is named here and not just "timed out".
const CONNECT_TIMEOUT_MS = 10_000;
const GREETING_TIMEOUT_MS = 10_000;
const SILENCE_TIMEOUT_MS = 20_000;
/** Mail servers drop idle clients after a minute or more; we go first. */
const IDLE_TIMEOUT_MS = 20_000;

/** E-mail over SMTP: text and HTML, from SMTP_URL (`smtp://` with STARTTLS where offered, `smtps://`) and MAIL_FROM. */
export const email: Channel = {
  kind: 'email',
  concurrency: CONNECTIONS,
  addressFault: emailFault,
  render: renderMail,
  create: (settings) => (settings.smtpUrl === null ? null : createEmailNotifier(settings.smtpUrl, settings)),
};

function createEmailNotifier(smtpUrl: string, settings: NotifierSettings): Notifier {
  const sender = parseSender(settings.mailFrom);
  const secrets = secretsOf(smtpUrl);
  const transport = createTransport({
    url: smtpUrl,
    pool: true,
    maxConnections: CONNECTIONS,
    // The delivery loop tries again, nobody else does.
    maxRequeues: 0,
    idleTimeout: IDLE_TIMEOUT_MS,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: GREETING_TIMEOUT_MS,
    socketTimeout: SILENCE_TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  } as const);
  return {
    async send(delivery, signal) {
      const fault = emailFault(delivery.address);
      if (fault !== null) return { ok: false, retry: false, reason: 'address refused', detail: fault };
      try {
        const mail = composeMail(delivery, sender);
        const info = await transport.sendMail({ ...mail, signal });
        return { ok: true, reference: redact(`${mail.messageId} ${info.response}`, secrets) };
      } catch (error) {
        return explainSmtp(error as SmtpError, secrets);
      }
    },
    close() {
      transport.close();
      return Promise.resolve();
    },
  };
}

/** Who mails come from: `Kickwatch <kickwatch@example.org>` or the bare address. */
interface Sender {
  name: string;
  address: string;
  domain: string;
}

/** Why MAIL_FROM cannot be used, as a sentence; null when it can. */
export function senderFault(text: string): string | null {
  const { name, address } = splitSender(text);

  if (/[\u0000-\u001f\u007f]/.test(name)) return 'The name of a sender must not hold control characters.';
  return emailFault(address);
}

function splitSender(text: string): { name: string; address: string } {
  const match = /^\s*(?:"([^"]*)"|([^"<>]*?))\s*<([^<>]*)>\s*$/.exec(text);
  return match ? { name: match[1] ?? match[2] ?? '', address: match[3]! } : { name: 'Kickwatch', address: text.trim() };
}

/** @throws Error when MAIL_FROM is no sender; the settings are checked with `senderFault` before. */
function parseSender(text: string): Sender {
  const fault = senderFault(text);
  if (fault !== null) throw new Error(`MAIL_FROM: ${fault}`);
  const { name, address } = splitSender(text);
  return { name, address, domain: address.slice(address.lastIndexOf('@') + 1) };
}

/** The mail. Message-ID, date and text come from the delivery alone, so that a repeat is the same mail. */
function composeMail(delivery: RenderedDelivery, sender: Sender) {
  const { content } = delivery;
  const thread = content.thread === null ? null : `<${content.thread}@kickwatch.${sender.domain}>`;
  return {
    from: { name: sender.name, address: sender.address },
    to: { name: '', address: delivery.address },
    envelope: { from: sender.address, to: [delivery.address] },
    messageId: `<${delivery.id}@kickwatch.${sender.domain}>`,
    date: delivery.createdAt,
    subject: content.subject,
    text: content.text,
    ...(content.html !== null && { html: content.html }),
    ...(thread !== null && { references: thread, inReplyTo: thread }),
    headers: {
      // RFC 3834 §5: nobody's vacation program answers a machine.
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
      'List-Id': `Kickwatch <kickwatch.${sender.domain}>`,
      'X-Kickwatch-Delivery': delivery.id,
    },
  };
}

/** What nodemailer says of a failure. */
interface SmtpError extends Error {
  code?: string;
  command?: string;
  responseCode?: number;
  response?: string;
}

/**
 * What a failed send means. Only the server's own word about recipient or message is final (RFC 5321 §4.2.1: 5yz);
 * refused credentials and everything about the connection can be put right while the message waits.
 */
function explainSmtp(error: SmtpError, secrets: readonly string[]): DeliveryResult {
  const code = error.responseCode ?? 0;
  const detail = redact(error.response ?? error.message, secrets);
  const retry = (reason: FailureReason): DeliveryResult => ({ ok: false, retry: true, reason, detail });
  const never = (reason: FailureReason): DeliveryResult => ({ ok: false, retry: false, reason, detail });
  if (error.code === 'EAUTH' || error.code === 'ENOAUTH' || error.code === 'EOAUTH2') return retry('auth refused');
  // RFC 3463 §3.3: a full mailbox is said to be permanent by many and is emptied by somebody in the end.
  if (code === 552 || /\b5\.2\.2\b/.test(error.response ?? '')) {
    return error.command === 'RCPT TO' ? retry('server error') : never('message refused');
  }
  if (code >= 500 && error.command === 'RCPT TO') {
    return never(aboutAddress(error.response) ? 'address refused' : 'message refused');
  }
  if (code >= 500 && error.command === 'DATA') return never('message refused');
  if (code >= 500 && error.command === 'MAIL FROM') return retry('misconfigured');
  if (code >= 400)
    return retry(code === 421 || /\b4\.7\.\d+\b/.test(error.response ?? '') ? 'rate limited' : 'server error');
  switch (error.code) {
    case 'ETIMEDOUT':
    case 'EABORT':
      return retry('timed out');
    case 'EENVELOPE':
      return never('address refused');
    case 'EMESSAGE':
      return never('message refused');
    case 'ECONFIG':
      return retry('misconfigured');
    case 'EPROTOCOL':
      return retry('server error');
    default:
      return retry('unreachable');
  }
}

/** RFC 3463: 5.7.x is policy (no relaying for us, say), 5.5.x and 5.6.x the message; all else is the mailbox. */
function aboutAddress(response: string | undefined): boolean {
  return !/\b5\.[567]\.\d+\b/.test(response ?? '');
}

/** The password of the URL, as written, in clear, and as AUTH PLAIN carries it (RFC 4616). */
function secretsOf(smtpUrl: string): string[] {
  const [user = '', ...rest] = (/^[a-z]+:\/\/([^/@]*)@/i.exec(smtpUrl)?.[1] ?? '').split(':');
  const password = rest.join(':');
  const clear = safeDecode(password);
  return [password, clear, `\0${safeDecode(user)}\0${clear}`];
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
