import type { DraftKind, EventDetail, EventDraft } from '../domain/event';
import type { Message, Source } from './source';

/** What an installer can call: Cobbler's install triggers, and the request not to be netbooted again. */
export const TRIGGER_MODES = ['pre', 'post', 'firstboot', 'nopxe'] as const;
export type TriggerMode = (typeof TRIGGER_MODES)[number];

const FACTS: Record<TriggerMode, { kind: DraftKind; detail: EventDetail }> = {
  pre: { kind: 'install-started', detail: { phase: 'config' } },
  post: { kind: 'install-finished', detail: {} },
  firstboot: { kind: 'system-booted', detail: {} },
  nopxe: { kind: 'netboot-disabled', detail: {} },
};

/**
 * Install triggers (`run_install_triggers`, `op/trig`) and `disable_netboot`, `op/nopxe`. `hints.mode` says which,
 * `hints.ip` is the address the caller named (`?` = none). The end is the post trigger; netboot switched off is evidence
 * only, as some installers ask for it at the beginning.
 */
export const cobblerTriggerSource: Source = {
  name: 'trigger',
  parse(message: Message): EventDraft[] | null {
    if (message.transport !== 'trigger') return null;
    const mode = TRIGGER_MODES.find((known) => known === message.hints['mode']);
    if (mode === undefined) return null;
    const { kind, detail } = FACTS[mode];
    const ip = message.hints['ip'];
    const address = typeof ip === 'string' && ip !== '' ? ip : message.peer;
    return [
      {
        kind,
        target: message.target,
        source: cobblerTriggerSource.name,
        receivedAt: message.receivedAt,
        claimedAt: null,
        dedupeKey: null,
        runId: null,
        detail: address === null ? detail : { ...detail, address },
      },
    ];
  },
};
