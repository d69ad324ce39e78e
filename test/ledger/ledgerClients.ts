/** Devices of a ledger run: MQTT.js with persistent sessions that go on at another node when theirs is gone, and mosquitto's own clients. */
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { runProcess, startProcess, type TestProcess } from '../support/processes.ts';
import type { Account } from './account.ts';

/** Answers of a node are missed after this: it stands still, or is cut off. */
const KEEPALIVE_S = 4;
const CONNECT_MS = 6_000;
const RECONNECT_MS = 250;
const EXPIRY_S = 3_600;
/** QoS 1 and 2 messages a publisher has open. */
const WINDOW = 8;
const PACKET_ID_NOT_FOUND = 0x92;

export const topicOf = (group: number, publisher: string): string => `ledger/${group}/${publisher}`;
const filterOf = (group: number): string => `ledger/${group}/+`;
const bodyOf = (publisher: string, n: number): string => `${publisher}:${n}`;

/** `publisher:n`. Throws on anything else: nobody but us publishes here. */
function readBody(body: string): { readonly publisher: string; readonly n: number } {
  const [publisher, number] = body.split(':');
  const n = Number(number);
  if (publisher === undefined || !Number.isSafeInteger(n)) throw new Error(`A message nobody published: ${body}`);
  return { publisher, n };
}

/** The node of the first attempt comes first, the others in turn after every loss. */
function optionsFor(clientId: string, ports: readonly number[], first: number): IClientOptions {
  const servers = ports.map((_, index) => ({
    host: '127.0.0.1',
    port: ports[(first + index) % ports.length] ?? 0,
    protocol: 'mqtt' as const,
  }));
  return {
    clientId,
    servers,
    protocolVersion: 5,
    clean: false,
    properties: { sessionExpiryInterval: EXPIRY_S },
    keepalive: KEEPALIVE_S,
    connectTimeout: CONNECT_MS,
    reconnectPeriod: RECONNECT_MS,
    resubscribe: false,
  };
}

/** A client that always comes back. */
class LastingClient {
  readonly client: MqttClient;
  #connected = 0;
  /** Times it found no session though it had one. */
  sessionsMissed = 0;

  constructor(id: string, ports: readonly number[], first: number) {
    this.client = connect(optionsFor(id, ports, first));
    // A refused or broken connection is what a ledger run is about; the client tries again by itself.
    this.client.on('error', () => {});
    this.client.on('connect', ({ sessionPresent }) => {
      this.#connected += 1;
      if (this.#connected > 1 && !sessionPresent) this.sessionsMissed += 1;
    });
  }

  /** The network takes its connection away. */
  drop(): void {
    this.client.stream.destroy();
  }

  end(): Promise<void> {
    return this.client.endAsync(true);
  }
}

export class LedgerSubscriber extends LastingClient {
  /** Connected and subscribed. */
  readonly ready: Promise<void>;

  constructor(id: string, group: number, qos: 1 | 2, { account, ports }: LedgerPlace, first: number) {
    super(id, ports, first);
    account.subscriber(id, group);
    this.client.on('message', (_topic, payload, packet) =>
      account.received(id, { ...readBody(payload.toString()), qos: packet.qos, dup: packet.dup }),
    );
    this.ready = new Promise((resolve, reject) => {
      this.client.once('connect', () => void this.client.subscribeAsync(filterOf(group), { qos }).then(() => resolve(), reject));
    });
  }
}

export interface LedgerPlace {
  readonly account: Account;
  /** MQTT ports of the nodes. */
  readonly ports: readonly number[];
}

/** PUBCOMP 0x92 to a repeated PUBREL: the first one arrived, only its answer did not [MQTT-4.3.3-11]. */
function isReleasedBefore(error: Error): boolean {
  return 'code' in error && error.code === PACKET_ID_NOT_FOUND;
}

export class LedgerPublisher extends LastingClient {
  readonly #id: string;
  readonly #group: number;
  readonly #account: Account;
  #open = 0;

  constructor(id: string, group: number, { account, ports }: LedgerPlace, first: number) {
    super(id, ports, first);
    this.#id = id;
    this.#group = group;
    this.#account = account;
    account.publisher(id, group);
    this.client.on('close', () => account.interrupted(id));
  }

  /** Sends the next message unless too many are open, or there is no connection. */
  publish(qos: 1 | 2): void {
    if (this.#open >= WINDOW || !this.client.connected) return;
    const n = this.#account.sends(this.#id, qos);
    this.#open += 1;
    this.client.publish(topicOf(this.#group, this.#id), bodyOf(this.#id, n), { qos }, (error) => {
      this.#open -= 1;
      if (!error || isReleasedBefore(error)) this.#account.acknowledged(this.#id, n);
    });
  }
}

/** mosquitto_sub with a persistent session at one node, to which it returns by itself. It does not tell DUP. */
export class MosquittoSubscriber {
  readonly ready: Promise<unknown>;
  readonly #process: TestProcess;
  #read = 0;
  readonly #id: string;
  readonly #account: Account;

  constructor(id: string, group: number, { account, ports }: LedgerPlace, node: number, lifetimeMs: number) {
    this.#id = id;
    this.#account = account;
    account.subscriber(id, group);
    const args = [
      '-oL',
      'mosquitto_sub',
      '-p',
      String(ports[node % ports.length]),
      '-c',
      '-i',
      id,
      '-q',
      '2',
      '-k',
      '5',
      '-d',
      '-F',
      'got %q %p',
      '-t',
      filterOf(group),
    ];
    this.#process = startProcess('stdbuf', args, { lifetimeMs });
    this.ready = this.#process.line((line) => line.startsWith('Subscribed'));
  }

  /** Enters what it has printed so far; often enough that its output is never longer than what is kept. */
  read(): void {
    const lines = this.#process
      .stdout()
      .split('\n')
      .filter((line) => line.startsWith('got '));
    for (const line of lines.slice(this.#read)) {
      const [, qos, body] = line.split(' ');
      this.#account.received(this.#id, { ...readBody(body ?? ''), qos: Number(qos), dup: null });
    }
    this.#read = lines.length;
  }

  end(): Promise<unknown> {
    return this.#process.end();
  }
}

/** mosquitto_pub, one process per message, one after the other: a message is acknowledged when the process says so. */
export class MosquittoPublisher {
  readonly #id: string;
  readonly #group: number;
  readonly #place: LedgerPlace;
  /** Settles when the process under way has ended. */
  idle: Promise<void> = Promise.resolve();
  #busy = false;

  constructor(id: string, group: number, place: LedgerPlace) {
    this.#id = id;
    this.#group = group;
    this.#place = place;
    place.account.publisher(id, group, true);
  }

  /** Sends the next message unless one is under way. */
  publish(qos: 1 | 2, node: number): void {
    if (this.#busy) return;
    this.#busy = true;
    this.idle = this.#run(qos, node).finally(() => (this.#busy = false));
  }

  async #run(qos: 1 | 2, node: number): Promise<void> {
    const { account, ports } = this.#place;
    const n = account.sends(this.#id, qos);
    const args = [
      '-p',
      String(ports[node % ports.length]),
      '-q',
      String(qos),
      '-t',
      topicOf(this.#group, this.#id),
      '-m',
      bodyOf(this.#id, n),
    ];
    const { code } = await runProcess('mosquitto_pub', args, { lifetimeMs: CONNECT_MS * 2 });
    if (code === 0) account.acknowledged(this.#id, n);
    else account.abandoned(this.#id, n);
  }
}
