import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClientMessage } from '../contract/clients.ts';
import type { EventOf } from '../contract/host.ts';
import { BATCH_MS, MAX_EVENT_BYTES, MAX_EVENT_MESSAGES, MessageLog } from './messageLog.ts';
import type { WorkspaceDb } from './workspaceDb.ts';
import type { StoredTotals } from './workspaceStore.ts';

let events: EventOf<'client/messages'>[];
let appended: ClientMessage[][];
let acks: unknown[];
let answer: (stored: StoredTotals) => void;
let log: MessageLog;

beforeEach(() => {
  vi.useFakeTimers({ now: 100_000 });
  events = [];
  appended = [];
  acks = [];
  const db = {
    append: (_client: string, messages: ClientMessage[]) => {
      appended.push(messages);
      return new Promise<StoredTotals>((resolve) => (answer = resolve));
    },
    setAck: (...args: unknown[]) => Promise.resolve(void acks.push(args)),
    clear: () => Promise.resolve(),
  } as unknown as WorkspaceDb;
  log = new MessageLog({
    ...{ id: 'c', db, stored: { lastSeq: 7, received: 2, sent: 1 }, now: () => Date.now() },
    ...{ onMessages: (event) => events.push(event), onFailure: (error) => expect.fail(String(error)) },
  });
});
afterEach(() => vi.useRealTimers());

const message = (direction: 'in' | 'out', payload = new Uint8Array(1)): Omit<ClientMessage, 'seq'> => ({
  ...{ timeMs: 0, direction, topic: 't', payload, qos: 0, retain: false, dup: false, matched: [], ack: null, properties: {} },
});
const told = () => events.map((event) => event.messages.map(({ seq }) => seq));

describe('messages of a connection', () => {
  it('are told at once after a pause, and together when they come close', () => {
    log.add(message('in'));
    vi.advanceTimersByTime(0);
    expect(told()).toEqual([[8]]);
    log.add(message('in'));
    log.add(message('in'));
    vi.advanceTimersByTime(BATCH_MS - 1);
    expect(told()).toEqual([[8]]);
    vi.advanceTimersByTime(1);
    expect(told()).toEqual([[8], [9, 10]]);
    expect(appended.map((batch) => batch.length)).toEqual([1, 2]);
  });

  it('wait when they were sent, unless one is received meanwhile', () => {
    log.add(message('out'));
    vi.advanceTimersByTime(BATCH_MS - 1);
    expect(told()).toEqual([]);
    log.add(message('in'));
    vi.advanceTimersByTime(0);
    expect(told()).toEqual([[8, 9]]);
  });

  it('are told in part when they are many or large, and the event says which there are', () => {
    for (let count = 0; count < MAX_EVENT_MESSAGES + 5; count += 1) log.add(message('in'));
    log.flush();
    expect(events[0]).toMatchObject({ firstSeq: 8, lastSeq: MAX_EVENT_MESSAGES + 12 });
    expect(events[0]?.messages).toHaveLength(MAX_EVENT_MESSAGES);
    expect(events[0]?.messages.at(-1)?.seq).toBe(MAX_EVENT_MESSAGES + 12);
    for (let count = 0; count < 3; count += 1) log.add(message('in', new Uint8Array(MAX_EVENT_BYTES)));
    log.flush();
    expect(events[1]?.messages).toHaveLength(1);
    expect(appended[1]).toHaveLength(3);
  });

  it('carry their acknowledgement wherever they are by then', () => {
    const first = log.add(message('out'));
    log.acknowledge(first.seq, 0x10);
    log.flush();
    expect(appended[0]?.[0]?.ack).toBe(0x10);
    log.acknowledge(first.seq, 0);
    expect(acks).toEqual([['c', first.seq, 0]]);
  });
});

describe('the totals', () => {
  it('count at once, and follow the database when it lets old ones go', async () => {
    log.add(message('in'));
    log.add(message('out'));
    expect(log.totals).toEqual({ lastSeq: 9, received: 3, sent: 2 });
    log.flush();
    log.add(message('in'));
    answer({ lastSeq: 9, received: 1, sent: 2 });
    await vi.advanceTimersByTimeAsync(0);
    expect(log.totals).toEqual({ lastSeq: 10, received: 2, sent: 2 });
  });

  it('begin at zero after a clear, whatever an older batch answers', async () => {
    log.add(message('in'));
    log.flush();
    await log.clear();
    answer({ lastSeq: 8, received: 3, sent: 1 });
    await vi.advanceTimersByTimeAsync(0);
    expect(log.totals).toEqual({ lastSeq: 8, received: 0, sent: 0 });
  });
});
