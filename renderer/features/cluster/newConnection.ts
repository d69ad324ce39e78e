/** A fresh connection to a node, with a name that is free. Pure. */
import type { ConnectionSpec } from '../../../electron/contract/clients.ts';

export function newConnection(node: string, existing: readonly ConnectionSpec[], wish?: string): ConnectionSpec {
  const taken = new Set(existing.flatMap((spec) => [spec.id, spec.name, spec.clientId]));
  let name = wish ?? 'client-1';
  for (let number = 2; taken.has(name); number += 1) name = `${wish ?? 'client'}-${number}`;
  return {
    id: name,
    name,
    target: { kind: 'node', node },
    clientId: name,
    protocolVersion: 5,
    cleanStart: true,
    keepalive: 30,
    sessionExpiry: 0,
    username: '',
    subscriptions: [],
    will: null,
  };
}
