/**
 * What stands in the route table. A filter has a row: this node has a subscriber. `$share/<group>/<filter>` has the numbers of
 * members of the group on the node, `$exclusive/<filter>` the claim of a client. Filters never begin with these prefixes:
 * they are taken off before a filter is routed.
 */
import type { NodeName } from '../base/ids.ts';
import { isExclusiveKey, isSharedKey } from '../topics/sharedSubscription.ts';
import type { ClusterBrokerPort } from './ports.ts';
import type { RowSink } from './tables/peerTable.ts';
import { protocolError } from './wire/bytes.ts';
import { decodeClaimValue } from './wire/v1Claims.ts';
import { decodeGroupValue } from './wire/v1Groups.ts';

/** Values of a filter's row by its flags: none of them set is the usual case and takes no byte. */
const ROUTE_VALUES: readonly Uint8Array[] = [new Uint8Array(0), Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)];

/** The value of a filter's row. */
export function routeValue(flags: number): Uint8Array {
  return ROUTE_VALUES[flags & 3] as Uint8Array;
}

function flagsIn(value: Uint8Array): number {
  const flags = value.length === 0 ? 0 : (value[0] as number);
  if (value.length > 1 || flags > 3 || (value.length === 1 && flags === 0)) throw protocolError('The row of a filter has flags that do not exist');
  return flags;
}

/** A row of another kind than a filter's. */
export function hasOwnValue(key: string): boolean {
  return key.charCodeAt(0) === 0x24 && (isSharedKey(key) || isExclusiveKey(key));
}

/** Tells the broker what the rows of one peer mean. */
export function routeSink(broker: ClusterBrokerPort, node: () => NodeName): RowSink {
  const valueOf = (flags: number): Uint8Array | undefined => (flags === -1 ? undefined : routeValue(flags));
  return {
    isPlain: (key) => !hasOwnValue(key),
    put: (key, value) => valueOf(broker.remoteRouteAdded(node(), key, flagsIn(value))),
    remove: (key) => valueOf(broker.remoteRouteRemoved(node(), key)),
    snapshot: (step) => broker.remoteRoutesSnapshot(node(), step),
    changed(key, value) {
      if (isExclusiveKey(key)) return broker.remoteClaimChanged(node(), key, value === undefined ? undefined : decodeClaimValue(value));
      const { online, total } = value === undefined ? { online: 0, total: 0 } : decodeGroupValue(value);
      broker.remoteGroupChanged(node(), key, online, total);
    },
  };
}
