import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { LogFields } from '../base/log.ts';
import type { NodeId, NodeName } from '../base/ids.ts';
import { ClusterNode } from './clusterNode.ts';
import type { ClusterOptions, ClusterPorts, ClusterPublish } from './ports.ts';
import { Handshake } from './handshake.ts';
import { FrameReader } from './wire/frameReader.ts';
import { Kind, decodeClose, encodeBarrier, encodePull, encodeRows, encodeSnap } from './wire/v1.ts';
import { encodeForward } from './wire/v1Publish.ts';

const crypto = {
  hmacSha256: (key: string, data: Uint8Array) => createHmac('sha256', key).update(data).digest(),
  randomBytes: (size: number) => Buffer.alloc(size, 5),
};

/** A node whose transport only keeps what it is given. */
class Bench {
  nowMs = 1_000;
  readonly written = new Map<number, Buffer[]>();
  readonly closed: number[] = [];
  readonly warnings: { msg: string; fields: LogFields }[] = [];
  readonly routes: string[] = [];
  readonly arrived: string[] = [];
  /** Of senders. */
  readonly asked: string[] = [];
  /** The network takes nothing. */
  stuck = false;
  queued = 0;
  readonly options: ClusterOptions;
  readonly node: ClusterNode;

  constructor(seeds: ClusterOptions['seeds'] = []) {
    this.options = { ...optionsOf(1), seeds };
    const ports: ClusterPorts = {
      transport: {
        write: (link, bytes) => {
          this.written.set(link, [...(this.written.get(link) ?? []), Buffer.from(bytes)]);
          if (this.stuck) this.queued += bytes.length;
        },
        queuedBytes: () => this.queued,
        holdSender: () => void this.asked.push('hold'),
        easeSenders: () => void this.asked.push('ease'),
        close: (link) => void this.closed.push(link),
        dial: () => {},
        requestTurnEnd: () => {},
      },
      crypto,
      clock: { monotonicMs: () => this.nowMs, wallMs: () => 1_000_000 },
      broker: {
        remoteRouteAdded: (node, topicFilter) => -Math.sign(this.routes.push(`+ ${node} ${topicFilter}`)),
        remoteRouteRemoved: (node, topicFilter) => Math.sign(this.routes.push(`- ${node} ${topicFilter}`)) - 1,
        remoteRoutesSnapshot: () => {},
        remoteRoutes: () => [],
        remoteNodeDown: (node) => void this.routes.push(`down ${node}`),
        dispatchForwarded: (_node, { bytes, start, end }) => this.arrived.push(bytes.toString('hex', start, end)),
        forwardsFailed: () => {},
        remoteGroupChanged: () => {},
        remoteClaimChanged: () => {},
        dispatchShared: () => {},
      },
      answer: () => {},
      log: { debug() {}, info() {}, error() {}, warn: (msg, fields = {}) => void this.warnings.push({ msg, fields }) },
    };
    this.node = new ClusterNode(this.options, ports);
  }

  /** Frames this node has written to a connection, as kinds. */
  frames(link: number): { readonly kind: number; readonly body: Buffer }[] {
    const reader = new FrameReader(1 << 30);
    for (const chunk of this.written.get(link) ?? []) reader.push(chunk);
    const frames = [];
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) frames.push(frame);
    return frames;
  }

  kinds(link: number): number[] {
    return this.frames(link).map((frame) => frame.kind);
  }

  /** What the peer of this number sends to prove itself on a connection that this node has dialled. */
  answer(link: number, number: number): void {
    const peer = new Handshake('accept', optionsOf(number), crypto, 1_000_000);
    const steps = this.frames(link).map(({ kind, body }) => peer.frame({ flags: 0, kind, body }));
    this.node.gate.bytes(link, steps[0]?.type === 'send' ? steps[0].bytes : Buffer.alloc(0));
    const last = this.frames(link).at(-1);
    const proof = last && peer.frame({ flags: 0, ...last });
    if (proof?.type !== 'proven' || proof.send === undefined) throw new Error('no proof');
    this.node.gate.bytes(link, proof.send);
  }

  /** Lets a proven peer in on this connection. */
  meet(link: number, number: number): void {
    const peer = new Handshake('dial', optionsOf(number), crypto, 1_000_000);
    this.node.gate.accepted(link, '127.0.0.1:50000');
    this.node.gate.bytes(link, peer.hello());
    const hello = this.frames(link)[0];
    const proof = hello === undefined ? undefined : peer.frame({ flags: 0, ...hello });
    if (proof?.type !== 'send') throw new Error('no proof');
    this.node.gate.bytes(link, proof.bytes);
  }
}

function optionsOf(number: number): ClusterOptions {
  const identity = {
    nodeId: String(number).repeat(32) as NodeId,
    incarnation: 1,
    nonce: String(number).repeat(16),
    name: `n${number}@h` as NodeName,
  };
  return { identity, clusterName: 'c', cookie: 'secret', address: { host: 'h', port: 4370 + number }, seeds: [] };
}

const snapOf = (number: number, seq = 0) =>
  encodeSnap({
    wasDown: false,
    routes: { seq, hash: 0 },
    have: 0,
    received: 0,
    members: [
      { nodeId: optionsOf(number).identity.nodeId, incarnation: 1, name: `n${number}@h` as NodeName, host: 'h', port: 4372 },
    ],
  });

const message: ClusterPublish = { packet: Buffer.alloc(1 << 20), isV5: false, qos: 0, fromClientId: 'c', fromUsername: undefined };

describe('a stranger', () => {
  it.each([
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['a frame longer than 4 KiB', Buffer.from('000010010100', 'hex')],
    ['frames that make more than 4 KiB together', Buffer.alloc(8_000, Buffer.from('000003ff0101', 'hex'))],
    ['rows before a proof', encodeRows({ seq: 1, snapshot: undefined, rows: [{ key: 'stolen/#', value: Buffer.alloc(0) }] })],
    ['a message before a proof', encodeForward({ ...message, packet: Buffer.alloc(9) })],
  ])('who sends %s is shut out with one event, and the core hears nothing (R7)', (_name, bytes) => {
    const bench = new Bench();
    bench.node.gate.accepted(9, '10.0.0.9:1234');
    bench.node.gate.bytes(9, bytes);
    expect(bench.closed).toEqual([9]);
    expect(bench.warnings.map(({ msg, fields }) => [msg, fields['code']])).toEqual([
      ['cluster_link_refused', 'CLUSTER_PROTOCOL'],
    ]);
    expect({ routes: bench.routes, arrived: bench.arrived }).toEqual({ routes: [], arrived: [] });
    expect(bench.node.gate.connections).toBe(0);
  });

  it('who says nothing is shut out after 5 s', () => {
    const bench = new Bench();
    bench.node.gate.accepted(9, '10.0.0.9:1234');
    bench.nowMs += 4_999;
    bench.node.tick();
    expect(bench.closed).toEqual([]);
    bench.nowMs += 1;
    bench.node.tick();
    expect(bench.closed).toEqual([9]);
  });

  it('waits for no more than 63 others: the 65th is turned away, and counted', () => {
    const bench = new Bench();
    for (let id = 1; id <= 65; id += 1) bench.node.gate.accepted(id, '10.0.0.9:1');
    expect({ closed: bench.closed, strangers: bench.node.gate.strangers, refused: bench.node.gate.strangersRefused }).toEqual({
      closed: [65],
      strangers: 64,
      refused: 1,
    });
  });
});

describe('R8 a proven peer, while this node with the smaller id dials it', () => {
  const seed = { host: 'h', port: 4372 };
  const crossed = () => {
    const bench = new Bench([{ node: 'n2@h' as NodeName, ...seed }]);
    bench.node.gate.dialled(1, seed);
    bench.meet(2, 2);
    return bench;
  };

  it('waits for half a second, so that of two connections only one becomes a link', () => {
    const bench = crossed();
    bench.nowMs += 499;
    bench.node.tick();
    expect(bench.kinds(2)).toEqual([Kind.hello]);
    bench.answer(1, 2);
    bench.node.turnEnd();
    expect(bench.kinds(1)).toEqual([Kind.hello, Kind.prove, Kind.snap]);
    const [, close] = bench.frames(2);
    expect({ kind: close?.kind, close: close && decodeClose(close.body), closed: bench.closed }).toEqual({
      kind: Kind.close,
      close: { code: 'DUPLICATE_LINK', message: 'Both nodes dialled; the other connection is kept' },
      closed: [2],
    });
  });

  it('is let in after that, whoever keeps silent at the address of the seed', () => {
    const bench = crossed();
    bench.nowMs += 500;
    bench.node.tick();
    bench.node.turnEnd();
    expect({ kinds: bench.kinds(2), closed: bench.closed }).toEqual({ kinds: [Kind.hello, Kind.prove, Kind.snap], closed: [] });
  });

  it('is let in when the own dial ends, and is forgotten when it goes itself', () => {
    const bench = crossed();
    bench.meet(3, 2);
    bench.node.gate.closed(2, 'gone');
    bench.node.gate.closed(1, 'hung up');
    bench.node.tick();
    bench.node.turnEnd();
    expect([2, 3].map((link) => bench.kinds(link))).toEqual([[Kind.hello], [Kind.hello, Kind.prove, Kind.snap]]);
  });
});

describe('a proven peer', () => {
  it('gets our proof and then SNAP; its frames reach the core', () => {
    const bench = new Bench();
    bench.node.core.routeAdded('own');
    bench.meet(1, 2);
    bench.node.turnEnd();
    expect(bench.kinds(1)).toEqual([Kind.hello, Kind.prove, Kind.snap]);
    bench.node.gate.bytes(
      1,
      Buffer.concat([snapOf(2), encodeRows({ seq: 1, snapshot: undefined, rows: [{ key: 'a', value: Buffer.alloc(0) }] })]),
    );
    expect(bench.routes).toEqual(['+ n2@h a']);
  });

  it('is closed with PROTOCOL for a frame that does not exist, and the node goes on', () => {
    const bench = new Bench();
    bench.meet(1, 2);
    bench.node.gate.bytes(1, snapOf(2));
    bench.node.gate.bytes(1, Buffer.from('000000027f00', 'hex'));
    const last = bench.frames(1).at(-1);
    expect(last && decodeClose(last.body)).toEqual({
      code: 'CLUSTER_PROTOCOL',
      message: 'Frame kind 127 is unknown in wire version 1',
    });
    expect(bench.node.core.links()).toMatchObject([{ peer: 'n2@h', state: 'suspect' }]);
  });

  it('S14 that leaves a gap in its rows is asked for what is missing, by number', () => {
    const bench = new Bench();
    bench.meet(1, 2);
    bench.node.gate.bytes(1, snapOf(2));
    const row = (seq: number) => encodeRows({ seq, snapshot: undefined, rows: [{ key: `t${seq}`, value: Buffer.alloc(0) }] });
    bench.node.gate.bytes(1, Buffer.concat([row(1), row(3), row(4)]));
    bench.node.turnEnd();
    const pulls = (bench.written.get(1) ?? []).filter((bytes) => bytes.includes(encodePull(1)));
    expect(pulls).toHaveLength(1);
    const missing = [2, 3, 4].map((seq) => ({ key: `t${seq}`, value: Buffer.alloc(0) }));
    bench.node.gate.bytes(1, encodeRows({ seq: 2, snapshot: undefined, rows: missing }));
    expect(bench.routes).toEqual(['+ n2@h t1', '+ n2@h t2', '+ n2@h t3', '+ n2@h t4']);
  });

  it('hears of our rows before we confirm its own, so that of two claims one side knows in time', () => {
    const bench = new Bench();
    bench.meet(1, 2);
    bench.node.gate.bytes(1, snapOf(2));
    bench.node.turnEnd();
    const before = bench.frames(1).length;
    bench.node.core.claimChanged('$exclusive/t', { clientId: 'c', sinceMs: 1 });
    bench.node.gate.bytes(1, encodeRows({ seq: 1, snapshot: undefined, rows: [{ key: 'a', value: Buffer.alloc(0) }] }));
    bench.node.gate.bytes(1, encodeBarrier(Kind.barrier, 1));
    bench.node.turnEnd();
    expect(bench.frames(1).slice(before).map((frame) => frame.kind)).toEqual([Kind.rows, Kind.barrierAck]);
  });

  it('gets all frames of a turn in one write', () => {
    const bench = new Bench();
    bench.meet(1, 2);
    bench.node.gate.bytes(1, snapOf(2));
    bench.node.turnEnd();
    const before = bench.written.get(1)?.length ?? 0;
    bench.node.core.routeAdded('a');
    bench.node.core.routeAdded('b');
    for (let count = 0; count < 5; count += 1)
      bench.node.core.forward('n2@h' as NodeName, { ...message, packet: Buffer.alloc(1) });
    bench.node.turnEnd();
    expect(bench.written.get(1)?.length).toBe(before + 1);
  });
});

describe('a link that is behind', () => {
  const behind = () => {
    const bench = new Bench();
    bench.meet(1, 2);
    bench.node.gate.bytes(1, snapOf(2));
    bench.node.turnEnd();
    bench.stuck = true;
    return bench;
  };
  /** Forwards of 1 MiB each, a turn each. */
  const forward = (bench: Bench, count: number, qos: 0 | 1) => {
    for (let index = 0; index < count; index += 1) {
      bench.node.core.forward('n2@h' as NodeName, { ...message, qos });
      bench.node.turnEnd();
    }
  };

  it('by more than 16 MiB drops QoS 0 and counts it, keeps QoS 1, and takes QoS 0 again when it has drained (R23)', () => {
    const bench = behind();
    // Sixteen of a little over 1 MiB exceed the bound; what follows is dropped.
    forward(bench, 20, 0);
    expect(bench.node.core.losses().forwardsDropped).toBe(4);
    forward(bench, 1, 1);
    expect(bench.node.core.links()).toMatchObject([{ messagesOut: 17 }]);
    bench.queued = 0;
    forward(bench, 1, 0);
    expect(bench.node.core.links()).toMatchObject([{ messagesOut: 18 }]);
    expect(bench.node.core.losses().forwardsDropped).toBe(4);
  });

  it('by more than 4 MiB holds back whoever adds to it, until less than 2 MiB wait (R23)', () => {
    const bench = behind();
    forward(bench, 4, 0);
    expect(bench.asked).toEqual([]);
    forward(bench, 2, 0);
    expect(bench.asked).toEqual(['hold', 'hold']);
    bench.queued = 3 << 20;
    bench.node.turnEnd();
    expect(bench.asked.length).toBe(2);
    bench.queued = 1 << 20;
    bench.node.turnEnd();
    bench.node.turnEnd();
    expect(bench.asked).toEqual(['hold', 'hold', 'ease']);
  });

  it('by 64 MiB is closed, with the reason (R23)', () => {
    const bench = behind();
    forward(bench, 70, 1);
    expect(bench.closed).toEqual([1]);
    expect(bench.node.core.links()).toMatchObject([
      { state: 'suspect', reason: expect.stringContaining('bytes wait for n2@h') as string },
    ]);
    expect(bench.node.core.losses().forwardsLost).toBeGreaterThan(0);
  });
});
