import { describe, expect, it } from 'vitest';
import { BrokerWorld, TestClient } from '../../test/support/brokerWorld.ts';
import { randomBelow, seededPrng, type Prng } from '../base/prng.ts';
import type { Millis } from '../base/ids.ts';
import { NO_PROPERTIES, type MqttVersion, type Packet, type Qos } from '../protocol/packet.ts';
import { PacketDraw } from '../protocol/packets/cases/drawPacket.ts';
import { PacketParser } from '../protocol/parser.ts';
import { encodePacket, packetIdOffset } from '../protocol/writer.ts';
import type { DeliverResult } from './ports.ts';
import type { Publication } from './publication.ts';

const VERSIONS: readonly MqttVersion[] = [3, 4, 5];
const TOPICS = ['a', 'a/b', 'a/b', 'a/b', 'b/é', 'nobody', 'x/'.repeat(40) + 'deep'];

/** A client that speaks in bytes, read from a buffer that is overwritten after each call, and that keeps the bytes it is sent. */
class BytePeer extends TestClient {
  /** Looked at in the end, as they leave at the end of a turn: bytes of a read buffer would be gone by then. */
  readonly frames: { readonly bytes: Uint8Array; readonly packetId: number }[] = [];
  readonly #parser: PacketParser;

  /** `fast`: usual packets take the way by their offsets; otherwise every packet is decoded. */
  constructor(world: BrokerWorld, fast: boolean) {
    super(world.node, '127.0.0.1');
    const ended = (): void => {
      if (this.channel.connState === 'disconnected') this.#parser.stop();
    };
    this.#parser = new PacketParser(
      {
        onPacket: (packet, owned) => {
          this.channel.packet(
            owned || packet.type !== 'publish' ? packet : { ...packet, payload: new Uint8Array(packet.payload) },
          );
          ended();
        },
        onError: (violation) => this.channel.malformed(violation, this.#parser.version),
      },
      {
        maxPacketSize: 1_000_000,
        ...(fast && {
          bytes: {
            onPublish: (...args) => {
              this.channel.publishBytes(...args);
              ended();
            },
            onAck: (...args) => {
              this.channel.ackBytes(...args);
              ended();
            },
          },
        }),
      },
    );
  }

  feed(bytes: Uint8Array): void {
    const shared = Buffer.from(bytes);
    this.#parser.push(shared, 0, shared.length, false);
    shared.fill(0xff);
  }

  override deliver(
    publication: Publication,
    qos: Qos,
    retain: boolean,
    dup: boolean,
    packetId: number,
    ids: readonly number[] | null,
    nowMs: Millis,
  ): DeliverResult {
    this.frames.push({ bytes: publication.frame(this.channel.version, qos, retain, dup, ids, nowMs), packetId });
    return super.deliver(publication, qos, retain, dup, packetId, ids, nowMs);
  }
}

function asSent({ bytes, packetId }: BytePeer['frames'][number]): string {
  const sent = Buffer.from(bytes);
  if (packetId > 0) sent.writeUInt16BE(packetId, packetIdOffset(bytes));
  return sent.toString('hex');
}

/** CONNECT and what a client may send after it: mostly the usual packets, some odd ones, now and then one that ends the connection. */
function drawStream(prng: Prng, version: MqttVersion): Buffer[] {
  const draw = new PacketDraw(prng, version, 'client');
  const packets: Packet[] = [
    {
      type: 'connect',
      version,
      bridge: false,
      clientId: 'publisher',
      cleanStart: true,
      keepalive: 0,
      username: 'u',
      password: undefined,
      will: undefined,
      properties: NO_PROPERTIES,
    },
  ];
  const pick = <T>(list: readonly T[]): T => list[randomBelow(prng, list.length)] as T;
  for (let count = 0; count < 40; count += 1) {
    const drawn = draw.packet();
    const qos = pick([0, 1, 2] as const);
    const packetId = qos === 0 ? 0 : 1 + randomBelow(prng, 5);
    const flags = { dup: qos > 0 && randomBelow(prng, 4) === 0, retain: randomBelow(prng, 6) === 0 };
    const payload = new Uint8Array(pick([0, 1, 64, 64, 9_000])).fill(count);
    if (drawn.type === 'publish')
      packets.push({
        type: 'publish',
        ...flags,
        qos,
        packetId,
        topic: pick(TOPICS),
        payload,
        properties: randomBelow(prng, 3) === 0 ? drawn.properties : NO_PROPERTIES,
      });
    else if (drawn.type === 'pubrel') packets.push({ ...drawn, packetId: 1 + randomBelow(prng, 5) });
    else if (drawn.type.startsWith('pub')) packets.push(drawn);
    else packets.push({ type: 'publish', ...flags, qos, packetId, topic: pick(TOPICS), payload, properties: NO_PROPERTIES });
  }
  return packets.map((packet) => encodePacket(packet, version));
}

/** Everything a stream brings about, however it is cut. */
function outcome(stream: Buffer, cuts: readonly number[], fast: boolean): unknown {
  const world = new BrokerWorld({ sets: ['mqtt.max_inflight=3', 'mqtt.max_mqueue_len=4', 'mqtt.max_topic_levels=32'] });
  const subscribers = VERSIONS.flatMap((version) =>
    ([0, 1, 2] as const).map((qos) => {
      const subscriber = new BytePeer(world, fast);
      subscriber.connect(`s${version}${qos}`, { version });
      subscriber.subscribe('#', { qos, retainAsPublished: version === 5 && qos === 1 });
      return subscriber;
    }),
  );
  const absent = world.connect('absent', { version: 4, cleanStart: false });
  absent.subscribe('a/#', { qos: 1 });
  absent.channel.closed('gone');
  const publisher = new BytePeer(world, fast);
  let at = 0;
  for (const cut of [...cuts, stream.length]) {
    publisher.feed(stream.subarray(at, cut));
    at = cut;
  }
  const back = world.connect('absent', { version: 4, cleanStart: false });
  return {
    publisher: { answers: publisher.taken(), state: publisher.channel.connState, counters: publisher.channel.counters },
    subscribers: subscribers.map(({ frames, channel }) => ({ frames: frames.map(asSent), counters: channel.counters })),
    queued: back.taken(),
    metrics: world.metrics.counters(),
  };
}

describe('the way by bytes and the way by packets', () => {
  it.each(VERSIONS.flatMap((version) => [1, 2, 3, 4].map((seed) => [version, seed] as const)))(
    'bring about the same, wherever chunks end (level %i, seed %i)',
    (version, seed) => {
      const prng = seededPrng(seed * 10 + version);
      const stream = Buffer.concat(drawStream(prng, version));
      const expected = outcome(stream, [], false);
      const random = (count: number): number[] =>
        Array.from({ length: count }, () => randomBelow(prng, stream.length)).sort((a, b) => a - b);
      for (const cuts of [[], random(1), random(3), random(40), Array.from({ length: 400 }, (_, index) => index + 1)])
        expect(outcome(stream, cuts, true)).toEqual(expected);
    },
  );

  it('agree on every place to cut a short stream', () => {
    const publish = {
      type: 'publish',
      dup: false,
      retain: false,
      topic: 'a/b',
      payload: Buffer.from('x'),
      properties: NO_PROPERTIES,
    } as const;
    const connect = drawStream(seededPrng(1), 4)[0] as Buffer;
    const packets = ([0, 1, 2] as const).map((qos) => encodePacket({ ...publish, qos, packetId: qos === 0 ? 0 : 7 }, 4));
    const stream = Buffer.concat([
      connect,
      ...packets,
      encodePacket({ type: 'pubrel', packetId: 7, reasonCode: 0, properties: NO_PROPERTIES }, 4),
    ]);
    const expected = outcome(stream, [], false);
    for (let cut = 1; cut < stream.length; cut += 1) expect([cut, outcome(stream, [cut], true)]).toEqual([cut, expected]);
  });
});
