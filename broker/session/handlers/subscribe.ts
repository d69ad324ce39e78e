/** SUBSCRIBE: every filter gets its own answer; SUBACK waits until the cluster knows the routes; retained messages follow it. */
import { METRIC } from '../../metrics/metrics.ts';
import { NO_PROPERTIES, type Properties, type SubOpts, type SubscribePacket } from '../../protocol/packet.ts';
import { isFailure, ReasonCode, reasonName } from '../../protocol/reasonCodes.ts';
import { parseSubscription, type SubscriptionTarget } from '../../topics/sharedSubscription.ts';
import { hasWildcard } from '../../topics/topicFilter.ts';
import { countLevels } from '../../topics/topicName.ts';
import type { Channel } from '../channel.ts';
import { mountedTooLong, mountFilter } from '../mountpoint.ts';
import type { SubscribeItem } from '../ports.ts';
import { reasonString } from '../reasonString.ts';
import { RetainedFeed } from '../retainedFeed.ts';
import type { Session } from '../session.ts';
import { routedFilter } from '../subscription.ts';

/** A filter with the answer it gets so far; below 0x80 it is subscribed. */
interface Verdict {
  readonly item: SubscribeItem;
  /** Its filter as the session has it: behind the mountpoint. */
  readonly mounted: string;
  readonly reasonCode: number;
}

export function handleSubscribe(channel: Channel, session: Session, packet: SubscribePacket): void {
  const { node } = channel;
  node.metrics.inc(METRIC['packets.subscribe.received']);
  const items = packet.subscriptions.map(({ topicFilter, ...opts }) => ({ topicFilter, opts: optsOf(channel, topicFilter, opts) }));
  // [MQTT-3.8.3-4]: No Local on a shared subscription is a protocol error, not a refused filter.
  if (items.some((item) => item.opts.noLocal && isShared(item.topicFilter))) return channel.disconnect(ReasonCode.ProtocolError);
  const verdicts = judge(channel, session, items);
  if (verdicts === undefined) return channel.disconnect(ReasonCode.NotAuthorized);
  if (verdicts.some((verdict) => verdict.reasonCode >= 0x80)) node.metrics.inc(METRIC['packets.subscribe.error']);

  const passed = verdicts.filter((verdict) => verdict.reasonCode < 0x80).map((verdict) => verdict.item);
  const accepted = passed.length === 0 ? passed : node.subscribing(channel, packet.properties, passed);
  const subscriptionId = packet.properties.subscriptionIdentifiers?.[0];
  const feeds: string[] = [];
  for (const { topicFilter: given, opts } of accepted) {
    const topicFilter = mountFilter(channel.mountpoint, given);
    node.metrics.inc(METRIC['client.subscribe']);
    const isNew = node.subscribe(session, topicFilter, opts, subscriptionId);
    // Section 3.8.3.1: 0 always, 1 only for a new subscription [MQTT-3.3.1-10], 2 never [MQTT-3.3.1-11]; never for a shared one (section 4.8.2).
    if (!isShared(topicFilter) && (opts.retainHandling === 0 || (opts.retainHandling === 1 && isNew))) feeds.push(topicFilter);
  }
  node.routeBarrier(session, () => {
    if (session.channel !== channel) return;
    const reasonCodes = verdicts.map((verdict) => settled(session, verdict));
    channel.send({ type: 'suback', packetId: packet.packetId, reasonCodes, properties: refusals(channel, reasonCodes) });
    for (const topicFilter of feeds) feedRetained(session, topicFilter);
  });
}

/** Another node may have granted an exclusive subscription at the same moment: after the barrier it is clear who was first. */
function settled(session: Session, { mounted, reasonCode }: Verdict): number {
  const isGranted = reasonCode < 0x80 && mounted.startsWith('$exclusive/');
  return isGranted && !session.node.grantExclusive(session, mounted) ? ReasonCode.QuotaExceeded : reasonCode;
}

/** Names what was refused, each reason once. */
function refusals(channel: Channel, reasonCodes: readonly number[]): Properties {
  const names = new Set(reasonCodes.filter(isFailure).map(reasonName));
  return names.size === 0 ? NO_PROPERTIES : reasonString(channel, [...names].join(', '));
}

/**
 * Granted as asked (broker-contract 3.5): `mqtt.max_qos_allowed` bounds what is published [MQTT-3.2.2-10]. MQTT 3 knows only QoS; a bridge
 * (level | 0x80) means No Local and Retain As Published by its bit.
 */
function optsOf(channel: Channel, topicFilter: string, opts: SubOpts): SubOpts {
  if (channel.version === 5) return opts;
  const { isBridge } = channel.identity;
  const noLocal = (isBridge || channel.node.mqtt.ignoreLoopDeliver) && !isShared(topicFilter);
  return { qos: opts.qos, noLocal, retainAsPublished: isBridge, retainHandling: 0 };
}

function isShared(topicFilter: string): boolean {
  return topicFilter.startsWith('$share/') || topicFilter.startsWith('$queue/');
}

/** One verdict per filter, in order [MQTT-3.8.4-6]; undefined when the connection is to end over a denied one. */
function judge(channel: Channel, session: Session, items: readonly SubscribeItem[]): Verdict[] | undefined {
  const { node, identity } = channel;
  const verdicts: Verdict[] = [];
  /** Filters of this packet that will be new, so that the limit counts them too. */
  const added = new Set<string>();
  for (const item of items) {
    const parsed = parseSubscription(item.topicFilter);
    const mounted = mountFilter(channel.mountpoint, item.topicFilter);
    let reasonCode = parsed.ok ? check(channel, session, mounted, parsed.target, added) : ReasonCode.TopicFilterInvalid;
    if (parsed.ok && reasonCode === ReasonCode.Success && !node.authorize(identity, 'subscribe', parsed.target.topicFilter, item.opts.qos, false)) {
      node.metrics.inc(METRIC['packets.subscribe.auth_error']);
      logRefused(channel, item.topicFilter);
      if (node.denyDisconnects) return undefined;
      reasonCode = ReasonCode.NotAuthorized;
    }
    if (reasonCode === ReasonCode.Success && session.subscriptions?.has(mounted) !== true) added.add(mounted);
    // The code of a granted filter is its QoS.
    verdicts.push({ item, mounted, reasonCode: reasonCode === ReasonCode.Success ? item.opts.qos : reasonCode });
  }
  return verdicts;
}

/** What the broker can and may do, before rules are asked. */
function check(channel: Channel, session: Session, mounted: string, target: SubscriptionTarget, added: ReadonlySet<string>): number {
  const { mqtt } = channel.node;
  if (target.shareGroup !== undefined && !mqtt.sharedSubscription) return ReasonCode.SharedSubscriptionsNotSupported;
  if (target.exclusive && !mqtt.exclusiveSubscription) return ReasonCode.TopicFilterInvalid;
  if (target.exclusive && !channel.node.exclusiveIsFree(session, channel.mountpoint + target.topicFilter)) return ReasonCode.QuotaExceeded;
  if (countLevels(target.topicFilter) > mqtt.maxTopicLevels || mountedTooLong(channel.mountpoint, target.topicFilter)) return ReasonCode.TopicFilterInvalid;
  if (!mqtt.wildcardSubscription && hasWildcard(target.topicFilter)) return ReasonCode.WildcardSubscriptionsNotSupported;
  const isNew = session.subscriptions?.has(mounted) !== true && !added.has(mounted);
  if (isNew && session.subscriptionCount + added.size >= mqtt.maxSubscriptions) return ReasonCode.QuotaExceeded;
  return ReasonCode.Success;
}

function logRefused(channel: Channel, topicFilter: string): void {
  const { clientId, username } = channel.identity;
  channel.node.log.warn('cannot_subscribe_topic_filter', { clientid: clientId, username, topic: topicFilter, reason: 'not_authorized' });
}

/** Hands a subscription the retained messages that match it. */
export function feedRetained(session: Session, topicFilter: string): void {
  // While the barrier was awaited the client may have unsubscribed.
  const subscription = session.subscriptions?.get(topicFilter);
  const cursor = subscription && session.node.retainer.find(routedFilter(subscription));
  if (subscription && cursor) session.startFeed(new RetainedFeed(session, subscription, cursor));
}
