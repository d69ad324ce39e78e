import { describe, expect, it } from 'vitest';
import { randomBelow, seededPrng } from '../base/prng.ts';
import { NO_PROPERTIES } from '../protocol/packet.ts';
import { MQueue, type Delivery, type DeliveryQueue } from './mqueue.ts';
import { PriorityQueue } from './priorityQueue.ts';
import { Publication } from './publication.ts';

function delivery(topic: string, text: string): Delivery {
  const message = { topic, payload: Buffer.from(text), qos: 1 as const, retain: false, properties: NO_PROPERTIES, fromClientId: '', fromUsername: undefined, timestampMs: 0 };
  return { publication: new Publication(message), qos: 1, retain: false, subscriptionIds: null, item: null };
}
const nameOf = (item: Delivery | undefined) => item && `${item.publication.message.topic}${Buffer.from(item.publication.message.payload).toString()}`;

function drain(queue: DeliveryQueue): (string | undefined)[] {
  const names: (string | undefined)[] = [];
  while (queue.length > 0) names.push(nameOf(queue.shift()));
  return names;
}

const TOPICS = new Map([['h', 10], ['m', 5]]);
const lowest = { topics: TOPICS, others: 0 };
const highest = { topics: TOPICS, others: Number.POSITIVE_INFINITY };

describe('a queue with priorities', () => {
  it('gives higher ones first, and those of one priority in the order in which they came', () => {
    for (const [priorities, expected] of [[lowest, ['h2', 'h4', 'm3', 'x1', 'y5']], [highest, ['x1', 'y5', 'h2', 'h4', 'm3']]] as const) {
      const queue = new PriorityQueue(10, priorities);
      for (const [topic, text] of [['x', '1'], ['h', '2'], ['m', '3'], ['h', '4'], ['y', '5']] as const) expect(queue.push(delivery(topic, text))).toBeUndefined();
      expect([queue.length, nameOf(queue.peek())]).toEqual([5, expected[0]]);
      expect(drain(queue)).toEqual(expected);
    }
  });

  it('that is full lets the oldest of the lowest priority go, be it the new one', () => {
    const queue = new PriorityQueue(3, lowest);
    for (const [topic, text] of [['x', '1'], ['h', '2'], ['x', '3']] as const) queue.push(delivery(topic, text));
    expect(['h4', 'x5', 'm6', 'x7', 'h8', 'h9'].map((name) => nameOf(queue.push(delivery(name.slice(0, 1), name.slice(1)))))).toEqual(['x1', 'x3', 'x5', 'x7', 'm6', 'h2']);
    expect(drain(queue)).toEqual(['h4', 'h8', 'h9']);
  });

  it('of length 0 takes nothing', () => {
    const queue = new PriorityQueue(0, lowest);
    expect([nameOf(queue.push(delivery('h', '1'))), queue.length, queue.shift()]).toEqual(['h1', 0, undefined]);
  });
});

/** The rules in their plainest form: a list that is sorted and searched each time. */
class NaiveQueue {
  #items: { readonly name: string; readonly priority: number }[] = [];
  readonly #max: number;
  constructor(max: number) {
    this.#max = max;
  }
  get names(): string[] {
    return this.#items.toSorted((left, right) => right.priority - left.priority).map(({ name }) => name);
  }
  push(name: string, priority: number): string | undefined {
    this.#items.push({ name, priority });
    if (this.#items.length <= this.#max) return undefined;
    const least = Math.min(...this.#items.map((item) => item.priority));
    const at = this.#items.findIndex((item) => item.priority === least);
    return this.#items.splice(at, 1)[0]?.name;
  }
  shift(): string | undefined {
    const [first] = this.names;
    this.#items = this.#items.filter(({ name }) => name !== first);
    return first;
  }
}

describe.each([
  ['with priorities', (max: number): DeliveryQueue => new PriorityQueue(max, lowest), (topic: string) => TOPICS.get(topic) ?? 0],
  ['with the default on top', (max: number): DeliveryQueue => new PriorityQueue(max, highest), (topic: string) => TOPICS.get(topic) ?? 1000],
  ['without', (max: number): DeliveryQueue => new MQueue(max), () => 0],
])('any queue %s', (_name, make, priorityOf) => {
  it('does what the plain form of its rules does, over thousands of steps', () => {
    for (let seed = 1; seed <= 30; seed += 1) {
      const prng = seededPrng(seed);
      const max = 1 + randomBelow(prng, 12);
      const [queue, naive] = [make(max), new NaiveQueue(max)];
      for (let step = 0; step < 300; step += 1) {
        if (randomBelow(prng, 5) < 3) {
          const topic = ['h', 'm', 'x', 'y'][randomBelow(prng, 4)] as string;
          expect(nameOf(queue.push(delivery(topic, String(step))))).toBe(naive.push(`${topic}${step}`, priorityOf(topic)));
        } else expect(nameOf(queue.shift())).toBe(naive.shift());
        expect([queue.length, nameOf(queue.peek())]).toEqual([naive.names.length, naive.names[0]]);
      }
      expect(drain(queue)).toEqual(naive.names);
    }
  });
});
