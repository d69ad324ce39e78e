/** Who a client is and how it is connected, as hooks, sessions and the administration see it. */
import type { Millis } from '../base/ids.ts';
import type { MqttVersion } from './packet.ts';

export interface ClientInfo {
  readonly clientId: string;
  readonly username: string | undefined;
  /** Peer address without port; empty when there is none. */
  readonly peerHost: string;
  readonly isBridge: boolean;
  /** Of the client's certificate, if it showed one: `pump-7`, `C=DE,CN=pump-7`. */
  readonly certCommonName?: string | undefined;
  readonly certSubject?: string | undefined;
  /** Said by the authenticator: everything is allowed to this client. Absent = false. */
  readonly isSuperuser?: boolean;
  /** Client attributes, for placeholders such as `${client_attrs.role}`. Absent = none. */
  readonly attributes?: Readonly<Record<string, string>>;
}

export interface ConnInfo {
  /** `tcp:default` */
  readonly listener: string;
  readonly peerHost: string;
  readonly peerPort: number;
  readonly protoVer: MqttVersion;
  /** Seconds, as in force. */
  readonly keepalive: number;
  readonly cleanStart: boolean;
  readonly connectedAtMs: Millis;
}
