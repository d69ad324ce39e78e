/** From a saved connection to an MQTT.js client: options, the socket, and what its failures mean in words. */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { MqttClient, ReasonCodes } from 'mqtt';
import type { IClientOptions } from 'mqtt';
import type { ConnectionSpec } from '../contract/clients.ts';

/** Largest message a pane takes. MQTT 5 brokers are told so and drop larger ones; an MQTT 3 connection ends with a reason. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
/** From opening the socket to CONNACK. */
export const CONNECT_LIMIT_MS = 10_000;
/** Pause before the n-th new try: half a second doubling to eight. */
export const RETRY_MS = { first: 500, most: 8_000 } as const;

/** After these the broker does not want this client back (MQTT 5 section 4.13): trying again would only fight. */
const FINAL_DISCONNECTS = new Set([0x82, 0x87, 0x8e, 0x98, 0x9c, 0x9d]);

export function isFinalDisconnect(code: number): boolean {
  return FINAL_DISCONNECTS.has(code);
}

/** A client that tries at once and again by itself; `resolve` is asked anew at every try, since a node's port may change. */
export function openMqttClient(spec: ConnectionSpec, password: string | undefined, resolve: () => { host: string; port: number }): MqttClient {
  return new MqttClient(() => openStream(resolve), {
    ...({ protocol: 'mqtt', protocolVersion: spec.protocolVersion, clientId: spec.clientId, clean: spec.cleanStart } satisfies IClientOptions),
    ...{ keepalive: spec.keepalive, reconnectPeriod: RETRY_MS.first, connectTimeout: CONNECT_LIMIT_MS },
    // Subscriptions and messages while offline are ours to keep: MQTT.js would hide them.
    ...{ resubscribe: false, queueQoSZero: false },
    ...(spec.username === '' ? {} : { username: spec.username }),
    ...(password === undefined || password === '' ? {} : { password }),
    ...(spec.will ? { will: { ...spec.will, payload: Buffer.from(spec.will.payload, 'utf8') } } : {}),
    ...(spec.protocolVersion === 5
      ? { properties: { sessionExpiryInterval: spec.sessionExpiry, maximumPacketSize: MAX_MESSAGE_BYTES } }
      : {}),
  });
}

/** Words for a reason code of MQTT 5, or of a 3.1.1 CONNACK. */
export function reasonWords(code: number): string {
  const words: Readonly<Record<number, string>> = ReasonCodes;
  return words[code] || `Reason code 0x${code.toString(16).padStart(2, '0')}`;
}

/** Words for a failure of the network; an attempt at several addresses fails with several errors of which one is told. */
export function failureWords(error: unknown): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const code = first instanceof Error && 'code' in first ? String(first.code) : '';
  const known: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'Nothing listens at this address.',
    ENOTFOUND: 'This host name is not known.',
    EAI_AGAIN: 'The host name could not be looked up.',
    ETIMEDOUT: 'The address does not answer.',
    EHOSTUNREACH: 'There is no way to this address.',
    ENETUNREACH: 'There is no way to this network.',
    ECONNRESET: 'The broker closed the connection.',
  };
  const words = first instanceof Error ? first.message : String(first);
  return known[code] ?? (words === 'connack timeout' ? `The broker did not answer within ${CONNECT_LIMIT_MS / 1000} s.` : words);
}

function openStream(resolve: () => { host: string; port: number }): Duplex {
  let socket: Socket;
  try {
    socket = connect(resolve());
  } catch (error) {
    // MQTT.js calls this inside its own timer, where a throw would end the process.
    return new Duplex({ construct: (done) => done(error as Error), read: () => undefined, write: (_chunk, _encoding, done) => done() });
  }
  socket.setNoDelay(true);
  return socket;
}
