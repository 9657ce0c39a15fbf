import type { Channel } from './notifier';
import { email } from './email';
import { sms } from './sms';

/** Every channel there is. A new one is a file of its own and a line here and in CHANNEL_KINDS. */
export const CHANNELS: readonly Channel[] = [email, sms];
