import { describe, expect, it } from 'vitest';
import { copyItem, copySubscription, emptyCopy, lineage, mid, nodeId, plainCopy } from '../../../../test/support/sessionCopies.ts';
import { compareRank, nextDot, type SessionCopy } from './copy.ts';
import type { Mid } from './identity.ts';
import { mergeInto } from './merge.ts';
import { applyRecord } from './record.ts';

/** An owner's enqueue, sent at once when it has a packet id. */
function enqueue(copy: SessionCopy, of: Mid, ord: number, packetId = 0, own = lineage(Number.parseInt(copy.owner, 16))): void {
  const dot = nextDot(copy, () => own);
  applyRecord(copy, { type: 'enqueue', item: copyItem({ mid: of, dot, ord, packetId, state: packetId === 0 ? 'queued' : 'sent' }) });
}

function states(copy: SessionCopy): string[] {
  return [...copy.items].map((item) => `${item.mid.n} ${item.state} ${item.packetId}`);
}

function connect(copy: SessionCopy, connectedAt: number): void {
  applyRecord(copy, { type: 'claim', owner: copy.owner, epoch: copy.epoch, connectedAt, disconnectedAt: 0 });
}

describe('merging two copies of a session (R53)', () => {
  it('keeps what only one of them has', () => {
    const [a, b] = [emptyCopy(1), emptyCopy(2)];
    enqueue(a, mid(3, 1), 10);
    enqueue(b, mid(3, 2), 11);
    mergeInto(a, b);
    expect(states(a)).toEqual(['1 queued 0', '2 queued 0']);
  });

  it('drops what the other one has seen and finished, though it no longer remembers the message', () => {
    const [owner, old] = [emptyCopy(1), emptyCopy(1)];
    enqueue(owner, mid(3, 1), 10);
    mergeInto(old, owner);
    applyRecord(owner, { type: 'finish', mid: mid(3, 1), at: 0 });
    mergeInto(owner, old);
    expect(states(owner)).toEqual([]);
    mergeInto(old, owner);
    expect(states(old)).toEqual([]);
  });

  it('drops what the other one finished under another dot', () => {
    const [a, b] = [emptyCopy(1), emptyCopy(2)];
    enqueue(a, mid(3, 1), 10);
    enqueue(b, mid(3, 1), 12);
    applyRecord(b, { type: 'finish', mid: mid(3, 1), at: 20 });
    mergeInto(a, b);
    expect(states(a)).toEqual([]);
  });

  it('goes on with a message at the QoS at which it was sent, whatever a fork was subscribed with', () => {
    const [fork, served] = [emptyCopy(1), emptyCopy(2)];
    applyRecord(fork, { type: 'enqueue', item: copyItem({ mid: mid(3, 1), dot: { lineage: lineage(1), n: 1 }, ord: 10, qos: 1 }) });
    applyRecord(served, { type: 'enqueue', item: copyItem({ mid: mid(3, 1), dot: { lineage: lineage(2), n: 1 }, ord: 11, qos: 2, state: 'released', packetId: 5 }) });
    for (const [into, from] of [[fork, served], [served, fork]] as const) {
      const merged = emptyCopy(4);
      mergeInto(merged, into);
      mergeInto(merged, from);
      expect([...merged.items].map(({ qos, state, packetId }) => [qos, state, packetId])).toEqual([[2, 'released', 5]]);
    }
  });

  it('C13: an object that did not grow from an earlier one draws dots of its own', () => {
    const first = emptyCopy(1);
    for (let n = 1; n <= 3; n += 1) enqueue(first, mid(3, n), n, 0, lineage(1, 1));
    const other = emptyCopy(2);
    mergeInto(other, first);
    const fork = emptyCopy(1);
    enqueue(fork, mid(3, 9), 9, 0, lineage(1, 2));
    mergeInto(fork, other);
    expect(states(fork)).toEqual(['1 queued 0', '2 queued 0', '3 queued 0', '9 queued 0']);
  });

  it('C2: says which messages were sent on the other side only, for the client that is here', () => {
    const [here, there] = [emptyCopy(1), emptyCopy(2)];
    connect(here, 50);
    enqueue(here, mid(3, 1), 10, 1);
    enqueue(there, mid(3, 2), 11, 1);
    enqueue(there, mid(3, 3), 12, 2);
    const report = mergeInto(here, there);
    expect(states(here)).toEqual(['1 sent 1', '2 queued 0', '3 sent 2']);
    expect([report.theirsWon, report.adopted.map((item) => item.mid.n)]).toEqual([false, [3]]);
  });

  it('gives packet ids to the copy of higher rank, whichever side merges', () => {
    const [loser, winner] = [emptyCopy(1), emptyCopy(2)];
    connect(winner, 50);
    enqueue(loser, mid(3, 1), 10, 7);
    enqueue(winner, mid(3, 2), 11, 7);
    expect(mergeInto(loser, winner).theirsWon).toBe(true);
    expect(states(loser)).toEqual(['1 queued 0', '2 sent 7']);
    expect(loser.owner).toBe(nodeId(2));
  });

  it('never sends a received message again for want of its packet id: PUBREL gets another one', () => {
    const [here, there] = [emptyCopy(1), emptyCopy(2)];
    connect(here, 50);
    enqueue(here, mid(3, 1), 10, 1);
    enqueue(there, mid(3, 2), 11, 1);
    applyRecord(there, { type: 'state', mid: mid(3, 2), state: 'released', packetId: 1 });
    mergeInto(here, there);
    expect(states(here)).toEqual(['1 sent 1', '2 released 0']);
  });

  it('C7: a filter subscribed on both sides has been subscribed since the earlier of them', () => {
    const [a, b] = [emptyCopy(1), emptyCopy(2)];
    applyRecord(a, { type: 'subscribe', subscription: copySubscription({ topicFilter: 't', stamp: { at: 10, node: nodeId(1) } }) });
    applyRecord(b, { type: 'subscribe', subscription: copySubscription({ topicFilter: 't', qos: 2, stamp: { at: 30, node: nodeId(2) } }) });
    mergeInto(a, b);
    expect([...a.subscriptions.values()].map(({ qos, sinceAt, stamp }) => [qos, sinceAt, stamp.at])).toEqual([[2, 10, 30]]);
  });

  it('does not bring back what was unsubscribed later', () => {
    const [a, b] = [emptyCopy(1), emptyCopy(2)];
    applyRecord(a, { type: 'subscribe', subscription: copySubscription({ topicFilter: 't', stamp: { at: 10, node: nodeId(1) } }) });
    mergeInto(b, a);
    applyRecord(b, { type: 'unsubscribe', topicFilter: 't', stamp: { at: 20, node: nodeId(2) } });
    mergeInto(b, a);
    expect([...b.subscriptions.values()].map(({ on }) => on)).toEqual([false]);
  });

  it('S27: a copy from before a clean start gives nothing but what it finished', () => {
    const [fresh, old] = [emptyCopy(1), emptyCopy(2)];
    applyRecord(old, { type: 'subscribe', subscription: copySubscription({ topicFilter: 'old', stamp: { at: 10, node: nodeId(2) } }) });
    enqueue(old, mid(3, 1), 11);
    applyRecord(old, { type: 'finish', mid: mid(3, 5), at: 12 });
    applyRecord(fresh, { type: 'reset', at: 40 });
    connect(fresh, 40);
    enqueue(fresh, mid(3, 5), 41);
    enqueue(fresh, mid(3, 6), 42);
    mergeInto(old, fresh);
    mergeInto(fresh, old);
    expect([states(fresh), [...fresh.subscriptions.keys()], [...fresh.seen.keys()]]).toEqual([['6 queued 0'], [], [lineage(1)]]);
    expect(plainCopy(old)).toEqual({ ...plainCopy(fresh) });
  });

  it('keeps a session that a client used elsewhere after the clean start', () => {
    const [fresh, fork] = [emptyCopy(1), emptyCopy(2)];
    enqueue(fresh, mid(3, 1), 5);
    mergeInto(fork, fresh);
    applyRecord(fresh, { type: 'reset', at: 40 });
    connect(fresh, 40);
    enqueue(fresh, mid(3, 2), 41, 0, lineage(1, 2));
    connect(fork, 60);
    mergeInto(fresh, fork);
    expect(states(fresh)).toEqual(['1 queued 0', '2 queued 0']);
  });

  it('R50: ranks a connected copy above others, then the later, then by node', () => {
    const owner = nodeId(1);
    const online = { connectedAt: 5, epoch: 0, owner };
    const later = { connectedAt: 6, epoch: 0, owner };
    const offline = { connectedAt: 0, epoch: 90, owner };
    const promoted = { connectedAt: 0, epoch: 91, owner };
    const neighbour = { connectedAt: 0, epoch: 91, owner: nodeId(2) };
    const ranked = [neighbour, later, promoted, online, offline].sort(compareRank);
    expect(ranked).toEqual([offline, promoted, neighbour, online, later]);
  });
});
