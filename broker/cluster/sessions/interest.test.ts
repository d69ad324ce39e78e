import { beforeEach, describe, expect, it } from 'vitest';
import { copySubscription, nodeId, sessionMessage } from '../../../test/support/sessionCopies.ts';
import type { NodeName } from '../../base/ids.ts';
import type { Held } from './held.ts';
import { Interest, LocalInterest } from './interest.ts';
import { SessionPeer } from './peers.ts';

const peerOf = (number: number) => new SessionPeer({ nodeId: nodeId(number), name: `bus${number}@h` as NodeName, incarnation: 1 });
const SECOND = peerOf(2);
const THIRD = peerOf(3);

let interest: Interest;
beforeEach(() => {
  interest = new Interest();
  for (const peer of [SECOND, THIRD]) peer.interests.clear();
});

/** Whom a message concerns: nodes, groups at nodes, client ids of copies here. */
function of(topic: string): readonly string[] {
  const { locals, remotes, groups } = interest.match(sessionMessage(topic));
  return [...remotes.map(({ peer }) => peer.name), ...groups.map(({ peer, group }) => `${group} at ${peer.name}`), ...locals.map(({ held }) => held.clientId)].sort();
}

const local = (clientId: string, topicFilter: string) => new LocalInterest({ clientId } as Held, copySubscription({ topicFilter, stamp: { at: 1, node: nodeId(1) } }));

describe('who wants a topic', () => {
  it('is each node once for each filter that matches, however many of its sessions have it', () => {
    for (let session = 0; session < 3; session += 1) interest.addRemote(SECOND, 'a/+', true);
    interest.addRemote(THIRD, '#', true);
    expect([of('a/b'), of('b')]).toEqual([['bus2@h', 'bus3@h'], ['bus3@h']]);
    interest.removeRemote(SECOND, 'a/+', true);
    interest.removeRemote(SECOND, 'a/+', true);
    expect(of('a/b')).toEqual(['bus2@h', 'bus3@h']);
    interest.removeRemote(SECOND, 'a/+', true);
    expect([of('a/b'), interest.isEmpty]).toEqual([['bus3@h'], false]);
    interest.removeRemote(THIRD, '#', true);
    expect([of('a/b'), interest.isEmpty]).toEqual([[], true]);
  });

  it('counts sessions without a second copy: a node that dies with one is waited for (R30)', () => {
    interest.addRemote(SECOND, 'a', false);
    interest.addRemote(SECOND, 'a', true);
    const [match] = interest.match(sessionMessage('a')).remotes;
    expect([match?.rows, match?.unprotected]).toEqual([2, 1]);
    interest.removeRemote(SECOND, 'a', false);
    expect([match?.rows, match?.unprotected]).toEqual([1, 0]);
  });

  it('is a shared group apart from filters: one member of it gets the message, not each node (R52)', () => {
    interest.addRemote(SECOND, '$share/g/a', true);
    interest.addRemote(THIRD, 'a', true);
    expect(of('a')).toEqual(['$share/g/a at bus2@h', 'bus3@h']);
  });

  it('is a copy of this node by each of its filters, until they are taken away', () => {
    const [one, two] = [local('c', 'a'), local('c', '+')];
    interest.addLocal('a', one);
    interest.addLocal('+', two);
    expect(of('a')).toEqual(['c', 'c']);
    interest.removeLocal('a', one);
    interest.removeLocal('+', two);
    expect([of('a'), interest.isEmpty]).toEqual([[], true]);
  });

  it('is nobody for what was never added', () => {
    interest.removeRemote(SECOND, 'a', true);
    expect([of('a'), interest.isEmpty]).toEqual([[], true]);
  });
});
