/**
 * The load generator: one process, raw MQTT 3.1.1 bytes, one shared read buffer. All packets of a load have one size, so
 * deliveries are counted by length and never parsed; the publisher's number stands at a fixed place of the payload.
 * Run as a child: argument 1 is a `Job` as JSON; one JSON line comes back when the counted time begins and one with its figures.
 */
import net from 'node:net';
import mqttPacket from 'mqtt-packet';
import { filterOf, topicOf, type Load } from './loads.ts';

export interface Job {
  readonly port: number;
  readonly load: Load;
  readonly warmupMs: number;
  readonly measureMs: number;
}

export interface JobResult {
  readonly deliveries: number;
  readonly elapsedMs: number;
  /** Share of its core the generator used: above 0.9 it measures itself. */
  readonly generatorCpu: number;
}

const READ_BUFFER = Buffer.allocUnsafeSlow(256 * 1024);
const CONNECT_BATCH = 50;
const HEADER_BYTES = 2;

type OnBytes = (bytes: Buffer, length: number) => void;

class BenchClient {
  readonly socket: net.Socket;
  onBytes: OnBytes = () => {};

  constructor(port: number) {
    this.socket = net.connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: READ_BUFFER,
        callback: (length: number, buffer: Uint8Array) => {
          this.onBytes(buffer as Buffer, length);
          return true;
        },
      },
    });
    this.socket.on('error', (error) => {
      throw error;
    });
  }

  /** Sends one packet and waits for the answer of the given first byte. */
  exchange(packet: mqttPacket.Packet, answerByte: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.onBytes = (bytes) => {
        if (bytes[0] === answerByte) resolve();
        else reject(new Error(`expected packet 0x${answerByte.toString(16)}, got 0x${bytes[0]?.toString(16)}`));
      };
      this.socket.write(mqttPacket.generate(packet));
    });
  }
}

async function openClients(port: number, count: number, prefix: string): Promise<BenchClient[]> {
  const clients: BenchClient[] = [];
  while (clients.length < count) {
    const batch = Array.from({ length: Math.min(CONNECT_BATCH, count - clients.length) }, () => new BenchClient(port));
    await Promise.all(
      batch.map((client, index) =>
        client.exchange(
          { cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, clientId: `${prefix}${clients.length + index}`, keepalive: 600 },
          0x20,
        ),
      ),
    );
    clients.push(...batch);
  }
  return clients;
}

/** Splits a stream of equally long packets: calls back with the start of each complete one, keeps the tail. */
class FixedSizeReader {
  readonly size: number;
  #tail: Buffer;
  #held = 0;
  constructor(size: number) {
    this.size = size;
    this.#tail = Buffer.allocUnsafeSlow(size);
  }
  feed(bytes: Buffer, length: number, onPacket: (bytes: Buffer, at: number) => void): void {
    let at = 0;
    if (this.#held > 0) {
      const take = Math.min(this.size - this.#held, length);
      bytes.copy(this.#tail, this.#held, 0, take);
      this.#held += take;
      at = take;
      if (this.#held < this.size) return;
      this.#held = 0;
      onPacket(this.#tail, 0);
    }
    for (; at + this.size <= length; at += this.size) onPacket(bytes, at);
    if (at < length) {
      bytes.copy(this.#tail, 0, at, length);
      this.#held = length - at;
    }
  }
}

class LoadRun {
  readonly #load: Load;
  readonly #publishers: BenchClient[];
  readonly #subscribers: BenchClient[];
  readonly #owed: Int32Array;
  readonly #packets: Buffer[];
  readonly #packetIds: Uint16Array;
  #fanOutHeard = 0;
  #scheduled = false;
  #running = true;
  deliveries = 0;

  constructor(load: Load, publishers: BenchClient[], subscribers: BenchClient[]) {
    this.#load = load;
    this.#publishers = publishers;
    this.#subscribers = subscribers;
    this.#owed = new Int32Array(publishers.length);
    this.#packetIds = new Uint16Array(publishers.length);
    this.#packets = publishers.map((_, index) => publishPacket(load, index));
  }

  start(): void {
    for (const client of this.#subscribers) this.#listen(client);
    for (const client of this.#publishers) client.onBytes = () => {}; // PUBACKs: closed loop counts deliveries
    this.#owed.fill(this.#load.window);
    this.#send();
  }

  stop(): void {
    this.#running = false;
  }

  #listen(client: BenchClient): void {
    const sample = this.#packets[0];
    if (!sample) throw new Error('a load needs a publisher');
    const topicEnd = HEADER_BYTES + 2 + topicOf(this.#load.shape, 0).length;
    const idBytes = this.#load.qos > 0 ? 2 : 0;
    const reader = new FixedSizeReader(sample.length);
    const numberAt = topicEnd + idBytes;
    client.onBytes = (bytes, length) => {
      const acks: number[] = [];
      reader.feed(bytes, length, (packet, at) => {
        this.#delivered(packet.readUInt32BE(at + numberAt));
        if (idBytes > 0) acks.push(packet[at + topicEnd] ?? 0, packet[at + topicEnd + 1] ?? 0);
      });
      if (acks.length > 0) client.socket.write(pubacks(acks));
    };
  }

  #delivered(publisher: number): void {
    this.deliveries += 1;
    if (this.#load.shape === 'fan-out') {
      this.#fanOutHeard += 1;
      if (this.#fanOutHeard < this.#load.subscribers) return;
      this.#fanOutHeard = 0;
    }
    this.#owed[publisher] = (this.#owed[publisher] ?? 0) + 1;
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#send());
  }

  #send(): void {
    this.#scheduled = false;
    if (!this.#running) return;
    for (let index = 0; index < this.#publishers.length; index += 1) {
      const count = this.#owed[index] ?? 0;
      if (count === 0) continue;
      this.#owed[index] = 0;
      this.#publishers[index]?.socket.write(this.#batch(index, count));
    }
  }

  #batch(publisher: number, count: number): Buffer {
    const packet = this.#packets[publisher];
    if (!packet) throw new Error('no packet for this publisher');
    const out = Buffer.allocUnsafe(packet.length * count);
    for (let index = 0; index < count; index += 1) {
      packet.copy(out, index * packet.length);
      if (this.#load.qos > 0) {
        const id = ((this.#packetIds[publisher] ?? 0) % 0xffff) + 1;
        this.#packetIds[publisher] = id;
        out.writeUInt16BE(id, index * packet.length + HEADER_BYTES + 2 + topicOf(this.#load.shape, publisher).length);
      }
    }
    return out;
  }
}

function publishPacket(load: Load, publisher: number): Buffer {
  const payload = Buffer.alloc(load.payloadBytes, 0x2e);
  payload.writeUInt32BE(publisher, 0);
  const topic = topicOf(load.shape, publisher);
  const packet = mqttPacket.generate({ cmd: 'publish', topic, payload, qos: load.qos, dup: false, retain: false, messageId: 1 });
  if (packet.length > 127 + HEADER_BYTES) throw new Error('packets of the load must fit a one-byte length');
  return packet;
}

function pubacks(ids: readonly number[]): Buffer {
  const out = Buffer.allocUnsafe(ids.length * 2);
  for (let index = 0; index < ids.length; index += 2) {
    out[index * 2] = 0x40;
    out[index * 2 + 1] = 2;
    out[index * 2 + 2] = ids[index] ?? 0;
    out[index * 2 + 3] = ids[index + 1] ?? 0;
  }
  return out;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function runJob(job: Job): Promise<JobResult> {
  const { load } = job;
  const subscribers = await openClients(job.port, load.subscribers, 's');
  await Promise.all(
    subscribers.map((client, index) =>
      client.exchange({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: filterOf(load.shape, index), qos: load.qos }] }, 0x90),
    ),
  );
  const publishers = await openClients(job.port, load.publishers, 'p');
  const run = new LoadRun(load, publishers, subscribers);
  run.start();
  await pause(job.warmupMs);
  process.stdout.write(`${JSON.stringify({ event: 'measuring' })}\n`);
  const [cpuBefore, startedAt, before] = [process.cpuUsage(), performance.now(), run.deliveries];
  await pause(job.measureMs);
  const elapsedMs = performance.now() - startedAt;
  const cpu = process.cpuUsage(cpuBefore);
  const result = { deliveries: run.deliveries - before, elapsedMs, generatorCpu: (cpu.user + cpu.system) / 1000 / elapsedMs };
  run.stop();
  return result;
}

const job = JSON.parse(process.argv[2] ?? 'null') as Job;
const result = await runJob(job);
process.stdout.write(`${JSON.stringify({ event: 'result', ...result })}\n`, () => process.exit(0));
