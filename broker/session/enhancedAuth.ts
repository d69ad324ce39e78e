/**
 * Enhanced authentication of one connection (MQTT 5 section 4.12): the exchange of AUTH packets before CONNACK, and again
 * whenever a connected client wishes, while its other packets keep flowing under the identity it had.
 */
import { isLater } from '../base/maybeLater.ts';
import type { AuthExchange, AuthnVerdict, AuthStep } from '../protocol/authentication.ts';
import type { AuthPacket, Properties } from '../protocol/packet.ts';
import { ReasonCode } from '../protocol/reasonCodes.ts';
import type { Channel } from './channel.ts';
import { vouchedFor } from './vouchedFor.ts';

/** Of the codes a verdict may have, those that table 3-10 allows in DISCONNECT; 0x86 and 0x8C are for CONNACK alone. */
const IN_DISCONNECT: ReadonlySet<number> = new Set([ReasonCode.ProtocolError, ReasonCode.NotAuthorized, ReasonCode.ServerBusy, ReasonCode.QuotaExceeded]);

function disconnectCode(reasonCode: number): number {
  return IN_DISCONNECT.has(reasonCode) ? reasonCode : ReasonCode.NotAuthorized;
}

export class EnhancedAuth {
  /** Of CONNECT; it never changes on a connection [MQTT-4.12.1-1]. */
  readonly method: string;
  readonly #channel: Channel;
  /** The one under way; null while the client is authenticated and nothing goes on. */
  #exchange: AuthExchange | null = null;
  #conclude: ((verdict: AuthnVerdict) => void) | null = null;
  /** A step is being worked on, so that the client has nothing to answer yet. */
  #thinking = false;

  constructor(channel: Channel, method: string) {
    this.#channel = channel;
    this.method = method;
  }

  /** The exchange of CONNECT; `conclude` gets its verdict. */
  start(exchange: AuthExchange, data: Uint8Array | undefined, conclude: (verdict: AuthnVerdict) => void): void {
    this.#exchange = exchange;
    this.#conclude = conclude;
    this.#step(exchange, data);
  }

  handle({ reasonCode, properties }: AuthPacket): void {
    const { authenticationMethod, authenticationData } = properties;
    if (authenticationMethod !== this.method) return this.#otherMethod();
    if (this.#exchange === null) return this.#again(reasonCode, authenticationData);
    // [MQTT-4.12.0-3]; and nobody may answer before being asked.
    if (reasonCode !== ReasonCode.ContinueAuthentication || this.#thinking) return this.refuse(ReasonCode.ProtocolError);
    this.#step(this.#exchange, authenticationData);
  }

  /** Ends the exchange that is under way, and with it the connection. */
  refuse(reasonCode: number): void {
    const verdict: AuthnVerdict = { result: 'error', reasonCode };
    this.#end(this.#exchange === null ? verdict : this.#channel.node.authExchangeEnded(this.#channel, verdict));
  }

  /** A protocol error by section 3.15.2.2.2; CONNACK has the more telling code, DISCONNECT may not carry it (table 3-10). */
  #otherMethod(): void {
    const isConnecting = this.#channel.connState === 'connecting';
    this.refuse(isConnecting ? ReasonCode.BadAuthenticationMethod : ReasonCode.ProtocolError);
  }

  #again(reasonCode: number, data: Uint8Array | undefined): void {
    if (reasonCode !== ReasonCode.ReAuthenticate) return this.refuse(ReasonCode.ProtocolError);
    const exchange = this.#channel.node.beginAuthExchange(this.#channel, this.method);
    if (exchange === undefined) return this.refuse(ReasonCode.NotAuthorized); // nobody serves it any more
    this.#exchange = exchange;
    this.#step(exchange, data);
  }

  #step(exchange: AuthExchange, data: Uint8Array | undefined): void {
    const answer = exchange.step(data);
    if (!isLater(answer)) return this.#take(answer);
    this.#thinking = true;
    const isConnecting = this.#channel.connState === 'connecting';
    if (isConnecting) this.#channel.out.hold();
    void answer.then((step) =>
      this.#channel.whileAlive(() => {
        this.#thinking = false;
        if (this.#exchange === exchange) this.#take(step);
        // The session may have to be waited for now.
        if (isConnecting && (this.#exchange !== null || this.#channel.connState !== 'connecting')) this.#channel.out.release();
      }),
    );
  }

  #take(step: AuthStep): void {
    if (step.result === 'continue') this.#send(ReasonCode.ContinueAuthentication, step.data); // [MQTT-4.12.0-2]
    else this.#end(this.#channel.node.authExchangeEnded(this.#channel, step));
  }

  #end(verdict: AuthnVerdict): void {
    const channel = this.#channel;
    this.#exchange = null;
    if (this.#conclude !== null) {
      const conclude = this.#conclude;
      this.#conclude = null;
      return conclude(verdict);
    }
    if (verdict.result === 'error') return channel.disconnect(disconnectCode(verdict.reasonCode)); // [MQTT-4.12.1-2]
    vouchedFor(channel, verdict);
    this.#send(ReasonCode.Success, verdict.data);
  }

  #send(reasonCode: number, data: Uint8Array | undefined): void {
    this.#channel.send({ type: 'auth', reasonCode, properties: this.properties(data) });
  }

  /** What every AUTH and the CONNACK that accepts carry [MQTT-4.12.0-5]. */
  properties(data: Uint8Array | undefined): Properties {
    const properties: Properties = { authenticationMethod: this.method };
    if (data !== undefined) properties.authenticationData = data;
    return properties;
  }
}
