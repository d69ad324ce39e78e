import { describe, expect, it } from 'vitest';
import { nodeId } from '../../../test/support/sessionCopies.ts';
import { rendezvous } from './rendezvous.ts';

const NODES = [1, 2, 3, 4, 5].map(nodeId);
const CLIENTS = Array.from({ length: 2_000 }, (_, number) => `client-${number}`);

describe('the node that is responsible for a client id (R40, R57)', () => {
  it('is the same wherever it is asked for, whatever the order of the nodes', () => {
    for (const client of CLIENTS) expect(rendezvous(client, NODES.toReversed())).toBe(rendezvous(client, NODES));
  });

  it('is none of no nodes, and the only one of one', () => {
    expect([rendezvous('c', []), rendezvous('c', [nodeId(7)])]).toEqual([undefined, nodeId(7)]);
  });

  it('is spread over all nodes', () => {
    const counts = NODES.map((node) => CLIENTS.filter((client) => rendezvous(client, NODES) === node).length);
    for (const count of counts) expect(Math.abs(count - CLIENTS.length / NODES.length)).toBeLessThan(CLIENTS.length / NODES.length / 3);
  });

  it('stays for all clients but those of a node that goes', () => {
    const gone = NODES[2];
    const left = NODES.filter((node) => node !== gone);
    for (const client of CLIENTS) {
      const before = rendezvous(client, NODES);
      if (before !== gone) expect(rendezvous(client, left)).toBe(before);
    }
  });
});
