/** What an authentication is asked and what it answers, as hooks, authenticators, channels and the administration see it. */
import type { Millis } from '../base/ids.ts';
import type { ClientInfo } from './clientInfo.ts';
import type { MaybeLater } from '../base/maybeLater.ts';

/** What an authenticator sees. The password never leaves this value: it is not kept, logged or forwarded. */
export interface Credentials extends ClientInfo {
  readonly password: Uint8Array | undefined;
}

/** Somebody vouched for the client (broker-contract 2.2, "success data"). */
export interface AuthnOk {
  readonly result: 'ok';
  /** Everything is allowed to it. Absent = false. */
  readonly isSuperuser?: boolean;
  /** For placeholders; merged over those of the connection. */
  readonly clientAttrs?: Readonly<Record<string, string>>;
  /** Wall clock: the client is disconnected then. Absent = never. */
  readonly expireAtMs?: Millis;
  /** Whom an enhanced authentication proved. CONNECT must name the same user or none. */
  readonly username?: string;
  /** Authentication Data of CONNACK or of the last AUTH. */
  readonly data?: Uint8Array;
}

export interface AuthnError {
  readonly result: 'error';
  /** 0x80 or more, fit for CONNACK. */
  readonly reasonCode: number;
}

export type AuthnVerdict = AuthnOk | AuthnError;
/** `ignore` passes on to the next authenticator. */
export type AuthnResult = { readonly result: 'ignore' } | AuthnVerdict;

/** One step of an enhanced authentication: more is asked of the client, or it is over (section 4.12). */
export type AuthStep = { readonly result: 'continue'; readonly data: Uint8Array | undefined } | AuthnVerdict;

/** An enhanced authentication under way: fed with the client's Authentication Data, one step at a time. */
export interface AuthExchange {
  step(data: Uint8Array | undefined): MaybeLater<AuthStep>;
}
