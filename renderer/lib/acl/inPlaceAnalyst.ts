/** Reads rules on the spot, without a worker: where there is none, as in tests. */
import { AclDesk } from './analysis.ts';
import type { AclAnalyst } from './analyst.ts';

export function inPlaceAnalyst(): AclAnalyst {
  const desk = new AclDesk();
  return {
    check: async (role, text) => desk.check(role, text),
    explain: async (client, request) => desk.explain(client, request),
  };
}
