/**
 * What stands in the route table. A filter has a row without a value: this node has a subscriber. `$share/<group>/<filter>` has the
 * numbers of members of the group on the node, `$exclusive/<filter>` the claim of a client. Filters never begin with these prefixes:
 * they are taken off before a filter is routed.
 */
import type { NodeName } from '../base/ids.ts';
import { isExclusiveKey, isSharedKey } from '../topics/sharedSubscription.ts';
import type { ClusterBrokerPort } from './ports.ts';
import type { RowSink } from './tables/peerTable.ts';
import { decodeClaimValue } from './wire/v1Claims.ts';
import { decodeGroupValue } from './wire/v1Groups.ts';

/** A route exists or does not; flags of durable sessions will be its value (cluster-protocol section 5). */
export const ROUTE_VALUE = new Uint8Array(0);

/** Tells the broker what the rows of one peer mean. */
export function routeSink(broker: ClusterBrokerPort, node: NodeName): RowSink {
  /** False for the row of a filter, which has no value. */
  const put = (key: string, value: Uint8Array): boolean => {
    if (isSharedKey(key)) {
      const { online, total } = decodeGroupValue(value);
      broker.remoteGroupChanged(node, key, online, total);
      return true;
    }
    if (!isExclusiveKey(key)) return false;
    broker.remoteClaimChanged(node, key, decodeClaimValue(value));
    return true;
  };
  return {
    added(key, value) {
      if (!put(key, value)) broker.remoteRouteAdded(node, key);
    },
    changed: put,
    removed(key) {
      if (isSharedKey(key)) broker.remoteGroupChanged(node, key, 0, 0);
      else if (isExclusiveKey(key)) broker.remoteClaimChanged(node, key, undefined);
      else broker.remoteRouteRemoved(node, key);
    },
  };
}
