/**
 * What stands in the route table. A filter has a row without a value: this node has a subscriber. `$share/<group>/<filter>` has the
 * number of members of the group on the node. Filters never begin with that prefix: it is taken off before they are routed.
 */
import type { NodeName } from '../base/ids.ts';
import type { ClusterBrokerPort } from './ports.ts';
import type { RowSink } from './tables/peerTable.ts';
import { decodeGroupValue } from './wire/v1Groups.ts';

/** A route exists or does not; flags of durable sessions will be its value (cluster-protocol section 5). */
export const ROUTE_VALUE = new Uint8Array(0);

export function isGroupKey(key: string): boolean {
  return key.startsWith('$share/');
}

/** Tells the broker what the rows of one peer mean. */
export function routeSink(broker: ClusterBrokerPort, node: NodeName): RowSink {
  const groupChanged = (key: string, value: Uint8Array): void => {
    const { online, total } = decodeGroupValue(value);
    broker.remoteGroupChanged(node, key, online, total);
  };
  return {
    added(key, value) {
      if (isGroupKey(key)) groupChanged(key, value);
      else broker.remoteRouteAdded(node, key);
    },
    changed(key, value) {
      if (isGroupKey(key)) groupChanged(key, value);
    },
    removed(key) {
      if (isGroupKey(key)) broker.remoteGroupChanged(node, key, 0, 0);
      else broker.remoteRouteRemoved(node, key);
    },
  };
}
