/** What hostile clients do to a real node over TCP. Each attack takes its share of connections and says what it saw. */
import { encodePacket } from '../../broker/protocol/writer.ts';
import { waitFor } from '../support/waitFor.ts';
import { FUZZ_MAX_PACKET_SIZE } from './breakRule.ts';
import { drawCase, plainConnect, type FuzzCase } from './cases.ts';
import { Draw, frame, lengthBytes } from './draw.ts';
import { RawClient } from './rawClient.ts';

export interface Target {
  readonly port: number;
  readonly wsPort: number;
  readonly tlsPort: number;
  /** Of a listener that wants a PROXY header. */
  readonly proxyPort: number;
  /** `mqtt.idle_timeout` of the node. */
  readonly idleTimeoutMs: number;
}

export interface AttackContext {
  readonly target: Target;
  readonly draw: Draw;
  /** The attack winds up when performance.now() passes this. */
  readonly untilMs: number;
}

/** Returns what the node did wrong. */
export type Attack = (context: AttackContext) => Promise<readonly string[]>;

const PARALLEL = 16;
const CONNECT = (clientId: string) => encodePacket(plainConnect(5, clientId), 5);
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** The cases of the in-process layer, through the network; those with a known end are judged by their last packet. */
export const drawnCases: Attack = async ({ target, draw, untilMs }) => {
  const problems: string[] = [];
  let index = 0;
  const lane = async (name: number) => {
    while (performance.now() < untilMs && problems.length < 5) {
      const own = Draw.ofCase(draw.below(0x7fff_ffff), (index += 1));
      const fuzzCase = drawCase(own);
      // Lanes play at once: an id that two of them use would be a take-over, which is another game.
      if (fuzzCase.name === 'valid packets' || fuzzCase.name.startsWith('subscriptions')) continue;
      const problem = await playCase(target, renamed(fuzzCase, name), own);
      if (problem !== undefined) problems.push(problem);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, (_, name) => lane(name)));
  return problems;
};

/** Client ids of generated CONNECTs are `attacker-N`; each lane gets its own letter in place of the `a`. */
function renamed(fuzzCase: FuzzCase, lane: number): FuzzCase {
  const letter = String.fromCharCode(0x61 + lane);
  const text = Buffer.concat(fuzzCase.chunks).toString('latin1').replace('attacker-', `${letter}ttacker-`);
  return { ...fuzzCase, chunks: [Buffer.from(text, 'latin1')] };
}

async function playCase(target: Target, { name, version, chunks, expected }: FuzzCase, draw: Draw): Promise<string | undefined> {
  const client = await RawClient.open(target.port);
  try {
    for (const chunk of draw.cut(Buffer.concat(chunks))) client.send(chunk);
    if (expected === undefined || expected.reasonCode === 'open' || draw.chance(8)) {
      if (draw.chance(2)) client.socket.resetAndDestroy();
      return undefined;
    }
    const last = (await client.end(version)).at(-1);
    const code = last?.type === 'disconnect' ? last.reasonCode : undefined;
    const wanted = version === 5 ? expected.reasonCode : undefined;
    return code === wanted ? undefined : `${name}: ended with ${code ?? 'no code'} instead of ${wanted ?? 'no code'}; bytes ${Buffer.concat(chunks).toString('hex').slice(0, 400)}`;
  } catch (error) {
    return `${name}: ${error instanceof Error ? error.message : String(error)}; bytes ${Buffer.concat(chunks).toString('hex').slice(0, 400)}`;
  } finally {
    client.destroy();
  }
}

/** CONNECTs that take for ever, and connections that say nothing: closed at the idle time-out, not kept. */
export const slowLoris: Attack = async ({ target, draw, untilMs }) => {
  const connect = CONNECT('loris');
  const clients = await Promise.all(Array.from({ length: 60 }, () => RawClient.open(target.port)));
  const limitMs = performance.now() + target.idleTimeoutMs + 10_000;
  for (let at = 0; clients.some((client) => !client.closed) && performance.now() < limitMs; at += 1) {
    // A third says nothing, none gets to its end.
    clients.forEach((client, index) => index % 3 !== 0 && at < connect.length - 1 && client.send(connect.subarray(at, at + 1)));
    await pause(100 + draw.below(50));
  }
  const left = clients.filter((client) => !client.closed).length;
  clients.forEach((client) => client.destroy());
  return left === 0 || performance.now() > untilMs + 60_000 ? [] : [`${left} slow connections outlived the idle time-out`];
};

/** Ends half of the connection, or all of it without a word, at any moment of a conversation. */
export const halfOpen: Attack = async ({ target, draw, untilMs }) => {
  while (performance.now() < untilMs) {
    const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.open(target.port)));
    for (const [index, client] of clients.entries()) {
      if (draw.chance(3)) client.send(CONNECT(`half-${index}`));
      if (draw.chance(3)) client.send(frame(0x30, draw.bytes(draw.below(200))));
      const way = draw.below(3);
      if (way === 0) client.socket.end();
      else if (way === 1) client.socket.resetAndDestroy();
    }
    await pause(50);
    clients.forEach((client) => client.destroy());
  }
  return [];
};

/** Asks without end and reads nothing: answers must not pile up beyond a bound. */
export const neverReads: Attack = async ({ target, draw, untilMs }) => {
  const question = draw.pick([Buffer.of(0xc0, 0), encodePacket({ type: 'pubrel', packetId: 7, reasonCode: 0, properties: {} }, 5)]);
  const flood = Buffer.concat(Array.from({ length: 8_000 }, () => question));
  const clients = await Promise.all(Array.from({ length: 3 }, () => RawClient.open(target.port)));
  clients.forEach((client, index) => {
    client.socket.pause();
    client.send(CONNECT(`deaf-${index}`));
  });
  while (performance.now() < untilMs && clients.some((client) => !client.closed)) {
    for (const client of clients) if (client.socket.writableLength < 4_000_000) client.send(flood);
    await pause(1);
  }
  clients.forEach((client) => client.destroy());
  return [];
};

/** Connections by the thousand, most of them gone before they are answered. */
export const connectFlood: Attack = async ({ target, draw, untilMs }) => {
  for (let count = 0; performance.now() < untilMs; count += 50) {
    const clients = await Promise.all(Array.from({ length: 50 }, () => RawClient.open(target.port)));
    for (const [index, client] of clients.entries()) {
      client.send(CONNECT(draw.chance(2) ? `flood-${draw.below(5)}` : `flood-${count + index}`));
      if (draw.chance(2)) client.destroy();
    }
    await pause(10);
    clients.forEach((client) => client.destroy());
  }
  return [];
};

/** Many packets of the largest size, begun and never finished. */
export const hugeLengths: Attack = async ({ target, draw, untilMs }) => {
  const clients = await Promise.all(Array.from({ length: 100 }, () => RawClient.open(target.port)));
  for (const [index, client] of clients.entries()) {
    client.send(CONNECT(`huge-${index}`));
    client.send(Buffer.concat([Buffer.of(0x30), lengthBytes(FUZZ_MAX_PACKET_SIZE - 5), draw.bytes(100)]));
  }
  while (performance.now() < untilMs) await pause(100);
  const gone = clients.filter((client) => client.closed).length;
  clients.forEach((client) => client.destroy());
  return gone === 0 ? [] : [`${gone} clients with an unfinished packet were closed, which no rule says`];
};

/** A conversation in single bytes. */
export const fragments: Attack = async ({ target, untilMs }) => {
  const problems: string[] = [];
  for (let round = 0; performance.now() < untilMs; round += 1) {
    const client = await RawClient.open(target.port);
    for (const byte of Buffer.concat([CONNECT(`crumbs-${round % 3}`), ...Array.from({ length: 100 }, () => Buffer.of(0xc0, 0))])) {
      client.send(Buffer.of(byte));
      if (byte === 0) await pause(0);
    }
    await waitFor('all answers', () => client.packets(5).length === 101 || client.closed, 20_000).catch((error: Error) => problems.push(`fragments: ${error.message}`));
    client.destroy();
  }
  return problems;
};

/** Topics that nobody else uses, as long as they may be, once each. */
export const uniqueTopics: Attack = async ({ target, draw, untilMs }) => {
  const client = await RawClient.open(target.port);
  client.send(CONNECT('unique'));
  for (let count = 0; performance.now() < untilMs && !client.closed; count += 1) {
    if (client.socket.writableLength > 1_000_000) {
      await pause(5);
      continue;
    }
    const topic = `${count}-${draw.below(1_000)}-${'x'.repeat(60_000)}`;
    client.send(encodePacket({ type: 'publish', dup: false, qos: 0, retain: false, topic, packetId: 0, payload: Buffer.alloc(0), properties: {} }, 5));
  }
  const { closed } = client;
  client.destroy();
  return closed ? ['a client with long topics was closed, which no rule says'] : [];
};

export const MQTT_ATTACKS: Readonly<Record<string, Attack>> = { drawnCases, slowLoris, halfOpen, neverReads, connectFlood, hugeLengths, fragments, uniqueTopics };
