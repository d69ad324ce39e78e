/** What a peer must not do to a node (bad input of issue 4): frames that are damaged, out of place or made up close its link, and nothing else happens. */
import { beforeEach, describe, expect, it } from 'vitest';
import { nodeId, sessionMessage } from '../../../test/support/sessionCopies.ts';
import { FRAMES } from '../../../test/support/sessionFrames.ts';
import { BusbarError } from '../../base/errors.ts';
import type { NodeName } from '../../base/ids.ts';
import { silentLog } from '../../base/log.ts';
import { HybridClock, volatileBound } from '../hybridClock.ts';
import { Membership } from '../membership.ts';
import { LinkState } from '../peer.ts';
import type { TransportPort } from '../ports.ts';
import type { StreamHost } from '../stream.ts';
import { FrameReader, type Frame } from '../wire/frameReader.ts';
import { encodeSnapshot } from '../wire/v1SessionRows.ts';
import { encodeBeat, SessionKind } from '../wire/v1Sessions.ts';
import { SessionEngine } from './engine.ts';
import type { ConnectResult, SessionsHost } from './ports.ts';
import { seededPrng } from '../../base/prng.ts';

const SELF = nodeId(1);
const PEER = nodeId(2);
const START_MS = 1_700_000_000_000;
const DAMAGED_FRAMES = 5_000;

let nowMs: number;
let engine: SessionEngine;
let link: LinkState;
let opened: string[];

const transport: TransportPort = { write() {}, queuedBytes: () => 0, holdSender() {}, easeSenders() {}, close() {}, dial() {}, requestTurnEnd() {} };
const host: SessionsHost = Object.assign(Object.create(null) as SessionsHost, {
  dispatch() {},
  deliver() {},
  adopted() {},
  released() {},
  expired() {},
  closeClient() {},
  fireWill() {},
  dropped() {},
  share: () => false,
});

beforeEach(() => {
  nowMs = 0;
  opened = [];
  const clock = { monotonicMs: () => nowMs, wallMs: () => START_MS + nowMs };
  const identity = { nodeId: SELF, incarnation: 1, nonce: '00'.repeat(8), name: 'bus1@h' as NodeName };
  const sink = { isPlain: () => false, put: () => undefined, remove: () => undefined, snapshot() {}, changed() {} };
  const members = new Membership(identity, () => sink);
  const peer = members.add(PEER, 'bus2@h' as NodeName, 1);
  peer.member = true;
  peer.state = 'up';
  link = new LinkState(1, 'accept', peer, transport);
  peer.link = link;
  const crypto = { hmacSha256: () => new Uint8Array(32), randomBytes: (size: number) => new Uint8Array(size) };
  const stream: StreamHost = { identity, members, clock, crypto, log: silentLog, touch() {}, linkTo: (id) => (id === PEER ? link : undefined) };
  const hybrid = new HybridClock({ node: SELF, clock, bound: volatileBound(), log: silentLog });
  engine = new SessionEngine({ durability: 'memory', hasSeeds: false, maxQueued: 100, upgradeQos: false, clock: hybrid, journal: undefined }, host, stream, undefined);
  engine.opened(link);
  engine.up();
  const beat = { at: START_MS * 2_048, settled: [], promoted: [], view: [SELF], draining: false } as const;
  for (const bytes of [encodeBeat(SessionKind.hello, beat), encodeSnapshot([], true, beat.at), FRAMES['SYNCED 0x53'] as Buffer]) engine.frame(link, frameOf(bytes));
  connect('kept');
});

function frameOf(bytes: Buffer): Frame {
  const reader = new FrameReader(1 << 20);
  reader.push(bytes);
  const frame = reader.next();
  if (frame === undefined) throw new Error('no whole frame');
  return { ...frame, body: Buffer.from(frame.body) };
}

function connect(clientId: string): void {
  const done = ({ kind }: ConnectResult) => void opened.push(`${clientId} ${kind}`);
  engine.connect(clientId, { cleanStart: false, expiryMs: 60_000, will: undefined, client: { username: undefined, mountpoint: '' } }, done);
}

/** True when it was taken; false when it was refused as it must be. */
function give(frame: Frame): boolean {
  try {
    engine.frame(link, frame);
    return true;
  } catch (error) {
    if (error instanceof BusbarError && error.code === 'CLUSTER_PROTOCOL') return false;
    throw error;
  }
}

/** Time passes, messages come and clients connect as ever. */
function goesOn(): void {
  for (let tick = 0; tick < 200; tick += 1) {
    nowMs += 100;
    engine.tick(nowMs);
    engine.turnEnd();
  }
  let published = 0;
  engine.publish(sessionMessage('t'), [], [], undefined, { published: () => void (published += 1) });
  engine.turnEnd();
  expect(engine.pending().publishes + published).toBeGreaterThan(0);
}

describe('a node that is told nonsense by a peer', () => {
  it('takes or refuses every kind of frame out of its place', () => {
    for (const bytes of Object.values(FRAMES)) give(frameOf(bytes));
    goesOn();
  });

  it('refuses kinds that are not there', () => {
    for (let kind = 0x69; kind <= 0x6f; kind += 1) expect(give({ kind, flags: 0, body: Buffer.alloc(4) })).toBe(false);
  });

  it('refuses copies and records of sessions that are none', () => {
    for (const name of ['STATE 0x5f', 'HANDIN 0x62', 'REPL 0x64']) expect([name, give(frameOf(FRAMES[name] as Buffer))]).toEqual([name, false]);
    goesOn();
  });

  it('lives through thousands of damaged frames, and serves its own clients afterwards', () => {
    const prng = seededPrng(4711);
    const all = Object.values(FRAMES).map(frameOf);
    let refused = 0;
    for (let number = 0; number < DAMAGED_FRAMES; number += 1) {
      const original = all[number % all.length] as Frame;
      const body = Buffer.from(original.body);
      for (let turns = 1 + Math.floor(prng.next() * 3); turns > 0 && body.length > 0; turns -= 1) body[Math.floor(prng.next() * body.length)] = Math.floor(prng.next() * 256);
      const cut = prng.next() < 0.3 ? Math.floor(prng.next() * body.length) : body.length;
      const flags = prng.next() < 0.2 ? Math.floor(prng.next() * 256) : original.flags;
      if (!give({ ...original, flags, body: body.subarray(0, cut) })) refused += 1;
      if (number % 100 === 0) {
        nowMs += 100;
        engine.tick(nowMs);
        engine.turnEnd();
      }
    }
    expect([refused > 0, refused < DAMAGED_FRAMES]).toEqual([true, true]);
    engine.dropped(link);
    engine.down(link.peer);
    nowMs += 60_000;
    goesOn();
  });
});
