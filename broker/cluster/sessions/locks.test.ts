import { beforeEach, describe, expect, it } from 'vitest';
import { nodeId } from '../../../test/support/sessionCopies.ts';
import type { NodeId } from '../../base/ids.ts';
import type { LinkState } from '../peer.ts';
import { FrameReader } from '../wire/frameReader.ts';
import { decodeAskNode, encodeAskNode, encodeLock, SessionKind } from '../wire/v1Sessions.ts';
import { newSessionsCounters } from './counters.ts';
import type { Desk } from './desk.ts';
import { LOCK_LEASE_MS, LOCK_RENEW_MS } from './limits.ts';
import { Locks } from './locks.ts';

const SELF = nodeId(1);
const [SECOND, THIRD] = [nodeId(2), nodeId(3)];

let nowMs: number;
let at: number;
let locks: Locks;
let granted: string[];
let desk: Desk;

interface FakePeer {
  readonly nodeId: NodeId;
  isUp: boolean;
}

/** The coordinator alone, with peers that only listen: who got the lock, in which order, and whom it was told to be the last owner. */
beforeEach(() => {
  nowMs = 0;
  at = 100;
  granted = [];
  const peers: FakePeer[] = [SECOND, THIRD].map((id) => ({ nodeId: id, isUp: true }));
  const note = (who: NodeId, request: number, owner: NodeId | null) => granted.push(`${Number(who)} request ${request}${owner === null ? '' : `, was at ${Number(owner)}`}`);
  desk = {
    self: SELF,
    now: () => nowMs,
    counters: newSessionsCounters(),
    options: { clock: { nextAt: () => (at += 1), heard: (heard: number) => void (at = Math.max(at, heard)) } },
    peers: {
      all: () => peers.values(),
      get: (id: NodeId) => peers.find((peer) => peer.nodeId === id),
      sender: (link: { peer: FakePeer }) => link.peer,
      send: (peer: FakePeer, bytes: Buffer) => {
        const { request, node } = decodeAskNode(frameOf(bytes).body);
        return note(peer.nodeId, request, node) > 0;
      },
    },
    connects: { granted: (_client: string, request: number, _fence: number, owner: NodeId | null) => void note(SELF, request, owner) },
  } as unknown as Desk;
  locks = new Locks(desk);
});

function frameOf(bytes: Buffer) {
  const reader = new FrameReader(1 << 16);
  reader.push(bytes);
  const frame = reader.next();
  if (frame === undefined) throw new Error('no whole frame');
  return frame;
}

const linkOf = (node: NodeId) => ({ peer: { nodeId: node, isUp: true } }) as unknown as LinkState;
const asks = (node: NodeId, request: number, renew = false) => locks.onLock(linkOf(node), frameOf(encodeLock({ clientId: 'c', request, at: 0 }, renew)));
const gives = (node: NodeId, request: number, owner: NodeId | null) => locks.onUnlock(linkOf(node), frameOf(encodeAskNode(SessionKind.unlock, { clientId: 'c', request, at: 0 }, owner)).body);

describe('the lock of a client id (R40)', () => {
  it('is had by one after the other, in the order of asking, and tells who had the session last (S17)', () => {
    asks(SECOND, 1);
    asks(THIRD, 1);
    locks.lock(SELF, 'c', 1, false);
    expect(granted).toEqual(['2 request 1']);
    gives(SECOND, 1, SECOND);
    gives(THIRD, 1, THIRD);
    expect(granted).toEqual(['2 request 1', '3 request 1, was at 2', '1 request 1, was at 3']);
    locks.unlock(SELF, 'c', 1, SELF);
    expect([locks.count, desk.counters.lockWaits]).toEqual([0, 2]);
  });

  it('of a node whose UNLOCK was lost is given to its next request at once (C3, S19)', () => {
    asks(SECOND, 1);
    asks(SECOND, 2);
    expect(granted).toEqual(['2 request 1', '2 request 2']);
    gives(SECOND, 1, SECOND); // comes late: it is not that request's lock any more
    expect(locks.count).toBe(1);
  });

  it('waits once for each node, for its newest request', () => {
    asks(SECOND, 1);
    asks(THIRD, 1);
    asks(THIRD, 2);
    gives(SECOND, 1, null);
    expect(granted).toEqual(['2 request 1', '3 request 2']);
  });

  it('ends without renewal after the lease, and lasts with it', () => {
    asks(SECOND, 1);
    asks(THIRD, 1);
    for (let renewals = 0; renewals < 5; renewals += 1) {
      nowMs += LOCK_RENEW_MS;
      asks(SECOND, 1, true);
      locks.tick(nowMs);
    }
    expect(granted).toEqual(['2 request 1']);
    nowMs += LOCK_LEASE_MS;
    locks.tick(nowMs);
    expect(granted).toEqual(['2 request 1', '3 request 1']);
  });

  it('of a node that is down goes to the next, and what it wanted is forgotten (S18)', () => {
    asks(SECOND, 1);
    asks(THIRD, 1);
    locks.lock(SELF, 'c', 1, false);
    locks.down(THIRD);
    locks.down(SECOND);
    expect(granted).toEqual(['2 request 1', '1 request 1']);
  });

  it('is had with a fence that only grows (R41)', () => {
    const fences: number[] = [];
    Object.assign(desk.connects, { granted: (_client: string, _request: number, fence: number) => void fences.push(fence) });
    for (let request = 1; request <= 3; request += 1) {
      locks.lock(SELF, 'c', request, false);
      locks.unlock(SELF, 'c', request, SELF);
    }
    expect(fences).toEqual([...fences].sort((a, b) => a - b));
    expect(new Set(fences).size).toBe(3);
  });

  it('is kept by the node of the highest rank among those that are up (R40)', () => {
    const before = locks.coordinatorOf('c');
    expect([SELF, SECOND, THIRD]).toContain(before);
    for (const peer of desk.peers.all()) Object.assign(peer, { isUp: false });
    expect(locks.coordinatorOf('c')).toBe(SELF);
  });
});
