/** Which of some nodes is responsible for a client id: every node that knows the same ones picks the same, and few move when one goes. */
import type { NodeId } from '../../base/ids.ts';

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Highest random weight; undefined of none. */
export function rendezvous(clientId: string, nodes: Iterable<NodeId>): NodeId | undefined {
  let best: NodeId | undefined;
  let bestWeight = -1;
  for (const node of nodes) {
    const weight = hash(clientId, hash(node, FNV_OFFSET));
    if (weight > bestWeight || (weight === bestWeight && best !== undefined && node > best)) {
      best = node;
      bestWeight = weight;
    }
  }
  return best;
}

/** FNV-1a with a last mixing, so that ids that differ in their end only differ everywhere. */
function hash(text: string, seed: number): number {
  let value = seed;
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), FNV_PRIME);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
