/** From a saved connection to an MQTT.js client: its stream, its login exchange, and what its reason codes mean in words. */
import type { ConnectionOptions } from 'node:tls';
import { MqttClient, ReasonCodes, type Packet } from 'mqtt';
import type { ConnectionSpec } from '../contract/clients.ts';
import type { ConnectSecrets } from '../contract/connectionParts.ts';
import { DEFAULT_CONNECT_TIMEOUT_S, DEFAULT_PATH, schemeOf, scramHash, versionHas } from '../contract/connectionRules.ts';
import { openBrokerStream, type StreamTarget } from './brokerStream.ts';
import { KnownFailure } from './connectFailure.ts';
import { mqttOptions } from './mqttOptions.ts';
import { ScramClient } from './scramClient.ts';

/** After these the broker does not want this client back (MQTT 5 section 4.13): trying again would only fight. */
const FINAL_DISCONNECTS = new Set([0x82, 0x87, 0x8e, 0x98, 0x9c, 0x9d]);

export function isFinalDisconnect(code: number): boolean {
  return FINAL_DISCONNECTS.has(code);
}

export interface MqttClientInput {
  readonly spec: ConnectionSpec;
  readonly secrets: ConnectSecrets;
  readonly tls: ConnectionOptions;
  /** Asked anew at every try, since a node's port may change; may throw. */
  readonly resolve: () => { host: string; port: number };
  readonly nowMs: number;
  /** What went wrong with the stream: MQTT.js keeps some of it to itself. */
  readonly onStreamError: (error: Error) => void;
}

/** A client that tries at once and again by itself, if the connection wants that. */
export function openMqttClient({ spec, secrets, tls, resolve, nowMs, onStreamError }: MqttClientInput): MqttClient {
  const data = secrets.authenticationData === undefined ? undefined : Buffer.from(secrets.authenticationData, 'utf8');
  const hash = versionHas(spec.protocolVersion, 'authentication') ? scramHash(spec.authenticationMethod) : undefined;
  const password = hash === undefined ? secrets.password : undefined;
  const target = (): StreamTarget => ({
    ...{ scheme: schemeOf(spec), path: spec.path ?? DEFAULT_PATH, headers: headersOf(spec, secrets), tls, ...resolve() },
    ...{ subprotocol: spec.protocolVersion === 3 ? 'mqttv3.1' : 'mqtt', limitMs: (spec.connectTimeout ?? DEFAULT_CONNECT_TIMEOUT_S) * 1_000 },
  });
  let scram: ScramClient | undefined;
  const client = new MqttClient(
    (made) => {
      // Every try proves anew: a nonce is used once. MQTT.js copies its options' properties into CONNECT after this call.
      if (hash !== undefined) scram = new ScramClient({ hash, username: spec.username, password: secrets.password ?? '' });
      if (scram && made.options.properties) made.options.properties.authenticationData = scram.first;
      return openBrokerStream(target, onStreamError);
    },
    mqttOptions(spec, { password, authenticationData: hash === undefined ? data : undefined }, nowMs),
  );
  client.handleAuth = (packet, done) => {
    try {
      done(undefined, answerTo(packet.properties?.authenticationData, spec.authenticationMethod, scram));
    } catch (error) {
      done(error as Error);
    }
  };
  client.on('packetreceive', (packet) => {
    if (scram && isGranted(packet) && !scram.proves(packet.properties?.authenticationData)) onStreamError(cut(client));
  });
  return client;
}

/** The AUTH that continues an exchange (0x18). */
function answerTo(data: Buffer | undefined, authenticationMethod: string | undefined, scram: ScramClient | undefined): Packet {
  if (!scram || authenticationMethod === undefined) throw new Error(`The broker asks for more than the data given: Busbar carries out SCRAM only, not ${authenticationMethod ?? 'this method'}.`);
  return { cmd: 'auth', reasonCode: 0x18, properties: { authenticationMethod, authenticationData: scram.answer(data ?? Buffer.alloc(0)) } };
}

function isGranted(packet: Packet): packet is Extract<Packet, { cmd: 'connack' }> {
  return packet.cmd === 'connack' && packet.reasonCode === 0;
}

function cut(client: MqttClient): Error {
  const failure = new KnownFailure('badProof');
  client.options.reconnectPeriod = 0;
  client.stream.destroy(failure);
  return failure;
}

/** Headers that are on; the values of secret ones are those given with the connect. */
function headersOf({ headers = [] }: ConnectionSpec, secrets: ConnectSecrets): Record<string, string> {
  return Object.fromEntries(headers.flatMap(({ name, value, secret, off }) => (off === true ? [] : [[name, secret === true ? (secrets.headers?.[name] ?? '') : value]])));
}

/** Words for a reason code of MQTT 5, or of a 3.1.1 CONNACK. */
export function reasonWords(code: number): string {
  const words: Readonly<Record<number, string>> = ReasonCodes;
  return words[code] || `Reason code 0x${code.toString(16).padStart(2, '0')}`;
}
