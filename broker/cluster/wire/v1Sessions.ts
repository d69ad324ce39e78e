/** Frames of durable sessions in wire version 1, frozen with v1.ts: kinds, fields in fixed order (cluster-protocol section 4). */
import type { NodeId } from '../../base/ids.ts';
import type { ClusterPublish } from '../ports.ts';
import { BodyReader, FrameWriter } from './bytes.ts';
import { originBytes, originFlags, readPublishes, writePublish } from './v1Publish.ts';

export const SessionKind = {
  hello: 0x50,
  snapshot: 0x51,
  row: 0x52,
  synced: 0x53,
  beat: 0x54,
  forward: 0x55,
  forwardAck: 0x56,
  late: 0x57,
  lateAck: 0x58,
  lock: 0x59,
  grant: 0x5a,
  unlock: 0x5b,
  who: 0x5c,
  whoIs: 0x5d,
  begin: 0x5e,
  state: 0x5f,
  refused: 0x60,
  flush: 0x61,
  handIn: 0x62,
  handInAck: 0x63,
  replicate: 0x64,
  replicateAck: 0x65,
  needCopy: 0x66,
  promoted: 0x67,
  offer: 0x68,
} as const;

export const SESSION_KINDS = { from: 0x50, to: 0x6f } as const;

const NODE_ID_BYTES = 16;
const FOREIGN = 0x10;
const SHARED = 0x20;
const AGAIN = 0x40;
const DRAINING = 0x01;
const CLEAN = 0x01;
const WHOLE = 0x01;
const SYNC = 0x01;
const EMPTY = 0x02;
const RENEW = 0x01;
const HAS = 0x01;

function writeNodes(writer: FrameWriter, nodes: readonly NodeId[]): FrameWriter {
  writer.u16(nodes.length);
  for (const node of nodes) writer.hex(node);
  return writer;
}

function readNodes(reader: BodyReader): NodeId[] {
  const nodes: NodeId[] = [];
  for (let left = reader.u16(); left > 0; left -= 1) nodes.push(reader.hex(NODE_ID_BYTES) as NodeId);
  return nodes;
}

// ------------------------------------------------------------------ state of a node

/** First frame on a link, and every half second after that (R16, R52). */
export interface Beat {
  /** What the hybrid clock of the sender shows. */
  readonly at: number;
  /** By incarnation of the sender: its messages below this number are settled. Earlier incarnations that are missing are settled whole. */
  readonly settled: readonly (readonly [incarnation: number, below: number])[];
  /** Nodes whose sessions it continues. */
  readonly promoted: readonly NodeId[];
  /** Nodes it has up. */
  readonly view: readonly NodeId[];
  /** It hands its sessions out and wants no others (R72). */
  readonly draining: boolean;
}

export function encodeBeat(kind: number, { at, settled, promoted, view, draining }: Beat): Buffer {
  const writer = new FrameWriter(kind, draining ? DRAINING : 0, 128).u64(at).u16(settled.length);
  for (const [incarnation, below] of settled) writer.u64(incarnation).u64(below);
  return writeNodes(writeNodes(writer, promoted), view).end();
}

export function decodeBeat(flags: number, body: Buffer): Beat {
  const reader = new BodyReader(body);
  const at = reader.u64();
  const settled: [number, number][] = [];
  for (let left = reader.u16(); left > 0; left -= 1) settled.push([reader.u64(), reader.u64()]);
  const beat = { at, settled, promoted: readNodes(reader), view: readNodes(reader), draining: (flags & DRAINING) !== 0 };
  reader.end();
  return beat;
}

/** `PROM`: the sender goes on with the sessions of a node; its rows follow (R59). */
export function encodePromoted(node: NodeId): Buffer {
  return new FrameWriter(SessionKind.promoted, 0, NODE_ID_BYTES).hex(node).end();
}

export function decodePromoted(body: Buffer): NodeId {
  const reader = new BodyReader(body);
  const node = reader.hex(NODE_ID_BYTES) as NodeId;
  reader.end();
  return node;
}

export function encodeSynced(): Buffer {
  return new FrameWriter(SessionKind.synced, 0, 0).end();
}

// ------------------------------------------------------------------ messages

export interface WireMid {
  readonly node: NodeId;
  readonly incarnation: number;
  readonly n: number;
}

/** For a member of a group (`$share/<group>/<filter>`) that the receiver chooses. `again`: others have refused it, so any member will do. */
export interface ForwardedShare {
  readonly key: string;
  readonly again: boolean;
}

/** `FWD` (R52): `foreign`: the message was first accepted by another actor (R65). `share`: for one member of a shared group only. */
export interface Forward<P> {
  /** Counts the forwards from this sender to this receiver; what comes again is known by it. */
  readonly sequence: number;
  /** Of the message, at the sender. */
  readonly n: number;
  readonly at: number;
  readonly foreign: WireMid | undefined;
  readonly share: ForwardedShare | undefined;
  readonly publish: P;
}

export function encodeForward({ sequence, n, at, foreign, share, publish }: Forward<ClusterPublish>): Buffer {
  const flags = originFlags(publish) | (foreign === undefined ? 0 : FOREIGN) | (share === undefined ? 0 : share.again ? SHARED | AGAIN : SHARED);
  const writer = new FrameWriter(SessionKind.forward, flags, 64 + originBytes(publish) + publish.packet.length).u64(sequence).u64(n).u64(at);
  if (foreign !== undefined) writeMid(writer, foreign);
  if (share !== undefined) writer.text(share.key);
  return writePublish(writer, publish).end();
}

export type ReadPublish = ReturnType<typeof readPublishes>;

export function decodeForward(flags: number, body: Buffer): Forward<ReadPublish> {
  const reader = new BodyReader(body);
  const sequence = reader.u64();
  const n = reader.u64();
  const at = reader.u64();
  const foreign = (flags & FOREIGN) === 0 ? undefined : readMid(reader);
  const share = (flags & SHARED) === 0 ? undefined : { key: reader.text(), again: (flags & AGAIN) !== 0 };
  return { sequence, n, at, foreign, share, publish: readPublishes(flags, reader) };
}

function writeMid(writer: FrameWriter, { node, incarnation, n }: WireMid): FrameWriter {
  return writer.hex(node).u64(incarnation).u64(n);
}

function readMid(reader: BodyReader): WireMid {
  return { node: reader.hex(NODE_ID_BYTES) as NodeId, incarnation: reader.u64(), n: reader.u64() };
}

/** `FACK`: secured at the sender; `refused`: no member of the group takes it there, another node is to be chosen (NACK). */
export function encodeForwardAck(numbers: readonly number[], refused: readonly number[]): Buffer {
  const writer = new FrameWriter(SessionKind.forwardAck, 0, 8 + 8 * (numbers.length + refused.length)).u32(numbers.length);
  for (const n of numbers) writer.u64(n);
  writer.u32(refused.length);
  for (const n of refused) writer.u64(n);
  return writer.end();
}

export function decodeForwardAck(body: Buffer): { readonly numbers: number[]; readonly refused: number[] } {
  const reader = new BodyReader(body);
  const read = (): number[] => {
    const numbers: number[] = [];
    for (let left = reader.u32(); left > 0; left -= 1) numbers.push(reader.u64());
    return numbers;
  };
  const acks = { numbers: read(), refused: read() };
  reader.end();
  return acks;
}

export interface Late<P> {
  readonly mid: WireMid;
  /** Under which number of the sender it is open: what its beat says of that number is said of this. */
  readonly carrier: { readonly incarnation: number; readonly n: number };
  readonly at: number;
  readonly publish: P;
}

export function encodeLate({ mid, carrier, at, publish }: Late<ClusterPublish>): Buffer {
  const writer = new FrameWriter(SessionKind.late, originFlags(publish), 80 + originBytes(publish) + publish.packet.length);
  writeMid(writer, mid).u64(carrier.incarnation).u64(carrier.n).u64(at);
  return writePublish(writer, publish).end();
}

export function decodeLate(flags: number, body: Buffer): Late<ReadPublish> {
  const reader = new BodyReader(body);
  return {
    mid: readMid(reader),
    carrier: { incarnation: reader.u64(), n: reader.u64() },
    at: reader.u64(),
    publish: readPublishes(flags, reader),
  };
}

/** `LACK`: applied; `promoted`: the nodes whose sessions the sender continued at that time (C10). */
export interface LateAck {
  readonly mid: WireMid;
  readonly promoted: readonly NodeId[];
}

export function encodeLateAck({ mid, promoted }: LateAck): Buffer {
  return writeNodes(writeMid(new FrameWriter(SessionKind.lateAck, 0), mid), promoted).end();
}

export function decodeLateAck(body: Buffer): LateAck {
  const reader = new BodyReader(body);
  const ack = { mid: readMid(reader), promoted: readNodes(reader) };
  reader.end();
  return ack;
}

// ------------------------------------------------------------------ locks and take-over

/** A client id, the number of the request or attempt, and a hybrid time: what most frames of a take-over consist of. */
export interface Ask {
  readonly clientId: string;
  readonly request: number;
  readonly at: number;
}

function writeAsk(kind: number, flags: number, { clientId, request, at }: Ask): FrameWriter {
  return new FrameWriter(kind, flags, 32 + 3 * clientId.length).text(clientId).u64(request).u64(at);
}

function readAsk(reader: BodyReader): Ask {
  return { clientId: reader.text(), request: reader.u64(), at: reader.u64() };
}

export function encodeLock(ask: Ask, renew: boolean): Buffer {
  return writeAsk(SessionKind.lock, renew ? RENEW : 0, ask).end();
}

/**
 * Frames that are no more than an `Ask`: WHO, STALE (`at` = the fence there is) and NOTHERE (0), FLUSH (the freeze
 * is the request), HOK, NEEDREPL, OFFER.
 */
export function encodeAsk(kind: number, ask: Ask): Buffer {
  return writeAsk(kind, 0, ask).end();
}

export function decodeAsk(body: Buffer): Ask {
  const reader = new BodyReader(body);
  const ask = readAsk(reader);
  reader.end();
  return ask;
}

export function isRenewal(flags: number): boolean {
  return (flags & RENEW) !== 0;
}

/** `at` of a GRANT is the fence. UNLOCK tells the new owner likewise, null when there is none. */
export function encodeAskNode(kind: number, ask: Ask, node: NodeId | null): Buffer {
  return writeNodes(writeAsk(kind, 0, ask), node === null ? [] : [node]).end();
}

export function decodeAskNode(body: Buffer): Ask & { readonly node: NodeId | null } {
  const reader = new BodyReader(body);
  const ask = readAsk(reader);
  const node = readNodes(reader)[0] ?? null;
  reader.end();
  return { ...ask, node };
}

export function encodeWhoIs(ask: Ask, has: boolean): Buffer {
  return writeAsk(SessionKind.whoIs, has ? HAS : 0, ask).end();
}

export function hasIt(flags: number): boolean {
  return (flags & HAS) !== 0;
}

/** `BEGIN`: `at` is the fence. `clean`: the newcomer starts clean, which decides about the will of the old connection. */
export function encodeBegin(ask: Ask, clean: boolean): Buffer {
  return writeAsk(SessionKind.begin, clean ? CLEAN : 0, ask).end();
}

export function isClean(flags: number): boolean {
  return (flags & CLEAN) !== 0;
}

/** `STATE` and `HANDIN`: the copy as copy/codec.ts writes it; none when there was a connection without a session. */
export interface CopyFrame extends Ask {
  readonly copy: Buffer | undefined;
  /** HANDIN: the sender keeps its copy and wants no answer (R56). */
  readonly sync: boolean;
}

export function encodeCopyFrame(kind: number, { copy, sync, ...ask }: CopyFrame): Buffer {
  const writer = writeAsk(kind, (sync ? SYNC : 0) | (copy === undefined ? EMPTY : 0), ask);
  return copy === undefined ? writer.end() : writer.raw(copy).end();
}

export function decodeCopyFrame(flags: number, body: Buffer): CopyFrame {
  const reader = new BodyReader(body);
  const ask = readAsk(reader);
  const rest = reader.rest();
  return { ...ask, copy: (flags & EMPTY) === 0 ? rest : undefined, sync: (flags & SYNC) !== 0 };
}

// ------------------------------------------------------------------ replication

/** `REPL` (R57): `request` is the version behind it; `after` the version it follows on, of no meaning when it is whole. */
export interface Replicate extends Ask {
  readonly after: number;
  readonly whole: boolean;
  /** Sent by an owner, not by a frozen or yielding holder. */
  readonly byOwner: boolean;
  /** A copy, or records one behind the other, as copy/codec.ts writes them. */
  readonly payload: Buffer;
}

const BY_OWNER = 0x02;

export function encodeReplicate({ after, whole, byOwner, payload, ...ask }: Replicate): Buffer {
  const flags = (whole ? WHOLE : 0) | (byOwner ? BY_OWNER : 0);
  return writeAsk(SessionKind.replicate, flags, ask).u64(after).raw(payload).end();
}

export function decodeReplicate(flags: number, body: Buffer): Replicate {
  const reader = new BodyReader(body);
  const ask = readAsk(reader);
  const after = reader.u64();
  return { ...ask, after, whole: (flags & WHOLE) !== 0, byOwner: (flags & BY_OWNER) !== 0, payload: reader.rest() };
}

/** `RACK`s of a turn. */
export function encodeReplicateAcks(acks: readonly (readonly [clientId: string, version: number])[]): Buffer {
  const writer = new FrameWriter(SessionKind.replicateAck, 0, 8 + 32 * acks.length).u32(acks.length);
  for (const [clientId, version] of acks) writer.text(clientId).u64(version);
  return writer.end();
}

export function decodeReplicateAcks(body: Buffer): [string, number][] {
  const reader = new BodyReader(body);
  const acks: [string, number][] = [];
  for (let left = reader.u32(); left > 0; left -= 1) acks.push([reader.text(), reader.u64()]);
  reader.end();
  return acks;
}
