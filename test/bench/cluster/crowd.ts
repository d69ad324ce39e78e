/** So many subscribers over three nodes that no process of this machine could hold their sockets alone; each must get each message. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { CROWD_PAYLOAD_BYTES, CROWD_TOPIC } from '../generator/crowd.ts';
import type { GeneratorEvent } from '../generator/job.ts';
import { connect, publish } from '../generator/packets.ts';
import { Publisher } from '../generator/publisher.ts';
import { openClients, type RawClient } from '../generator/rawClient.ts';
import { startGenerator } from '../measure.ts';
import { startNodes } from './nodes.ts';

const NODES = 3;
const CONNECT_LIMIT_MS = 120_000;
const MESSAGES = 30;
const PUBLISH_ROOM = 1;

export interface CrowdResult {
  readonly subscribers: number;
  /** Messages, a probe of each subscriber's own included. */
  readonly received: number;
  readonly lost: number;
  readonly disorder: number;
  /** Connecting and subscribing, all three nodes at once. */
  readonly connectMs: number;
  /** From the first message to the last one received. */
  readonly deliverMs: number;
  readonly rssBytes: readonly number[];
}

/** One generator process as a sequence of events; `go` lets it pass the mark it waits at. */
class GeneratorTalk {
  readonly child: ChildProcess;
  readonly #events: AsyncIterator<string>;

  constructor(child: ChildProcess) {
    this.child = child;
    if (child.stdout === null) throw new Error('the generator has no output');
    this.#events = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  async next(): Promise<GeneratorEvent> {
    const line = await this.#events.next();
    if (line.done === true) throw new Error('a generator ended without a result');
    return JSON.parse(line.value) as GeneratorEvent;
  }

  go(): void {
    this.child.stdin?.write('go\n');
  }
}

/** A publisher at the second node: all messages of one come in order, and two nodes of three get them over a link. */
async function publishAll(port: number): Promise<void> {
  const [client] = await openClients({ address: { port, tls: false }, count: 1, prefix: 'crowd-publisher', connect });
  const publisher = new Publisher(client as RawClient, publish(CROWD_TOPIC, 0, CROWD_PAYLOAD_BYTES, 0), PUBLISH_ROOM);
  publisher.publish(MESSAGES);
}

export async function measureCrowd(perNode: number): Promise<CrowdResult> {
  const nodes = await startNodes(NODES);
  const talks: GeneratorTalk[] = [];
  try {
    const started = performance.now();
    for (const [index, node] of nodes.entries()) {
      const others = [...nodes.slice(index + 1), ...nodes.slice(0, index)].map(({ port }) => ({ port, tls: false }));
      const work = { kind: 'crowd', subscribers: perNode, first: index * perNode, messages: MESSAGES } as const;
      talks.push(new GeneratorTalk(startGenerator({ address: { port: node.port, tls: false }, others, work, warmupMs: CONNECT_LIMIT_MS, measureMs: 0 })));
    }
    await Promise.all(talks.map((talk) => talk.next()));
    const connectMs = performance.now() - started;
    for (const talk of talks) talk.go();
    const published = performance.now();
    await publishAll(nodes[1]?.port ?? 0);
    await Promise.all(talks.map((talk) => talk.next()));
    const deliverMs = performance.now() - published;
    const usages = await Promise.all(nodes.map((node) => node.usage()));
    for (const talk of talks) talk.go();
    const results = await Promise.all(talks.map((talk) => talk.next()));
    const sum = (of: (result: GeneratorEvent) => number): number => results.reduce((total, result) => total + of(result), 0);
    const lost = sum((result) => (result.event === 'result' ? result.lost : Number.NaN));
    const disorder = sum((result) => (result.event === 'result' ? result.disorder : Number.NaN));
    const subscribers = perNode * NODES;
    return { subscribers, received: subscribers * (MESSAGES + 1) - lost, lost, disorder, connectMs, deliverMs, rssBytes: usages.map((usage) => usage.rssBytes) };
  } finally {
    await Promise.all(
      talks.map(async ({ child }) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.kill('SIGKILL');
        await once(child, 'exit');
      }),
    );
    await Promise.all(nodes.map((node) => node.stop()));
  }
}
