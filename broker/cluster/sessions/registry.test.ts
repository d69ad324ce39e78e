import { beforeEach, describe, expect, it } from 'vitest';
import { nodeId, sessionMessage } from '../../../test/support/sessionCopies.ts';
import type { NodeName } from '../../base/ids.ts';
import type { LinkState } from '../peer.ts';
import { HEADER_BYTES } from '../wire/bytes.ts';
import { FrameReader } from '../wire/frameReader.ts';
import { decodeRowChange, decodeSnapshot, type SessionRow } from '../wire/v1SessionRows.ts';
import { decodeAsk, SessionKind } from '../wire/v1Sessions.ts';
import type { Desk } from './desk.ts';
import { Interest } from './interest.ts';
import { ROWS_PER_FRAME } from './limits.ts';
import { SessionPeer } from './peers.ts';
import { Registry } from './registry.ts';

const SELF = nodeId(1);
const AT = 1_000;



let peers: SessionPeer[];
let sent: Buffer[];
let asked: [string, ReturnType<typeof decodeAsk>][];
let registry: Registry;
let interest: Interest;

beforeEach(() => {
  sent = [];
  asked = [];
  peers = [2, 3].map((number) => new SessionPeer({ nodeId: nodeId(number), name: `bus${number}@h` as NodeName, incarnation: 1 }));
  for (const peer of peers) {
    peer.standing = 'up';
    peer.link = { control: (frame: Buffer) => void sent.push(frame) } as unknown as LinkState;
  }
  interest = new Interest();
  let at = AT;
  registry = new Registry({
    self: SELF,
    interest,
    peers: {
      all: () => peers.values(),
      get: (id: string) => peers.find(({ nodeId: own }) => own === id),
      send: ({ name }: SessionPeer, frame: Buffer) => asked.push([name, decodeAsk(frame.subarray(HEADER_BYTES))]),
    },
    copies: { get: () => undefined },
    forwards: { left() {} },
    endings: { ended() {} },
    options: { clock: { nextAt: () => (at += 1), heard() {} } },
    stream: { touch() {} },
  } as unknown as Desk);
});

const peer = (number: number) => peers[number - 2] as SessionPeer;
const row = (owner: number, fields: Partial<SessionRow> = {}): SessionRow => ({
  ...{ clientId: 'c', role: 'owner', durable: true, owner: nodeId(owner), connectedAt: 0, epoch: 5, lastConn: 0, resetAt: 0, freeze: 0 },
  ...{ to: null, backup: null, backed: true, filters: ['t'], ...fields },
});
const gone = { clientId: 'c', row: undefined, movedTo: undefined, lastRow: undefined, endedAt: 0, at: AT };
const wanting = () => interest.match(sessionMessage('t')).remotes.map(({ peer: { name } }) => name);

function frames() {
  return sent.map((bytes) => {
    const reader = new FrameReader(1 << 22);
    reader.push(bytes);
    const frame = reader.next();
    if (frame === undefined) throw new Error('no whole frame');
    return { ...frame, body: Buffer.from(frame.body) };
  });
}

describe('the registry of sessions (R26)', () => {
  it('has who owns a session and what it wants, from a snapshot and from changes after it', () => {
    registry.replace(peer(2), [row(2)]);
    expect([registry.bestUp('c')?.owner, wanting()]).toEqual([nodeId(2), ['bus2@h']]);
    registry.change(peer(2), { ...gone, row: row(2, { filters: ['other'] }) });
    expect(wanting()).toEqual([]);
    registry.change(peer(2), gone);
    expect([registry.bestUp('c'), interest.isEmpty]).toEqual([undefined, true]);
  });

  it('of two owners shows the one of the higher rank: connected before not, then the later (R50)', () => {
    registry.replace(peer(2), [row(2, { epoch: 9 })]);
    registry.replace(peer(3), [row(3, { connectedAt: 7, epoch: 1 })]);
    expect(registry.bestUp('c')?.owner).toBe(nodeId(3));
    registry.change(peer(3), { ...gone, row: row(3, { role: 'frozen', connectedAt: 7 }) });
    expect(registry.bestUp('c')?.owner).toBe(nodeId(2));
  });

  it('keeps the rows of a node that is not up as dormant ones, which own nothing (R29)', () => {
    registry.replace(peer(2), [row(2)]);
    peer(2).standing = 'down';
    expect([registry.bestUp('c'), registry.hasLiveOwner('c'), registry.dormant, wanting()]).toEqual([undefined, false, 1, ['bus2@h']]);
    registry.forget(peer(2));
    expect([registry.dormant, interest.isEmpty]).toEqual([0, true]);
  });

  it('notes a session that moved to a node that cannot say so itself (R31, S33)', () => {
    peer(3).standing = 'down';
    registry.replace(peer(2), [row(2)]);
    registry.change(peer(2), { ...gone, movedTo: nodeId(3), lastRow: row(2) });
    expect([peer(3).rows.get('c')?.owner, wanting()]).toEqual([nodeId(3), ['bus3@h']]);
  });

  it('supposes a session that vanished from a snapshot at every node that is not up, unless it lives elsewhere (C11)', () => {
    registry.replace(peer(2), [row(2)]);
    peer(3).standing = 'down';
    registry.replace(peer(2), []);
    expect(peer(3).rows.has('c')).toBe(true);
    registry.forget(peer(3));
    registry.replace(peer(2), [row(2)]);
    peer(3).standing = 'up';
    registry.replace(peer(3), [row(3)]);
    registry.replace(peer(2), []);
    expect(peer(2).rows.has('c')).toBe(false);
  });

  it('supposes it at a node that is up, too, for messages alone and until that one had the time to tell (C11)', () => {
    registry.replace(peer(2), [row(2)]);
    registry.replace(peer(2), []);
    expect([wanting(), registry.bestUp('c'), asked.map(([name, { clientId, request }]) => [name, clientId, request])]).toEqual([['bus3@h'], undefined, [['bus3@h', '', 1]]]);
    registry.told(peer(3), 1);
    expect(interest.isEmpty).toBe(true);
  });

  it('keeps what it supposes of a node that is lost before it answered (R29), and finds it elsewhere when that one is back without it', () => {
    registry.replace(peer(2), [row(2)]);
    registry.change(peer(2), { ...gone, movedTo: nodeId(3), lastRow: row(2) });
    peer(3).standing = 'suspect';
    registry.dropped(peer(3));
    expect([peer(3).rows.get('c')?.owner, wanting()]).toEqual([nodeId(3), ['bus3@h']]);
    peer(3).standing = 'up';
    registry.replace(peer(3), []);
    expect([peer(3).rows.size, wanting(), asked.map(([name]) => name)]).toEqual([0, ['bus2@h'], ['bus3@h', 'bus2@h']]);
  });

  it('takes the row of the node itself for what it supposed of it', () => {
    registry.replace(peer(2), [row(2)]);
    registry.replace(peer(2), []);
    registry.change(peer(3), { ...gone, row: row(3, { filters: ['other'] }) });
    expect([wanting(), registry.bestUp('c')?.owner, peer(3).supposed.size]).toEqual([[], nodeId(3), 0]);
  });

  it('tells own connections to all peers, and that they are gone', () => {
    registry.plain.set('mine', AT);
    registry.changed('mine');
    registry.flush();
    registry.plain.delete('mine');
    registry.gone('mine', undefined);
    registry.flush();
    const told = frames().map(({ kind, flags, body }) => [kind, decodeRowChange(flags, body, SELF).row?.clientId]);
    expect(told).toEqual([
      [SessionKind.row, 'mine'],
      [SessionKind.row, 'mine'],
      [SessionKind.row, undefined],
      [SessionKind.row, undefined],
    ]);
  });

  it('sends a snapshot in slices, the last of which says so, and one of nothing too', () => {
    registry.sendSnapshot(peer(2));
    for (let number = 0; number < ROWS_PER_FRAME + 1; number += 1) registry.plain.set(`c${number}`, AT);
    registry.sendSnapshot(peer(2));
    const slices = frames().map(({ flags, body }) => decodeSnapshot(flags, body, SELF)).map(({ rows, last }) => [rows.length, last]);
    expect(slices).toEqual([[0, true], [ROWS_PER_FRAME, false], [1, true]]);
  });
});
