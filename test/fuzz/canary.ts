/** A well-behaved pair of clients beside an attack: messages must go on arriving, in time, each once, in order. */
import { connectAsync, type MqttClient } from 'mqtt';
import { within } from '../support/waitFor.ts';

/** Generous: the attack, the broker and the test share few processors. */
const ROUND_TRIP_LIMIT_MS = 10_000;
const PAUSE_MS = 20;

export interface CanaryReport {
  readonly rounds: number;
  readonly slowestMs: number;
}

export class Canary {
  readonly #publisher: MqttClient;
  readonly #subscriber: MqttClient;
  readonly #running: Promise<CanaryReport>;
  #stop = false;
  #failure: Error | undefined;

  static async start(port: number, host = '127.0.0.1'): Promise<Canary> {
    const open = (clientId: string) => connectAsync({ host, port, clientId, reconnectPeriod: 0, keepalive: 60 });
    const subscriber = await open('canary-subscriber');
    const publisher = await open('canary-publisher');
    await subscriber.subscribeAsync('canary/song', { qos: 1 });
    return new Canary(publisher, subscriber);
  }

  private constructor(publisher: MqttClient, subscriber: MqttClient) {
    this.#publisher = publisher;
    this.#subscriber = subscriber;
    for (const client of [publisher, subscriber]) {
      client.on('error', (error) => (this.#failure ??= error));
      client.on('close', () => (this.#failure ??= this.#stop ? undefined : new Error('a canary lost its connection')));
    }
    this.#running = this.#sing();
    this.#running.catch(() => {}); // reported by end()
  }

  /** The canary has come to harm; end() tells why. */
  get failed(): boolean {
    return this.#failure !== undefined;
  }

  async #sing(): Promise<CanaryReport> {
    let rounds = 0;
    let slowestMs = 0;
    const heard: string[] = [];
    let wake = () => {};
    this.#subscriber.on('message', (_topic, payload) => {
      heard.push(payload.toString());
      wake();
    });
    while (!this.#stop) {
      rounds += 1;
      const note = `note ${rounds}`;
      const startMs = performance.now();
      const arrived = new Promise<void>((resolve) => (wake = resolve));
      try {
        await within(`round ${rounds} of the canary`, Promise.all([this.#publisher.publishAsync('canary/song', note, { qos: 1 }), arrived]), ROUND_TRIP_LIMIT_MS);
      } catch (error) {
        this.#failure ??= error as Error;
        throw this.#failure;
      }
      const got = heard.splice(0);
      if (got.length !== 1 || got[0] !== note) throw (this.#failure = new Error(`the canary sang "${note}" and heard ${JSON.stringify(got)}`));
      slowestMs = Math.max(slowestMs, performance.now() - startMs);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    return { rounds, slowestMs };
  }

  /** Stops after the round under way. Rejects with what went wrong. */
  async end(): Promise<CanaryReport> {
    this.#stop = true;
    try {
      const report = await this.#running;
      if (this.#failure !== undefined) throw this.#failure;
      return report;
    } finally {
      await Promise.all([this.#publisher.endAsync(true), this.#subscriber.endAsync(true)]);
    }
  }
}
