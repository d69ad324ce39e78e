/** Builders of session copies, and what two of them are compared by. */
import type { NodeId } from '../../broker/base/ids.ts';
import type { SessionMessage } from '../../broker/cluster/sessions/message.ts';
import { SessionCopy, type CopyItem, type CopySubscription } from '../../broker/cluster/sessions/copy/copy.ts';
import { actorKey, lineageOf, midKey, type ActorKey, type Lineage, type Mid } from '../../broker/cluster/sessions/copy/identity.ts';

/** Node 1, 2, 3 … as an id. */
export function nodeId(number: number): NodeId {
  return number.toString(16).padStart(32, '0') as NodeId;
}

export function actor(number: number, incarnation = 1): ActorKey {
  return actorKey({ nodeId: nodeId(number), incarnation });
}

export function lineage(node: number, number = 1): Lineage {
  return lineageOf(actor(node), number);
}

export function mid(node: number, n: number): Mid {
  return { actor: actor(node), n };
}

/** A PUBLISH of MQTT 3.1.1 with QoS 2. */
export function sessionMessage(topic: string, payload = topic): SessionMessage {
  const body = Buffer.concat([Buffer.from([0, topic.length]), Buffer.from(topic), Buffer.from([0, 1]), Buffer.from(payload)]);
  const packet = Buffer.concat([Buffer.from([0x34, body.length]), body]);
  return { packet, isV5: false, qos: 2, fromClientId: 'pub', fromUsername: undefined, topic, retain: false };
}

export function copyItem(fields: Pick<CopyItem, 'mid' | 'dot' | 'ord'> & Partial<CopyItem>): CopyItem {
  return {
    message: sessionMessage(`t/${midKey(fields.mid)}`),
    qos: 2,
    retain: false,
    subscriptionIds: null,
    sharedBy: null,
    state: 'queued',
    packetId: 0,
    ...fields,
  };
}

export function copySubscription(fields: Pick<CopySubscription, 'topicFilter' | 'stamp'> & Partial<CopySubscription>): CopySubscription {
  return {
    qos: 1,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
    subscriptionId: 0,
    sinceAt: fields.stamp.at,
    on: true,
    ...fields,
  };
}

/** A copy of a node without a connection. */
export function emptyCopy(node = 1): SessionCopy {
  return new SessionCopy('c1', nodeId(node));
}

/** All of a copy as plain data; object identity and lineage, which belong to the process, are not in it. */
export function plainCopy(copy: SessionCopy) {
  const { items, done, seen, subscriptions, awaitingRel, lineage: _lineage, ...fields } = copy;
  return {
    ...fields,
    items: [...items].map(({ mid: m, ...item }) => ({ mid: midKey(m), ...item, message: { ...item.message, packet: Buffer.from(item.message.packet).toString('hex') } })),
    done: done.sorted().map(([m, at]) => `${midKey(m)} ${at}`),
    seen: [...seen].map(([l, n]) => `${l} ${n}`).sort(),
    subscriptions: [...subscriptions.values()].sort((a, b) => (a.topicFilter < b.topicFilter ? -1 : 1)),
    awaitingRel: [...awaitingRel].sort((a, b) => a[0] - b[0]).map(([packetId, m]) => `${packetId} ${midKey(m)}`),
  };
}
