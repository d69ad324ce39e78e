/** An event of the cluster in the reader's language; one we have no words for shows its key, which is better than nothing. */
import type { ClusterEvent } from '../../../electron/contract/cluster.ts';
import type { Translate } from '../../workbench/featurePage.ts';
import { shortName } from './nodeCards.ts';

export function eventText(event: ClusterEvent, t: Translate, exists: (key: string) => boolean): string {
  const key = `cluster.events.${event.key.replace('.', '_')}`;
  const { a, b } = event.values;
  const values = { ...event.values, node: event.node ?? '', a: shortName(String(a ?? '')), b: shortName(String(b ?? '')) };
  return exists(key) ? t(key, values) : [event.key, event.node].filter(Boolean).join(' ');
}
