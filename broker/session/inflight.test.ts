import { describe, expect, it } from 'vitest';
import { randomBelow, seededPrng } from '../base/prng.ts';
import type { Message } from '../protocol/message.ts';
import { NO_PROPERTIES } from '../protocol/packet.ts';
import { Inflight, type InflightEntry } from './inflight.ts';
import { MQueue, type Delivery } from './mqueue.ts';
import { Publication } from './publication.ts';

const MESSAGE: Message = {
  topic: 'a',
  payload: new Uint8Array(),
  qos: 1,
  retain: false,
  properties: NO_PROPERTIES,
  fromClientId: '',
  fromUsername: undefined,
  timestampMs: 0,
};
const publication = new Publication(MESSAGE);

describe('inflight', () => {
  it('never gives a packet id twice or 0, keeps the order of sending, and survives the wrap at 65535', () => {
    const prng = seededPrng(1);
    const window = 20;
    const inflight = new Inflight(window);
    const model: InflightEntry[] = [];
    const problems: string[] = [];
    for (let step = 0; step < 200_000; step += 1) {
      if (model.length < window && randomBelow(prng, 2) === 0) {
        const entry = inflight.add(publication, 1, false, null, step, null);
        const fresh = entry.packetId > 0 && entry.packetId <= 65_535 && !model.some((other) => other.packetId === entry.packetId);
        if (!fresh) problems.push(`step ${step}: id ${entry.packetId} given`);
        model.push(entry);
      } else if (model.length > 0) {
        // The first one is hardly ever acknowledged: its id blocks a slot for many rounds.
        const at = model.length === 1 || randomBelow(prng, 5_000) === 0 ? 0 : 1 + randomBelow(prng, model.length - 1);
        const [entry] = model.splice(at, 1);
        if (entry === undefined) continue;
        if (inflight.get(entry.packetId) !== entry) problems.push(`step ${step}: id ${entry.packetId} lost`);
        inflight.remove(entry);
        if (inflight.get(entry.packetId) !== undefined) problems.push(`step ${step}: id ${entry.packetId} kept`);
      }
    }
    expect({ problems, entries: inflight.entries(), count: inflight.count }).toEqual({ problems: [], entries: model, count: model.length });
  });

  it('makes room for a larger window without losing anything', () => {
    const inflight = new Inflight(2);
    const entries = [inflight.add(publication, 1, false, null, 0, null), inflight.add(publication, 2, false, null, 0, null)];
    inflight.fit(1_000);
    for (let count = 0; count < 998; count += 1) entries.push(inflight.add(publication, 1, false, null, 0, null));
    expect(inflight.entries()).toEqual(entries);
  });
});

describe('mqueue', () => {
  const delivery = (qos: 0 | 1 | 2): Delivery => ({ publication, qos, retain: false, subscriptionIds: null, item: null });

  it('is first in first out and gives back the oldest when it is full', () => {
    const queue = new MQueue(3);
    const items = [delivery(0), delivery(1), delivery(2), delivery(1)];
    expect(items.map((item) => queue.push(item))).toEqual([undefined, undefined, undefined, items[0]]);
    expect([queue.length, queue.peek(), queue.shift(), queue.shift(), queue.shift(), queue.shift()]).toEqual([3, items[1], items[1], items[2], items[3], undefined]);
  });

  it('with no room at all gives back what it is given', () => {
    const item = delivery(1);
    const queue = new MQueue(0);
    expect([queue.push(item), queue.length]).toEqual([item, 0]);
  });

  it('keeps its order through long use', () => {
    const queue = new MQueue(1_000);
    const seen: Delivery[] = [];
    const sent: Delivery[] = [];
    for (let round = 0; round < 500; round += 1) {
      for (let count = 0; count < 3; count += 1) {
        const item = delivery(1);
        sent.push(item);
        queue.push(item);
      }
      for (let count = 0; count < 3 && round % 4 !== 0; count += 1) {
        const item = queue.shift();
        if (item !== undefined) seen.push(item);
      }
    }
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) seen.push(item);
    expect(seen.length).toBe(sent.length);
    expect(seen.every((item, at) => item === sent[at])).toBe(true);
  });
});
