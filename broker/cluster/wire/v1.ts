/**
 * Control frames of wire version 1: kinds, fields in fixed order, bytes. Golden bytes are in v1.test.ts. From the first release on
 * this file is frozen: a change is a new version beside it (style.md, habit 22). Forwards are in v1Forward.ts.
 */
import type { NodeId, NodeName } from '../../base/ids.ts';
import { parseNodeName } from '../../base/ids.ts';
import { BodyReader, FrameWriter, protocolError } from './bytes.ts';

export const WIRE_VERSION = 1;
/** Oldest and newest version this program speaks. */
export const WIRE_VERSIONS = { min: 1, max: 1 } as const;

export const Kind = {
  hello: 0x01,
  prove: 0x02,
  close: 0x03,
  snap: 0x10,
  heartbeat: 0x11,
  rows: 0x20,
  pull: 0x21,
  barrier: 0x22,
  barrierAck: 0x23,
  forward: 0x30,
  forwardShared: 0x31,
  rowsTaken: 0x32,
  call: 0x40,
  reply: 0x41,
} as const;

const MAGIC = 'BUSB';
export const CHALLENGE_BYTES = 32;
export const PROOF_BYTES = 32;
const NODE_ID_BYTES = 16;
const NONCE_BYTES = 8;

function nodeName(text: string): NodeName {
  const name = parseNodeName(text);
  if (name === undefined) throw protocolError('A frame names a node in another form than name@host');
  return name;
}

// ------------------------------------------------------------------ handshake

/** First frame of both ends. Its layout is the same in every version, because the version is agreed with it. */
export interface Hello {
  readonly versions: { readonly min: number; readonly max: number };
  readonly clusterName: string;
  readonly nodeId: NodeId;
  readonly name: NodeName;
  readonly incarnation: number;
  readonly nonce: string;
  readonly wallMs: number;
  readonly challenge: Uint8Array;
}

export function encodeHello(hello: Hello): Buffer {
  return new FrameWriter(Kind.hello, 0, 160)
    .raw(Buffer.from(MAGIC, 'latin1'))
    .u8(hello.versions.min)
    .u8(hello.versions.max)
    .text(hello.clusterName)
    .hex(hello.nodeId)
    .text(hello.name)
    .u64(hello.incarnation)
    .hex(hello.nonce)
    .u64(hello.wallMs)
    .raw(hello.challenge)
    .end();
}

export function decodeHello(body: Buffer): Hello {
  const reader = new BodyReader(body);
  if (reader.raw(MAGIC.length).toString('latin1') !== MAGIC) throw protocolError('The first frame is not a HELLO of Busbar');
  const hello: Hello = {
    versions: { min: reader.u8(), max: reader.u8() },
    clusterName: reader.text(),
    nodeId: reader.hex(NODE_ID_BYTES) as NodeId,
    name: nodeName(reader.text()),
    incarnation: reader.u64(),
    nonce: reader.hex(NONCE_BYTES),
    wallMs: reader.u64(),
    challenge: Buffer.from(reader.raw(CHALLENGE_BYTES)),
  };
  // Later versions may append fields here; an older reader leaves them alone.
  return hello;
}

export function encodeProve(proof: Uint8Array): Buffer {
  return new FrameWriter(Kind.prove, 0, PROOF_BYTES).raw(proof).end();
}

export function decodeProve(body: Buffer): Buffer {
  if (body.length !== PROOF_BYTES) throw protocolError('A proof has another length than 32 bytes');
  return body;
}

/** The sender ends the connection and says why; the last frame of a link. */
export interface Close {
  readonly code: string;
  readonly message: string;
}

export function encodeClose(close: Close): Buffer {
  return new FrameWriter(Kind.close, 0, 128).text(close.code).text(close.message.slice(0, 1_000)).end();
}

export function decodeClose(body: Buffer): Close {
  const reader = new BodyReader(body);
  const close = { code: reader.text(), message: reader.text() };
  reader.end();
  return close;
}

// ------------------------------------------------------------------ membership

export interface MemberRow {
  readonly nodeId: NodeId;
  readonly incarnation: number;
  readonly name: NodeName;
  readonly host: string;
  readonly port: number;
}

/** What a table of the sender looked like when the frame was made. */
export interface TableMark {
  readonly seq: number;
  readonly hash: number;
}

/** First frame after the proof in both directions (R25: deltas follow it at once). */
export interface Snap {
  /** The sender had declared the receiver down since their last link (R20). */
  readonly wasDown: boolean;
  readonly routes: TableMark;
  /** How far the sender has the receiver's routes. */
  readonly have: number;
  /** Forwarded messages of the receiver's present life that the sender has got in its own (R24). */
  readonly received: number;
  /** The sender itself first, then all members it knows. */
  readonly members: readonly MemberRow[];
}

const SNAP_WAS_DOWN = 0x01;

export function encodeSnap(snap: Snap): Buffer {
  const writer = new FrameWriter(Kind.snap, snap.wasDown ? SNAP_WAS_DOWN : 0, 256);
  writer.u64(snap.routes.seq).u32(snap.routes.hash).u64(snap.have).u64(snap.received).u16(snap.members.length);
  for (const row of snap.members) writer.hex(row.nodeId).u64(row.incarnation).text(row.name).text(row.host).u16(row.port);
  return writer.end();
}

export function decodeSnap(flags: number, body: Buffer): Snap {
  const reader = new BodyReader(body);
  const routes = { seq: reader.u64(), hash: reader.u32() };
  const have = reader.u64();
  const received = reader.u64();
  const count = reader.u16();
  const members: MemberRow[] = [];
  for (let index = 0; index < count; index += 1) {
    members.push({
      nodeId: reader.hex(NODE_ID_BYTES) as NodeId,
      incarnation: reader.u64(),
      name: nodeName(reader.text()),
      host: reader.text(),
      port: reader.u16(),
    });
  }
  reader.end();
  return { wasDown: (flags & SNAP_WAS_DOWN) !== 0, routes, have, received, members };
}

/** Every 500 ms in both directions (R16). */
export interface Heartbeat {
  /** Microseconds of the sender's own clock; only the sender reads it again, in the echo. */
  readonly sentUs: number;
  /** The receiver's last `sentUs`, 0 before the first; with `echoAgeUs`, how long it lay here, the round trip follows. */
  readonly echoUs: number;
  readonly echoAgeUs: number;
  /** How long ago the sender last heard the receiver (R18). */
  readonly heardAgoMs: number;
  readonly routes: TableMark;
  /** Nodes the sender has up. */
  readonly view: readonly NodeId[];
}

export function encodeHeartbeat(beat: Heartbeat): Buffer {
  const writer = new FrameWriter(Kind.heartbeat, 0, 64 + beat.view.length * NODE_ID_BYTES);
  writer.u64(beat.sentUs).u64(beat.echoUs).u32(beat.echoAgeUs).u32(beat.heardAgoMs).u64(beat.routes.seq).u32(beat.routes.hash);
  writer.u16(beat.view.length);
  for (const nodeId of beat.view) writer.hex(nodeId);
  return writer.end();
}

export function decodeHeartbeat(body: Buffer): Heartbeat {
  const reader = new BodyReader(body);
  const beat = {
    sentUs: reader.u64(),
    echoUs: reader.u64(),
    echoAgeUs: reader.u32(),
    heardAgoMs: reader.u32(),
    routes: { seq: reader.u64(), hash: reader.u32() },
    view: Array.from({ length: reader.u16() }, () => reader.hex(NODE_ID_BYTES) as NodeId),
  };
  reader.end();
  return beat;
}

// ------------------------------------------------------------------ owner-partitioned tables

/** A row that was written, or removed when `value` is undefined. */
export interface RowChange {
  readonly key: string;
  readonly value: Uint8Array | undefined;
}

/** Rows of one table of the sender: consecutive changes from `seq`, or a slice of a snapshot that stands at `seq`. */
export interface Rows {
  readonly seq: number;
  readonly snapshot: { readonly first: boolean; readonly last: boolean } | undefined;
  readonly rows: readonly RowChange[];
}

const ROWS_SNAPSHOT = 0x01;
const ROWS_FIRST = 0x02;
const ROWS_LAST = 0x04;
const ROW_REMOVED = 0;
const ROW_PUT = 1;
export const ROUTES_TABLE = 1;

export function encodeRows(rows: Rows): Buffer {
  const { snapshot } = rows;
  const flags = snapshot ? ROWS_SNAPSHOT | (snapshot.first ? ROWS_FIRST : 0) | (snapshot.last ? ROWS_LAST : 0) : 0;
  const writer = new FrameWriter(Kind.rows, flags, 32 + rows.rows.length * 32)
    .u8(ROUTES_TABLE)
    .u64(rows.seq)
    .u32(rows.rows.length);
  for (const { key, value } of rows.rows) {
    writer.u8(value === undefined ? ROW_REMOVED : ROW_PUT).text(key);
    if (value !== undefined) writer.bytes16(value);
  }
  return writer.end();
}

export function decodeRows(flags: number, body: Buffer): Rows {
  const reader = new BodyReader(body);
  expectRoutes(reader.u8());
  const seq = reader.u64();
  const count = reader.u32();
  const rows: RowChange[] = [];
  for (let index = 0; index < count; index += 1) {
    const removed = reader.u8() === ROW_REMOVED;
    const key = reader.text();
    rows.push({ key, value: removed ? undefined : valueOf(reader.bytes16()) });
  }
  reader.end();
  const snapshot =
    (flags & ROWS_SNAPSHOT) === 0 ? undefined : { first: (flags & ROWS_FIRST) !== 0, last: (flags & ROWS_LAST) !== 0 };
  return { seq, snapshot, rows };
}

const NO_BYTES = Buffer.alloc(0);

/** A copy; most values are empty. */
function valueOf(bytes: Buffer): Buffer {
  return bytes.length === 0 ? NO_BYTES : Buffer.from(bytes);
}

function expectRoutes(table: number): void {
  if (table !== ROUTES_TABLE) throw protocolError(`Table ${table} is unknown in wire version ${WIRE_VERSION}`);
}

/** "I have applied a slice of your snapshot", which is not the last one. */
export function encodeRowsTaken(): Buffer {
  return new FrameWriter(Kind.rowsTaken, 0, 1).u8(ROUTES_TABLE).end();
}

export function decodeRowsTaken(body: Buffer): void {
  const reader = new BodyReader(body);
  expectRoutes(reader.u8());
  reader.end();
}

/** Asks for all changes after `from`; 0 asks for a snapshot. */
export function encodePull(from: number): Buffer {
  return new FrameWriter(Kind.pull, 0, 16).u8(ROUTES_TABLE).u64(from).end();
}

export function decodePull(body: Buffer): number {
  const reader = new BodyReader(body);
  expectRoutes(reader.u8());
  const from = reader.u64();
  reader.end();
  return from;
}

/** "Tell me when you have applied my routes up to `seq`" and its answer (R28). */
export function encodeBarrier(kind: typeof Kind.barrier | typeof Kind.barrierAck, seq: number): Buffer {
  return new FrameWriter(kind, 0, 8).u64(seq).end();
}

export function decodeBarrier(body: Buffer): number {
  const reader = new BodyReader(body);
  const seq = reader.u64();
  reader.end();
  return seq;
}

// ------------------------------------------------------------------ questions

export interface Call {
  readonly requestId: number;
  readonly question: string;
  /** JSON as UTF-8. */
  readonly params: Uint8Array;
}

export function encodeCall(call: Call): Buffer {
  return new FrameWriter(Kind.call, 0, 32 + call.params.length).u32(call.requestId).text(call.question).raw(call.params).end();
}

export function decodeCall(body: Buffer): Call {
  const reader = new BodyReader(body);
  return { requestId: reader.u32(), question: reader.text(), params: reader.rest() };
}

export type Reply =
  | { readonly requestId: number; readonly ok: true; readonly answer: Uint8Array }
  | { readonly requestId: number; readonly ok: false; readonly code: string; readonly message: string; readonly hint: string };

const REPLY_FAILED = 0x01;

export function encodeReply(reply: Reply): Buffer {
  if (reply.ok) return new FrameWriter(Kind.reply, 0, 8 + reply.answer.length).u32(reply.requestId).raw(reply.answer).end();
  return new FrameWriter(Kind.reply, REPLY_FAILED, 256)
    .u32(reply.requestId)
    .text(reply.code)
    .text(reply.message.slice(0, 4_000))
    .text(reply.hint.slice(0, 4_000))
    .end();
}

export function decodeReply(flags: number, body: Buffer): Reply {
  const reader = new BodyReader(body);
  const requestId = reader.u32();
  if ((flags & REPLY_FAILED) === 0) return { requestId, ok: true, answer: reader.rest() };
  const reply = { requestId, ok: false as const, code: reader.text(), message: reader.text(), hint: reader.text() };
  reader.end();
  return reply;
}
