/** One frame of each kind of durable sessions (0x50-0x68) with all its fields set, for golden bytes and for damage. */
import type { NodeId } from '../../broker/base/ids.ts';
import type { ClusterPublish } from '../../broker/cluster/ports.ts';
import { encodeRowChange, encodeSnapshot, type RowChange, type SessionRow } from '../../broker/cluster/wire/v1SessionRows.ts';
import * as wire from '../../broker/cluster/wire/v1Sessions.ts';

const { SessionKind } = wire;

export const NODE = '000102030405060708090a0b0c0d0e0f' as NodeId;
export const OTHER = 'f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff' as NodeId;
/** A hybrid time. */
export const AT = 0x000c_5e7f_2b40_0001;
export const MID: wire.WireMid = { node: OTHER, incarnation: 0x0198, n: 7 };
export const ASK: wire.Ask = { clientId: 'c\u00e4', request: 5, at: AT };
/** QoS 1, topic `t`, packet id 1, payload `x`. */
export const PUBLISH: ClusterPublish = { fromClientId: 'p', fromUsername: 'u', isV5: false, packet: Buffer.from('3206000174000178', 'hex'), qos: 1 } as ClusterPublish;
export const BEAT: wire.Beat = { at: AT, settled: [[0x0198, 9]], promoted: [OTHER], view: [NODE, OTHER], draining: true };
export const FORWARD: wire.Forward<ClusterPublish> = { sequence: 3, n: 4, at: AT, foreign: MID, share: { key: '$share/g/t', again: true }, publish: PUBLISH };
export const LATE: wire.Late<ClusterPublish> = { mid: MID, carrier: { incarnation: 0x0199, n: 8 }, at: AT, publish: PUBLISH };
export const ROW: SessionRow = {
  ...{ clientId: 'c1', role: 'frozen', durable: true, owner: NODE, connectedAt: AT, epoch: AT + 1, lastConn: AT + 2, resetAt: 4, freeze: 6 },
  ...{ to: OTHER, backup: NODE, backed: true, filters: ['a/+', '$share/g/t'] },
};
export const PLAIN_ROW: SessionRow = {
  ...{ clientId: 'c2', role: 'owner', durable: false, owner: NODE, connectedAt: AT, epoch: 0, lastConn: 0, resetAt: 0, freeze: 0 },
  ...{ to: null, backup: null, backed: false, filters: [] },
};
export const MOVED: RowChange = { clientId: 'c1', row: undefined, movedTo: OTHER, lastRow: { ...ROW, owner: OTHER }, endedAt: 0, at: AT };
export const ENDED: RowChange = { clientId: 'c1', row: undefined, movedTo: undefined, lastRow: undefined, endedAt: AT, at: AT };
export const CHANGED: RowChange = { clientId: 'c1', row: ROW, movedTo: undefined, lastRow: undefined, endedAt: 0, at: AT };
export const REPLICATE: wire.Replicate = { ...ASK, after: 4, whole: true, byOwner: true, payload: Buffer.of(0xaa, 0xbb) };
export const COPY: wire.CopyFrame = { ...ASK, copy: Buffer.of(0xaa, 0xbb), sync: true };

/** By name; kinds that have more than one form several times. */
export const FRAMES: Readonly<Record<string, Buffer>> = {
  'HELLO 0x50': wire.encodeBeat(SessionKind.hello, BEAT),
  'SNAPSHOT 0x51': encodeSnapshot([ROW, PLAIN_ROW], true, AT),
  'ROW 0x52': encodeRowChange(CHANGED),
  'ROW 0x52, moved': encodeRowChange(MOVED),
  'ROW 0x52, ended': encodeRowChange(ENDED),
  'SYNCED 0x53': wire.encodeSynced(),
  'HB 0x54': wire.encodeBeat(SessionKind.beat, { ...BEAT, draining: false }),
  'FWD 0x55': wire.encodeForward({ ...FORWARD, foreign: undefined, share: undefined }),
  'FWD 0x55, of another actor, for a group': wire.encodeForward(FORWARD),
  'FACK 0x56': wire.encodeForwardAck([1, 2], [3]),
  'LATE 0x57': wire.encodeLate(LATE),
  'LACK 0x58': wire.encodeLateAck({ mid: MID, promoted: [NODE] }),
  'LOCK 0x59': wire.encodeLock(ASK, true),
  'GRANT 0x5a': wire.encodeAskNode(SessionKind.grant, ASK, NODE),
  'UNLOCK 0x5b, nobody': wire.encodeAskNode(SessionKind.unlock, ASK, null),
  'WHO 0x5c': wire.encodeAsk(SessionKind.who, ASK),
  'WHOIS 0x5d': wire.encodeWhoIs(ASK, true),
  'BEGIN 0x5e': wire.encodeBegin(ASK, true),
  'STATE 0x5f': wire.encodeCopyFrame(SessionKind.state, { ...COPY, sync: false }),
  'STATE 0x5f, without a session': wire.encodeCopyFrame(SessionKind.state, { ...COPY, sync: false, copy: undefined }),
  'STALE or NOTHERE 0x60': wire.encodeAsk(SessionKind.refused, ASK),
  'FLUSH 0x61': wire.encodeAsk(SessionKind.flush, ASK),
  'HANDIN 0x62': wire.encodeCopyFrame(SessionKind.handIn, COPY),
  'HOK 0x63': wire.encodeAsk(SessionKind.handInAck, ASK),
  'REPL 0x64': wire.encodeReplicate(REPLICATE),
  'RACK 0x65': wire.encodeReplicateAcks([['c1', 5]]),
  'NEEDREPL 0x66': wire.encodeAsk(SessionKind.needCopy, ASK),
  'PROM 0x67': wire.encodePromoted(NODE),
  'OFFER 0x68': wire.encodeAsk(SessionKind.offer, ASK),
};
