/** What clients do: their messages as far as this window holds them, their rates, and the acts of a user. The sessions live in the host. */
import { defineStore } from 'pinia';
import { shallowReactive, shallowRef, triggerRef, type ShallowRef } from 'vue';
import type { ClientMessage, ClientState, ConnectionSpec, PublishRequest, SubscriptionState } from '../../electron/contract/clients.ts';
import type { ConnectSecrets, SubscriptionSpec } from '../../electron/contract/connectionParts.ts';
import type { PublishDraft, RepeatRequest, RepeatState } from '../../electron/contract/publishing.ts';
import type { EventOf } from '../../electron/contract/host.ts';
import { useHostPort } from '../host/hostPort.ts';
import { MessageLog } from '../lib/messageLog.ts';
import { useConnectionsStore } from './connections.ts';

/** Messages per call when a list is filled. */
const PAGE = 500;
const RATE_PERIOD_MS = 1_000;

export type ClientLog = MessageLog<ClientMessage>;

export const useClientsStore = defineStore('clients', () => {
  const host = useHostPort();
  const connections = useConnectionsStore();
  /** Messages per second of each connection, both directions, over the last second. */
  const rates = shallowReactive(new Map<string, number>());
  /** What connections send again and again, as the host tells. */
  const repeats = shallowReactive(new Map<string, RepeatState>());
  const logs = new Map<string, ShallowRef<ClientLog>>();
  const waiting = new Map<string, EventOf<'client/messages'>[]>();
  const filling = new Set<string>();
  let frameAsked = false;

  /** The messages of a connection; the first look loads the newest page. */
  function logOf(id: string): ShallowRef<ClientLog> {
    const known = logs.get(id);
    if (known) return known;
    const log = shallowRef<ClientLog>(new MessageLog());
    logs.set(id, log);
    void fill(id, async () => log.value.append(await host.call('client/messages', { id, limit: PAGE })));
    return log;
  }

  /** Runs one load per connection at a time; live messages wait behind it. */
  async function fill(id: string, load: () => Promise<unknown>): Promise<void> {
    if (filling.has(id)) return;
    filling.add(id);
    try {
      await load();
    } finally {
      filling.delete(id);
      const log = logs.get(id);
      if (log) triggerRef(log);
      if (waiting.has(id)) askFrame();
    }
  }

  async function loadOlder(id: string): Promise<void> {
    const log = logOf(id);
    const beforeSeq = log.value.items[0]?.seq;
    if (beforeSeq === undefined || beforeSeq <= 1) return;
    await fill(id, async () => log.value.prepend(await host.call('client/messages', { id, beforeSeq, limit: PAGE })));
  }

  /** Live messages are put into the lists once per drawn frame, however many events arrive. */
  function askFrame(): void {
    if (frameAsked) return;
    frameAsked = true;
    requestAnimationFrame(() => {
      frameAsked = false;
      for (const [id, batches] of waiting) {
        const log = logs.get(id);
        if (!log || filling.has(id)) continue;
        waiting.delete(id);
        takeBatches(id, log, batches);
      }
    });
  }

  function takeBatches(id: string, log: ShallowRef<ClientLog>, batches: readonly EventOf<'client/messages'>[]): void {
    for (const batch of batches) {
      const gap = log.value.append(batch.messages) ?? leftOut(log.value, batch);
      if (gap) {
        void fill(id, () => readAfter(id, log, gap.missingAfter));
        return;
      }
    }
    triggerRef(log);
  }

  async function readAfter(id: string, log: ShallowRef<ClientLog>, afterSeq: number): Promise<void> {
    let from = afterSeq;
    for (;;) {
      const page = await host.call('client/messages', { id, afterSeq: from, limit: PAGE });
      log.value.append(page);
      const last = page.at(-1)?.seq;
      if (last === undefined || page.length < PAGE) return;
      from = last;
    }
  }

  /** Rates come from the totals, so nothing is counted twice and nothing is missed while the window sleeps. */
  const totals = new Map<string, { readonly atMs: number; readonly total: number }>();
  function measureRates(): void {
    const atMs = performance.now();
    for (const [id, { received, sent }] of connections.states) {
      const before = totals.get(id);
      const total = received + sent;
      totals.set(id, { atMs, total });
      if (before) rates.set(id, (Math.max(0, total - before.total) * 1_000) / (atMs - before.atMs));
    }
  }
  setInterval(measureRates, RATE_PERIOD_MS);

  /** After the host was away: reads on from where every list ends. */
  function readOn(): void {
    for (const [id, log] of logs) void fill(id, () => readAfter(id, log, log.value.lastSeq));
  }

  host.on('client/messages', (batch) => {
    if (!logs.has(batch.id)) return;
    waiting.set(batch.id, [...(waiting.get(batch.id) ?? []), batch]);
    askFrame();
  });
  host.on('client/acked', ({ id, seq, ack }) => {
    const log = logs.get(id);
    if (!log) return;
    log.value.ack(seq, ack);
    triggerRef(log);
  });
  host.on('client/repeat', (state) => repeats.set(state.id, state));
  host.onState((state) => {
    if (state === 'online') readOn();
  });

  return {
    rates,
    logOf,
    loadOlder,
    save: (spec: ConnectionSpec): Promise<ConnectionSpec> => host.call('connection/save', spec),
    async remove(id: string): Promise<void> {
      await host.call('connection/remove', { id });
      logs.delete(id);
      rates.delete(id);
    },
    connect: (id: string, secrets: ConnectSecrets = {}): Promise<ClientState> => host.call('client/connect', { id, ...secrets }),
    disconnect: (id: string): Promise<ClientState> => host.call('client/disconnect', { id }),
    subscribe: (id: string, subscription: SubscriptionSpec): Promise<SubscriptionState> => host.call('client/subscribe', { id, ...subscription }),
    unsubscribe: (id: string, topicFilter: string): Promise<ClientState> => host.call('client/unsubscribe', { id, topicFilter }),
    repeats,
    /** Publishes what a person wrote; the host resolves its variables. */
    send: (draft: PublishDraft): Promise<ClientMessage> => host.call('client/send', draft),
    async repeat(request: RepeatRequest): Promise<void> {
      repeats.set(request.draft.id, await host.call('client/repeat', request));
    },
    async stopRepeat(id: string): Promise<void> {
      repeats.set(id, await host.call('client/repeatStop', { id }));
    },
    publish: (request: PublishRequest): Promise<ClientMessage> => host.call('client/publish', request),
    async clear(id: string): Promise<void> {
      await host.call('client/clear', { id });
      const log = logs.get(id);
      log?.value.clear();
      if (log) triggerRef(log);
    },
  };
});

/** The host may leave messages out of a batch that was too large; `lastSeq` tells. */
function leftOut(log: ClientLog, batch: EventOf<'client/messages'>): { missingAfter: number } | undefined {
  return batch.lastSeq > log.lastSeq ? { missingAfter: log.lastSeq } : undefined;
}
