/** What one listener is told (broker-contract 3.4). buildListeners.ts makes it; keys/listeners.ts has the keys with defaults and words. */
import type { AuthenticatorConfig } from './authenticators.ts';
import type { Millis } from '../base/ids.ts';
import type { Rate } from '../base/tokenBucket.ts';
import type { HostPort, UnixSocketPath } from './address.ts';

/** In EMQX's words: `ssl` is MQTT over TLS, `wss` MQTT over WebSocket over TLS. */
export type ListenerType = 'tcp' | 'ssl' | 'ws' | 'wss';
export const LISTENER_TYPES: readonly ListenerType[] = ['tcp', 'ssl', 'ws', 'wss'];

export interface ListenerConfig {
  /** `tcp:default` */
  readonly id: string;
  readonly type: ListenerType;
  readonly name: string;
  /** Whether it starts with the node; one that does not can be started at run time. */
  readonly enable: boolean;
  /** It exists by default and nobody asked for it: when its port is taken, the node starts without it. */
  readonly optional: boolean;
  /** Port 0 = any free one. */
  readonly bind: HostPort | UnixSocketPath;
  /** Who may connect to a socket file, as chmod has it. */
  readonly unixSocketMode: number;
  /** Number.POSITIVE_INFINITY when unlimited. */
  readonly maxConnections: number;
  /** Prefix of all topics of its clients, with placeholders; empty for none. */
  readonly mountpoint: string;
  /** First match decides; no match denies. */
  readonly accessRules: readonly AccessRule[];
  /** Whether connections begin with a PROXY protocol header, version 1 or 2. */
  readonly proxyProtocol: boolean;
  readonly proxyProtocolTimeoutMs: Millis;
  /** `quick_deny_anonymous`: a CONNECT without user name is refused without asking anybody. */
  readonly enableAuthn: boolean | 'quick_deny_anonymous';
  /** Undefined when nothing was said. */
  readonly authentication: readonly AuthenticatorConfig[] | undefined;
  /** Where its clients are sent instead of being served; undefined = they are served. */
  readonly redirect: Redirect | undefined;
  readonly limits: ListenerLimits;
  readonly tcp: TcpOptions;
  /** Of types ssl and wss. */
  readonly ssl: TlsOptions | undefined;
  /** Of types ws and wss. */
  readonly websocket: WebSocketOptions | undefined;
}

export interface Redirect {
  /** Server Reference: `host:port`, several with spaces between. */
  readonly to: string;
  /** For good; otherwise for now. */
  readonly moved: boolean;
}

export interface AccessRule {
  readonly permission: 'allow' | 'deny';
  /** `all`, an address or a network such as `10.0.0.0/8`. */
  readonly who: string;
}

/** UNLIMITED where nothing is said. A burst is what may pass beyond the rate before it takes hold, filled again at its own pace. */
export interface RateLimits {
  /** New connections. */
  readonly maxConnRate: Rate;
  readonly maxConnBurst: Rate;
  /** PUBLISH packets. */
  readonly messagesRate: Rate;
  readonly messagesBurst: Rate;
  /** Bytes of whatever packets. */
  readonly bytesRate: Rate;
  readonly bytesBurst: Rate;
}

/** Connections of the listener; messages and bytes of each of its clients, and of all of them together. */
export interface ListenerLimits extends RateLimits {
  readonly totalMessagesRate: Rate;
  readonly totalMessagesBurst: Rate;
  readonly totalBytesRate: Rate;
  readonly totalBytesBurst: Rate;
}

export interface TcpOptions {
  /** Connections that the system keeps waiting until the node accepts them. */
  readonly backlog: number;
  readonly nodelay: boolean;
  /** A client that takes nothing in for so long is closed. */
  readonly sendTimeoutMs: Millis;
  /** From this many waiting bytes on QoS 0 towards the client is dropped. */
  readonly highWatermark: number;
  /** TCP's own probes: begin after so much silence; undefined = none. */
  readonly keepaliveIdleMs: Millis | undefined;
}

/** What of a client's certificate becomes its user name or client id. */
export type CertificatePart = 'cn' | 'dn' | 'crt' | 'pem' | 'md5';

export interface CertificateFiles {
  readonly certfile: string;
  readonly keyfile: string;
  /** Of the key; undefined when it is not encrypted. */
  readonly password: string | undefined;
}

/** A further certificate, chosen by the name the client asks for. */
export interface SniCertificate extends CertificateFiles {
  /** Host names, `*.example.com` included; empty = those the certificate itself is made out to. */
  readonly names: readonly string[];
}

export interface TlsOptions {
  /** Undefined = a development certificate of the node's own. */
  readonly certificate: CertificateFiles | undefined;
  readonly sniCertificates: readonly SniCertificate[];
  readonly cacertfile: string | undefined;
  readonly verifyPeer: boolean;
  readonly failIfNoPeerCert: boolean;
  /** Most intermediate certificates between the client's and a trusted one. */
  readonly depth: number;
  readonly versions: readonly TlsVersion[];
  /** OpenSSL's names; empty = Node's default list. */
  readonly ciphers: readonly string[];
  readonly honorCipherOrder: boolean;
  readonly handshakeTimeoutMs: Millis;
  readonly reuseSessions: boolean;
  readonly dhfile: string | undefined;
  readonly peerCertAsUsername: CertificatePart | undefined;
  readonly peerCertAsClientId: CertificatePart | undefined;
}

export type TlsVersion = 'tlsv1' | 'tlsv1.1' | 'tlsv1.2' | 'tlsv1.3';

export interface WebSocketOptions {
  readonly mqttPath: string;
  readonly failIfNoSubprotocol: boolean;
  readonly supportedSubprotocols: readonly string[];
  /** A connection without any traffic for so long is closed. */
  readonly idleTimeoutMs: Millis;
  /** Longest frame of a client in bytes; infinity when only packets are bounded. */
  readonly maxFrameSize: number;
  readonly checkOrigin: boolean;
  readonly allowOriginAbsence: boolean;
  readonly checkOrigins: readonly string[];
  /** Headers in which a proxy tells the client's address and port, lower case; empty = none is believed. */
  readonly proxyAddressHeader: string;
  readonly proxyPortHeader: string;
}
