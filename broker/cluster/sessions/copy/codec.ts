/** Records and whole copies as bytes, in version 1 (batch.ts): fields in a fixed order, the same for disk, replication and hand-in. */
import { unreachable } from '../../../base/assert.ts';
import type { NodeId } from '../../../base/ids.ts';
import { protocolError } from '../../wire/bytes.ts';
import type { SessionClient, SessionWill } from '../ports.ts';
import { SessionCopy, type AwaitedMid, type CopyItem, type CopySubscription, type ItemState, type Role } from './copy.ts';
import type { Lineage } from './identity.ts';
import type { SessionRecord } from './record.ts';
import type { RecordReader, RecordWriter } from './recordBytes.ts';
import type { ReadTables, WriteTables } from './sharedValues.ts';

const STATES: readonly ItemState[] = ['queued', 'sent', 'released'];
const ROLES: readonly Role[] = ['owner', 'backup', 'frozen', 'yield'];

/** Positions are the numbers on disk and wire, counted from 1: only ever append. */
const RECORD_TYPES: readonly SessionRecord['type'][] = [
  'enqueue',
  'state',
  'finish',
  'subscribe',
  'unsubscribe',
  'await',
  'release',
  'role',
  'claim',
  'reset',
  'will',
  'expiry',
  'merge',
  'purge',
  'client',
];
const TYPE_NUMBER = Object.fromEntries(RECORD_TYPES.map((type, at) => [type, at + 1])) as Record<SessionRecord['type'], number>;

const Item = { qos2: 0x01, retain: 0x02, hasIds: 0x04, hasPacketId: 0x08, stateShift: 4, stateMask: 3, shared: 0x40 } as const;
const Sub = { qosMask: 0x03, noLocal: 0x04, retainAsPublished: 0x08, handlingShift: 4, on: 0x40 } as const;

export function writeRecord(writer: RecordWriter, tables: WriteTables, record: SessionRecord): void {
  writer.u8(TYPE_NUMBER[record.type]);
  switch (record.type) {
    case 'enqueue':
      return writeItem(writer, tables, record.item);
    case 'state':
      tables.mid(writer, record.mid);
      writer.u8(STATES.indexOf(record.state));
      return writer.u16(record.packetId);
    case 'finish':
      tables.mid(writer, record.mid);
      return writer.u64(record.at);
    case 'subscribe':
      return writeSubscription(writer, tables, record.subscription);
    case 'unsubscribe':
      writer.text(record.topicFilter);
      writer.u64(record.stamp.at);
      return tables.text(writer, record.stamp.node);
    case 'await':
      writer.u16(record.packetId);
      return writeAwaited(writer, tables, record.mid);
    case 'release':
      return writer.u16(record.packetId);
    case 'client':
      return writeClient(writer, tables, record.client);
    case 'role':
      writer.u8(ROLES.indexOf(record.role));
      return writeText(writer, tables, record.backup);
    case 'claim':
      tables.text(writer, record.owner);
      writer.u64(record.epoch);
      writer.u64(record.connectedAt);
      return writer.u64(record.disconnectedAt);
    case 'reset':
      return writer.u64(record.at);
    case 'will':
      return writeWill(writer, tables, record.will);
    case 'expiry':
      return writer.f64(record.expiryMs);
    case 'merge':
      return writeCopy(writer, tables, record.copy);
    case 'purge':
      writer.varint(record.settled.length);
      for (const [actor, n] of record.settled) tables.mid(writer, { actor, n });
      return writeText(writer, tables, record.keep);
    default:
      return unreachable(record);
  }
}

export function readRecord(reader: RecordReader, tables: ReadTables): SessionRecord {
  const number = reader.u8();
  const type = RECORD_TYPES[number - 1];
  switch (type) {
    case 'enqueue':
      return { type, item: readItem(reader, tables) };
    case 'state':
      return { type, mid: tables.mid(reader), state: oneOf(STATES, reader.u8()), packetId: reader.u16() };
    case 'finish':
      return { type, mid: tables.mid(reader), at: reader.u64() };
    case 'subscribe':
      return { type, subscription: readSubscription(reader, tables) };
    case 'unsubscribe':
      return { type, topicFilter: reader.text(), stamp: { at: reader.u64(), node: tables.text(reader) as NodeId } };
    case 'await':
      return { type, packetId: reader.u16(), mid: readAwaited(reader, tables) };
    case 'release':
      return { type, packetId: reader.u16() };
    case 'client':
      return { type, client: readClient(reader, tables) };
    case 'role':
      return { type, role: oneOf(ROLES, reader.u8()), backup: readText<NodeId>(reader, tables) };
    case 'claim': {
      const owner = tables.text(reader) as NodeId;
      return { type, owner, epoch: reader.u64(), connectedAt: reader.u64(), disconnectedAt: reader.u64() };
    }
    case 'reset':
      return { type, at: reader.u64() };
    case 'will':
      return { type, will: readWill(reader, tables) };
    case 'expiry':
      return { type, expiryMs: reader.f64() };
    case 'merge':
      return { type, copy: readCopy(reader, tables) };
    case 'purge': {
      const settled = list(reader, () => {
        const { actor, n } = tables.mid(reader);
        return [actor, n] as const;
      });
      return { type, settled, keep: readText<Lineage>(reader, tables) };
    }
    case undefined:
      throw protocolError(`Record ${number} is not known here`);
    default:
      return unreachable(type);
  }
}

export function writeCopy(writer: RecordWriter, tables: WriteTables, copy: SessionCopy): void {
  tables.text(writer, copy.clientId);
  tables.text(writer, copy.owner);
  writer.u8(ROLES.indexOf(copy.role));
  writeText(writer, tables, copy.backup);
  writer.u64(copy.epoch);
  writer.u64(copy.connectedAt);
  writer.u64(copy.lastConn);
  writer.u64(copy.resetAt);
  writer.u64(copy.disconnectedAt);
  writer.f64(copy.expiryMs);
  writer.varint(copy.connectionChanges);
  writer.varint(copy.version);
  writeWill(writer, tables, copy.will);
  writer.varint(copy.subscriptions.size);
  for (const subscription of copy.subscriptions.values()) writeSubscription(writer, tables, subscription);
  writer.varint(copy.items.size);
  for (const item of copy.items) writeItem(writer, tables, item);
  writer.varint(copy.done.size);
  copy.done.forEach((mid, at) => {
    tables.mid(writer, mid);
    writer.u64(at);
  });
  writer.varint(copy.seen.size);
  for (const [lineage, n] of copy.seen) {
    tables.text(writer, lineage);
    writer.varint(n);
  }
  writer.varint(copy.awaitingRel.size);
  for (const [packetId, mid] of copy.awaitingRel) {
    writer.u16(packetId);
    writeAwaited(writer, tables, mid);
  }
  writeClient(writer, tables, copy.client);
}

/** A new object, so without a lineage of its own (C13). */
export function readCopy(reader: RecordReader, tables: ReadTables): SessionCopy {
  const copy = new SessionCopy(tables.text(reader), tables.text(reader) as NodeId);
  copy.role = oneOf(ROLES, reader.u8());
  copy.backup = readText<NodeId>(reader, tables);
  copy.epoch = reader.u64();
  copy.connectedAt = reader.u64();
  copy.lastConn = reader.u64();
  copy.resetAt = reader.u64();
  copy.disconnectedAt = reader.u64();
  copy.expiryMs = reader.f64();
  copy.connectionChanges = reader.varint();
  copy.version = reader.varint();
  copy.will = readWill(reader, tables);
  for (let left = reader.count(); left > 0; left -= 1) {
    const subscription = readSubscription(reader, tables);
    copy.subscriptions.set(subscription.topicFilter, subscription);
  }
  for (let left = reader.count(); left > 0; left -= 1) copy.items.replace(readItem(reader, tables));
  for (let left = reader.count(); left > 0; left -= 1) copy.done.set(tables.mid(reader), reader.u64());
  for (let left = reader.count(); left > 0; left -= 1) copy.seen.set(tables.lineage(reader), reader.varint());
  for (let left = reader.count(); left > 0; left -= 1) copy.awaitingRel.set(reader.u16(), readAwaited(reader, tables));
  copy.client = readClient(reader, tables);
  return copy;
}

function writeAwaited(writer: RecordWriter, tables: WriteTables, mid: AwaitedMid): void {
  tables.mid(writer, mid);
  writer.varint(mid.digest);
}

function readAwaited(reader: RecordReader, tables: ReadTables): AwaitedMid {
  return { ...tables.mid(reader), digest: reader.varint() };
}

function writeClient(writer: RecordWriter, tables: WriteTables, { username, mountpoint }: SessionClient): void {
  writer.u8(username === undefined ? 0 : 1);
  if (username !== undefined) tables.text(writer, username);
  tables.text(writer, mountpoint);
}

function readClient(reader: RecordReader, tables: ReadTables): SessionClient {
  const username = reader.u8() === 0 ? undefined : tables.text(reader);
  return { username, mountpoint: tables.text(reader) };
}

function writeItem(writer: RecordWriter, tables: WriteTables, item: Readonly<CopyItem>): void {
  const { subscriptionIds, packetId, sharedBy } = item;
  tables.mid(writer, item.mid);
  tables.text(writer, item.dot.lineage);
  writer.varint(item.dot.n);
  writer.u64(item.ord);
  const ids = subscriptionIds === null ? 0 : Item.hasIds;
  const sent = packetId === 0 ? 0 : Item.hasPacketId;
  const state = STATES.indexOf(item.state) << Item.stateShift;
  const shared = sharedBy === null ? 0 : Item.shared;
  writer.u8((item.qos === 2 ? Item.qos2 : 0) | (item.retain ? Item.retain : 0) | ids | sent | state | shared);
  if (packetId !== 0) writer.u16(packetId);
  if (subscriptionIds !== null) {
    writer.varint(subscriptionIds.length);
    for (const id of subscriptionIds) writer.varint(id);
  }
  if (sharedBy !== null) tables.text(writer, sharedBy);
  tables.message(writer, item.message);
}

function readItem(reader: RecordReader, tables: ReadTables): CopyItem {
  const mid = tables.mid(reader);
  const dot = { lineage: tables.lineage(reader), n: reader.varint() };
  const ord = reader.u64();
  const flags = reader.u8();
  const state = oneOf(STATES, (flags >> Item.stateShift) & Item.stateMask);
  const packetId = (flags & Item.hasPacketId) === 0 ? 0 : reader.u16();
  const subscriptionIds = (flags & Item.hasIds) === 0 ? null : list(reader, () => reader.varint());
  const sharedBy = (flags & Item.shared) === 0 ? null : tables.text(reader);
  const message = tables.message(reader);
  const qos = (flags & Item.qos2) === 0 ? 1 : 2;
  return { mid, dot, ord, message, qos, retain: (flags & Item.retain) !== 0, subscriptionIds, sharedBy, state, packetId };
}

function writeSubscription(writer: RecordWriter, tables: WriteTables, subscription: CopySubscription): void {
  writer.text(subscription.topicFilter);
  const handling = subscription.retainHandling << Sub.handlingShift;
  const { noLocal, retainAsPublished, on } = subscription;
  const flags = (noLocal ? Sub.noLocal : 0) | (retainAsPublished ? Sub.retainAsPublished : 0) | (on ? Sub.on : 0);
  writer.u8(subscription.qos | handling | flags);
  writer.varint(subscription.subscriptionId);
  writer.u64(subscription.stamp.at);
  tables.text(writer, subscription.stamp.node);
  writer.u64(subscription.sinceAt);
}

function readSubscription(reader: RecordReader, tables: ReadTables): CopySubscription {
  const topicFilter = reader.text();
  const flags = reader.u8();
  const qos = flags & Sub.qosMask;
  const retainHandling = (flags >> Sub.handlingShift) & 3;
  if (!isUpTo2(qos) || !isUpTo2(retainHandling)) throw protocolError('A record holds a subscription with unknown options');
  const [noLocal, retainAsPublished, on] = [(flags & Sub.noLocal) !== 0, (flags & Sub.retainAsPublished) !== 0, (flags & Sub.on) !== 0];
  const subscriptionId = reader.varint();
  const stamp = { at: reader.u64(), node: tables.text(reader) as NodeId };
  return { topicFilter, qos, noLocal, retainAsPublished, retainHandling, subscriptionId, stamp, sinceAt: reader.u64(), on };
}

function isUpTo2(value: number): value is 0 | 1 | 2 {
  return value <= 2;
}

function writeWill(writer: RecordWriter, tables: WriteTables, will: SessionWill | null): void {
  writer.u8(will === null ? 0 : 1);
  if (will === null) return;
  writer.f64(will.delayMs);
  tables.message(writer, will.message);
}

function readWill(reader: RecordReader, tables: ReadTables): SessionWill | null {
  if (reader.u8() === 0) return null;
  const delayMs = reader.f64();
  return { delayMs, message: tables.message(reader) };
}

/** A text that may be missing. */
function writeText(writer: RecordWriter, tables: WriteTables, value: string | null): void {
  writer.u8(value === null ? 0 : 1);
  if (value !== null) tables.text(writer, value);
}

function readText<T extends string>(reader: RecordReader, tables: ReadTables): T | null {
  return reader.u8() === 0 ? null : (tables.text(reader) as T);
}

function list<T>(reader: RecordReader, read: () => T): T[] {
  const values: T[] = [];
  for (let left = reader.count(); left > 0; left -= 1) values.push(read());
  return values;
}

function oneOf<T>(values: readonly T[], number: number): T {
  const value = values[number];
  if (value === undefined) throw protocolError(`A record holds an unknown value, ${number}`);
  return value;
}
