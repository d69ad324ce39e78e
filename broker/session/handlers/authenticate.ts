/**
 * Between the checks of CONNECT and its answer: asks who the client is. An answer at once goes straight on; for a later one the
 * connection is held, so that what the client sends meanwhile waits in order and takes effect only after acceptance
 * [MQTT-3.1.4-6]. How long that may take is bounded by `mqtt.idle_timeout`.
 */
import { isLater } from '../../base/maybeLater.ts';
import type { AuthnVerdict } from '../../protocol/authentication.ts';
import { METRIC } from '../../metrics/metrics.ts';
import type { AuthPacket, ConnectPacket, Packet } from '../../protocol/packet.ts';
import { ReasonCode } from '../../protocol/reasonCodes.ts';
import type { Channel } from '../channel.ts';
import { EnhancedAuth } from '../enhancedAuth.ts';

/** Accepts or refuses the CONNECT that is being answered. */
export type Conclude = (verdict: AuthnVerdict) => void;

/** A verdict that is there at once, or undefined when `conclude` gets it later. */
export function authenticate(channel: Channel, packet: ConnectPacket, conclude: Conclude): AuthnVerdict | undefined {
  const { authenticationMethod } = packet.properties;
  if (authenticationMethod !== undefined) return begin(channel, packet, authenticationMethod, conclude);
  const answer = channel.node.authenticate(channel, packet.password);
  if (!isLater(answer)) return answer;
  channel.connState = 'connecting';
  channel.out.hold();
  void answer.then((verdict) => channel.whileAlive(() => resume(channel, verdict, conclude)));
  return undefined;
}

/** What the client sent behind its CONNECT is read after its answer, which may yet wait for the session. */
function resume(channel: Channel, verdict: AuthnVerdict, conclude: Conclude): void {
  conclude(verdict);
  if (channel.connState !== 'connecting') channel.out.release();
}

function begin(channel: Channel, packet: ConnectPacket, method: string, conclude: Conclude): AuthnVerdict | undefined {
  const exchange = channel.node.beginAuthExchange(channel, method);
  if (exchange === undefined) return { result: 'error', reasonCode: ReasonCode.BadAuthenticationMethod }; // [MQTT-4.12.0-1]
  channel.connState = 'connecting';
  channel.enhancedAuth = new EnhancedAuth(channel, method);
  channel.enhancedAuth.start(exchange, packet.properties.authenticationData, conclude);
  return undefined;
}

/** A packet between CONNECT and its answer: with a method of authentication only AUTH and DISCONNECT may come [MQTT-3.1.2-30]. */
export function handleConnecting(channel: Channel, packet: Packet): void {
  if (packet.type === 'auth') return handleAuth(channel, packet);
  if (packet.type === 'disconnect') {
    channel.node.metrics.inc(METRIC['packets.disconnect.received']);
    return channel.abort('normal');
  }
  channel.enhancedAuth?.refuse(ReasonCode.ProtocolError);
}

/** AUTH, before CONNACK as an answer to ours, after it to authenticate again. */
export function handleAuth(channel: Channel, packet: AuthPacket): void {
  channel.node.metrics.inc(METRIC['packets.auth.received']);
  // No authentication method was agreed on in CONNECT [MQTT-4.12.0-7].
  if (channel.enhancedAuth === null) channel.disconnect(ReasonCode.ProtocolError);
  else channel.enhancedAuth.handle(packet);
}
