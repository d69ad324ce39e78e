/**
 * hooks/: EMQX's hook points (broker-contract 6.3) as one typed catalogue, and the chains that hold their callbacks.
 * In: callbacks with a priority. Out: a folded value, or nothing. Costs one length check where no callback is registered.
 * May import: base, protocol. Begin here for what can be hooked, at hooks.ts for how chains run.
 */
import type { Millis } from '../base/ids.ts';
import type { AuthnResult, Credentials } from '../protocol/authentication.ts';
import type { ClientInfo, ConnInfo } from '../protocol/clientInfo.ts';
import type { Message } from '../protocol/message.ts';
import type { Properties, SubOpts } from '../protocol/packet.ts';

/** `undefined` leaves the decision to the sources behind the hook. */
export type AuthzResult = 'allow' | 'deny' | undefined;

export interface SubscribeItem {
  readonly topicFilter: string;
  readonly opts: SubOpts;
}

/** `allow: false` stops routing (EMQX's header `allow_publish`). */
export interface PublishDecision {
  readonly message: Message;
  readonly allow: boolean;
}

/** A callback that may change a value: `next` replaces it, `stop` ends the chain. Nothing returned changes nothing. */
export type Fold<T, A extends readonly unknown[]> = (value: T, ...args: A) => { next?: T; stop?: boolean } | void;
/** A callback that only observes; returning 'stop' ends the chain. */
export type Notify<A extends readonly unknown[]> = (...args: A) => 'stop' | void;

export interface HookPoints {
  'client.connect': Fold<{ reasonCode: number; properties: Properties }, [ConnInfo]>;
  'client.connack': Fold<Properties, [ConnInfo, reasonCode: number]>;
  'client.connected': Notify<[ClientInfo, ConnInfo]>;
  'client.disconnected': Notify<[ClientInfo, reason: string, ConnInfo]>;
  'client.authenticate': Fold<AuthnResult, [Credentials]>;
  'client.check_authn_complete': Notify<[ClientInfo, { reasonCode: number; isAnonymous: boolean }]>;
  'client.authorize': Fold<AuthzResult, [ClientInfo, action: 'publish' | 'subscribe', topic: string]>;
  'client.check_authz_complete': Notify<[ClientInfo, action: 'publish' | 'subscribe', topic: string, result: 'allow' | 'deny']>;
  'client.subscribe': Fold<readonly SubscribeItem[], [ClientInfo, Properties]>;
  'client.unsubscribe': Fold<readonly string[], [ClientInfo, Properties]>;
  'session.created': Notify<[ClientInfo]>;
  'session.resumed': Notify<[ClientInfo]>;
  'session.subscribed': Notify<[ClientInfo, topicFilter: string, SubOpts, SubscriptionFacts]>;
  'session.unsubscribed': Notify<[ClientInfo, topicFilter: string, SubOpts]>;
  'session.discarded': Notify<[ClientInfo]>;
  'session.takenover': Notify<[ClientInfo]>;
  'session.terminated': Notify<[ClientInfo, reason: string]>;
  'message.publish': Fold<PublishDecision, []>;
  'message.puback': Fold<number, [packetId: number, Message, receivers: number]>;
  'message.delivered': Fold<Message, [ClientInfo]>;
  'message.acked': Notify<[ClientInfo, Message]>;
  'message.dropped': Notify<[Message, reason: string]>;
  'delivery.dropped': Notify<[ClientInfo, Message, reason: string]>;
  'delivery.completed': Notify<[Message, { sessionId: string; sentAtMs: Millis }]>;
}

/** What a subscription is besides its options. */
export interface SubscriptionFacts {
  /** False when it replaced one of the same session and filter. */
  readonly isNew: boolean;
  readonly subscriptionId: number | undefined;
}

export type HookPoint = keyof HookPoints;

/** Every hook point, for chains and for checking names that come from plugins. */
export const HOOK_POINTS = [
  'client.connect',
  'client.connack',
  'client.connected',
  'client.disconnected',
  'client.authenticate',
  'client.check_authn_complete',
  'client.authorize',
  'client.check_authz_complete',
  'client.subscribe',
  'client.unsubscribe',
  'session.created',
  'session.resumed',
  'session.subscribed',
  'session.unsubscribed',
  'session.discarded',
  'session.takenover',
  'session.terminated',
  'message.publish',
  'message.puback',
  'message.delivered',
  'message.acked',
  'message.dropped',
  'delivery.dropped',
  'delivery.completed',
] as const satisfies readonly HookPoint[];

/** Priorities of the broker's own callbacks (broker-contract 6.1): higher runs first, plugins default to 0. */
export const HOOK_PRIORITY = { highest: 1000, rewrite: 980, authn: 970, authz: 960, sysTopics: 950, retainer: 930, autoSubscribe: 920, ruleEngine: 900, lowest: 0 } as const;
