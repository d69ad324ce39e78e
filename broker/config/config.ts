/**
 * config/: what a node can be told, in EMQX's words.
 * In: texts (file, `--set`, environment). Out: one resolved `BrokerConfig`, or problems with positions.
 * May import: base, topics. Begin here for the resolved shape; schema.ts has keys, types, defaults and limits; hocon.ts reads text.
 */
import type { Expression } from '../base/expression/expression.ts';
import type { Millis, NodeName } from '../base/ids.ts';
import type { SharedPolicy } from '../topics/sharedPolicy.ts';
import type { AuthenticatorConfig } from './authenticators.ts';
import type { ClusterConfig } from './clusterConfig.ts';
import type { AttributeRule } from './expressionForms.ts';
import type { CertificatePart, ListenerConfig } from './listenerConfig.ts';
import type { LimiterConfig } from './limiterConfig.ts';
import type { AlarmConfig, CongestionConfig, ForceShutdownConfig } from './overloadConfig.ts';
import type { AutoSubscription, DelayedConfig, MqueuePriorities, RetainerConfig, RewriteRule, SysTopicsConfig } from './serviceConfig.ts';
import type { DurableSessionsConfig } from './sessionsConfig.ts';

export type { Seed } from './clusterConfig.ts';
export type { ListenerConfig } from './listenerConfig.ts';

/** `mqtt.*` with EMQX's meanings (broker-contract 3.5). Durations in ms unless the name says seconds. */
export interface MqttConfig {
  readonly idleTimeoutMs: Millis;
  readonly maxPacketSize: number;
  readonly maxClientIdLen: number;
  readonly maxTopicLevels: number;
  readonly maxTopicAlias: number;
  readonly maxQosAllowed: 0 | 1 | 2;
  readonly retainAvailable: boolean;
  readonly wildcardSubscription: boolean;
  readonly keepaliveMultiplier: number;
  /** Seconds; undefined = disabled. */
  readonly serverKeepalive: number | undefined;
  readonly sessionExpiryIntervalMs: Millis;
  /** Of messages without the property; Number.POSITIVE_INFINITY = never. */
  readonly messageExpiryIntervalMs: Millis;
  readonly maxAwaitingRel: number;
  readonly awaitRelTimeoutMs: Millis;
  readonly maxInflight: number;
  readonly maxMqueueLen: number;
  readonly mqueueStoreQos0: boolean;
  /** Null = first come, first served. */
  readonly mqueuePriorities: MqueuePriorities | null;
  readonly maxSubscriptions: number;
  readonly upgradeQos: boolean;
  /** `ignore_loop_deliver`: clients of MQTT 3 do not get their own messages. */
  readonly ignoreLoopDeliver: boolean;
  /** Refuse what the standards only advise against. */
  readonly strictMode: boolean;
  /** Told in CONNACK to who asks; '' = nothing. */
  readonly responseInformation: string;
  /** Where MQTT 5 clients are told to go when the node stops; undefined = nowhere. */
  readonly serverReference: string | undefined;
  /** Told in every CONNACK that accepts; `${listener}` in a value stands for the client's own. */
  readonly connackUserProperties: readonly (readonly [name: string, value: string])[];
  readonly useUsernameAsClientId: boolean;
  /** In the order in which they are set: later ones may ask for earlier ones. */
  readonly clientAttrsInit: readonly AttributeRule[];
  /** Asked after those; undefined = clients go by the id they chose. */
  readonly clientIdOverride: Expression | undefined;
  /** For listeners that say nothing else. */
  readonly peerCertAsUsername: CertificatePart | undefined;
  readonly peerCertAsClientId: CertificatePart | undefined;
  /** MQTT 3 only. */
  readonly retryIntervalMs: Millis;
  readonly sharedSubscription: boolean;
  readonly exclusiveSubscription: boolean;
}

export interface SharedSubscriptionConfig {
  /** By name of the group. */
  readonly groups: ReadonlyMap<string, SharedPolicy>;
  /** For groups that are not named. */
  readonly others: SharedPolicy;
}

export interface BrokerConfig {
  /** What the file, the environment and the command line set, by key, with the place where it is said. */
  readonly given: ReadonlyMap<string, string>;
  readonly node: {
    readonly name: NodeName;
    readonly cookie: string;
    readonly dataDir: string;
  };
  readonly cluster: ClusterConfig;
  readonly listeners: readonly ListenerConfig[];
  readonly limiter: LimiterConfig;
  readonly alarm: AlarmConfig;
  readonly connCongestion: CongestionConfig;
  readonly forceShutdown: ForceShutdownConfig;
  readonly mqtt: MqttConfig;
  readonly sharedSubscriptions: SharedSubscriptionConfig;
  readonly sessions: DurableSessionsConfig;
  readonly retainer: RetainerConfig;
  readonly delayed: DelayedConfig;
  readonly rewrite: readonly RewriteRule[];
  readonly autoSubscribe: readonly AutoSubscription[];
  readonly sysTopics: SysTopicsConfig;
  /** The chain of all listeners without their own; undefined when nothing was said. */
  readonly authentication: readonly AuthenticatorConfig[] | undefined;
  /** Whether clients may connect where nobody is asked who they are. */
  readonly allowAnonymous: boolean;
  readonly authorization: {
    readonly noMatch: 'allow' | 'deny';
    readonly denyAction: 'ignore' | 'disconnect';
    /** The file source; undefined = no rules, everything falls to `noMatch`. */
    readonly aclFile: string | undefined;
  };
  readonly flappingDetect: { readonly enable: boolean; readonly windowTimeMs: Millis; readonly maxCount: number; readonly banTimeMs: Millis };
  readonly banned: { readonly bootstrapFile: string | undefined };
  readonly dashboard: {
    readonly host: string;
    readonly port: number;
    readonly defaultUsername: string;
    readonly defaultPassword: string;
    readonly tokenExpiredTimeMs: Millis;
    readonly swaggerSupport: boolean;
  };
  readonly apiKey: { readonly bootstrapFile: string | undefined };
  readonly debug: {
    /** Whether faults may be made between nodes. */
    readonly faults: boolean;
  };
  readonly log: {
    readonly level: 'debug' | 'info' | 'warning' | 'error';
    /** Events that are written a few times per window only. */
    readonly throttling: { readonly timeWindowMs: Millis; readonly events: readonly string[] };
  };
}
