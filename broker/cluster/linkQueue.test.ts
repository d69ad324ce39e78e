import { describe, expect, it } from 'vitest';
import { LinkQueue, newCounters } from './linkQueue.ts';
import type { ClusterPublish } from './ports.ts';
import { FrameReader } from './wire/frameReader.ts';
import { Kind, encodePull } from './wire/v1.ts';
import { decodeForwards } from './wire/v1Publish.ts';

/** A queue over a network that takes all at once, until it is told to keep what it gets. */
function link() {
  const given: Uint8Array[] = [];
  /** What arrives: copied when it is taken, so that memory used again too early shows. */
  const taken: Buffer[] = [];
  const network = { keeps: false };
  const queued = () => given.reduce((sum, bytes) => sum + bytes.length, 0);
  const queue = new LinkQueue(1, newCounters(), {
    write: (_link, bytes) => void (network.keeps ? given.push(bytes) : taken.push(Buffer.from(bytes))),
    queuedBytes: queued,
    holdSender: () => {},
    easeSenders: () => {},
    close: () => {},
    dial: () => {},
    requestTurnEnd: () => {},
  });
  const release = () => {
    taken.push(...given.splice(0).map((bytes) => Buffer.from(bytes)));
    network.keeps = false;
    queue.settle();
  };
  const frames = () => {
    const reader = new FrameReader(1 << 28);
    for (const bytes of taken.splice(0)) reader.push(bytes);
    const seen: string[] = [];
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
      if (frame.kind !== Kind.forward) {
        seen.push('control');
        continue;
      }
      const { bytes, start, end, fromClientId } = decodeForwards(frame.flags, frame.body, 0, frame.body.length);
      seen.push(`${fromClientId} ${end - start > 100 ? end - start : bytes.toString('latin1', start, end)}`);
    }
    return seen;
  };
  return { queue, network, taken, release, frames };
}

const from = (fromClientId: string, text: string, change: Partial<ClusterPublish> = {}): ClusterPublish => ({ packet: Buffer.from(text), isV5: false, qos: 0, fromClientId, fromUsername: undefined, ...change });

describe('what waits on a link', () => {
  it('is one frame for messages of one publisher in a row, in the order in which all was submitted (R22)', () => {
    const { queue, frames, taken } = link();
    for (const text of ['1', '2', '3']) queue.forward(from('a', text));
    queue.forward(from('b', '4'));
    queue.forward(from('b', '5', { isV5: true }));
    queue.control(encodePull(1));
    queue.forward(from('b', '6', { isV5: true }));
    queue.forward(from('b', '7', { isV5: true, fromUsername: 'u' }));
    queue.flush();
    expect([taken.length, frames()]).toEqual([1, ['a 123', 'b 4', 'b 5', 'control', 'b 6', 'b 7']]);
  });

  it('arrives whole and in order whatever its size', () => {
    const { queue, frames } = link();
    const large = (size: number) => 'x'.repeat(size);
    const sizes = [101, 31_000, 32_768, 200_000, 101, 100_000, 20_000, 20_000, 20_000, 20_000, 20_000, 20_000, 20_000];
    sizes.forEach((size, index) => queue.forward(from(`c${index}`, large(size))));
    queue.flush();
    expect(frames()).toEqual(sizes.map((size, index) => `c${index} ${size}`));
  });

  it('is kept by a slow network in memory that is not written again', () => {
    const { queue, network, release, frames } = link();
    network.keeps = true;
    for (const text of ['1', '2', '3']) {
      queue.forward(from(text, text));
      queue.flush();
    }
    expect(queue.queueBytes).toBeGreaterThan(0);
    release();
    queue.forward(from('4', '4'));
    queue.flush();
    expect([frames(), queue.queueBytes, queue.dataBytes]).toEqual([['1 1', '2 2', '3 3', '4 4'], 0, 0]);
  });

  it('waits a moment for more while turns follow each other fast, unless something of it is urgent', () => {
    const { queue, taken } = link();
    let nowMs = 1_000;
    const turn = (publish: ClusterPublish | 'control', pauseMs: number): boolean => {
      nowMs += pauseMs;
      if (publish === 'control') queue.control(encodePull(1));
      else queue.forward(publish);
      return queue.endTurn(nowMs);
    };
    const message = from('a', 'm');
    // Now and then: each leaves at once.
    expect([turn(message, 1), turn(message, 0.2), turn(message, 0.2)]).toEqual([true, true, true]);
    for (let count = 0; count < 100; count += 1) turn(message, 0.01);
    const before = taken.length;
    const turns = Array.from({ length: 100 }, () => turn(message, 0.01));
    expect([turns.filter((left) => left).length, taken.length - before]).toEqual([4, 4]);
    turn(message, 0.01);
    expect([turn('control', 0.01), turn(from('a', 'm', { qos: 1 }), 0.01), turn(message, 1)]).toEqual([true, true, true]);
  });
});
