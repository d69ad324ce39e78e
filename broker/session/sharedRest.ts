/** What a session that ends leaves to the other members of its shared subscriptions. */
import type { Publication } from './publication.ts';
import type { Session } from './session.ts';

/**
 * QoS 1 messages that were sent and not acknowledged, then those of QoS 1 and 2 that waited, in order. A QoS 2 message that was
 * sent belongs to this client alone, whatever became of it [MQTT-4.8.2-5]; QoS 0 is never tried twice. The queue is empty after.
 */
export function takeSharedRest(session: Session): Publication[] {
  const rest: Publication[] = [];
  if (session.inflight !== null && session.inflight.count > 0) {
    for (const { qos, publication } of session.inflight.entries()) if (qos === 1 && publication.sharedBy !== null) rest.push(publication);
  }
  for (let next = session.mqueue?.shift(); next !== undefined; next = session.mqueue?.shift()) {
    if (next.qos > 0 && next.publication.sharedBy !== null) rest.push(next.publication);
  }
  return rest;
}
