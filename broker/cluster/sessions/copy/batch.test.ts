/** Golden bytes of version 1 (R62): what is on a disk or comes from a node of another release is read by them. */
import { describe, expect, it } from 'vitest';
import { copyItem, copySubscription, lineage, mid, nodeId, plainCopy, sessionMessage } from '../../../../test/support/sessionCopies.ts';
import { BatchReader, BatchWriter, decodeCopy, encodeCopy, type BatchEntry } from './batch.ts';
import { NEVER, SessionCopy } from './copy.ts';
import { applyRecord, type SessionRecord } from './record.ts';

const AT = 1_700_000_000_000 * 2_048;
const item = copyItem({ mid: mid(1, 300), dot: { lineage: lineage(1), n: 7 }, ord: AT, message: sessionMessage('t', 'x') });
const subscription = copySubscription({ topicFilter: 'a/+', qos: 2, noLocal: true, retainHandling: 1, subscriptionId: 200, stamp: { at: AT, node: nodeId(2) } });

const RECORDS: Record<string, SessionRecord> = {
  'an item that waits': { type: 'enqueue', item },
  'an item sent with subscription ids': { type: 'enqueue', item: { ...item, qos: 1, retain: true, state: 'sent', packetId: 513, subscriptionIds: [1, 128] } },
  'a message with user name in the form of MQTT 5': {
    type: 'enqueue',
    item: { ...item, message: { ...item.message, isV5: true, fromUsername: 'u', packet: Buffer.from('3407000174000100ff', 'hex') } },
  },
  'an item from a shared group': { type: 'enqueue', item: { ...item, sharedBy: '$share/g/t' } },
  'a state': { type: 'state', mid: mid(1, 1), state: 'released', packetId: 65_535 },
  'an end': { type: 'finish', mid: mid(1, 1), at: AT },
  'a subscription': { type: 'subscribe', subscription },
  'an unsubscription': { type: 'unsubscribe', topicFilter: 'a/+', stamp: { at: AT, node: nodeId(2) } },
  'a packet id of a publisher': { type: 'await', packetId: 1, mid: { ...mid(1, 2), digest: 300 } },
  'a client': { type: 'client', client: { username: 'u', mountpoint: 'm/' } },
  'a client without a name': { type: 'client', client: { username: undefined, mountpoint: '' } },
  'its release': { type: 'release', packetId: 1 },
  'a role': { type: 'role', role: 'frozen', backup: nodeId(2) },
  'a role without backup': { type: 'role', role: 'owner', backup: null },
  'a claim': { type: 'claim', owner: nodeId(1), epoch: AT, connectedAt: AT + 1, disconnectedAt: 0 },
  'a reset': { type: 'reset', at: AT },
  'a will': { type: 'will', will: { message: sessionMessage('w'), delayMs: 1_500 } },
  'no will': { type: 'will', will: null },
  'an expiry': { type: 'expiry', expiryMs: NEVER },
  'a purge': { type: 'purge', settled: [[mid(1, 0).actor, 9]], keep: lineage(1) },
};

/** Version, refers to none, entry `session` of client id 0 = "c"; then the record. */
const GOLDEN: Record<string, string> = {
  'an item that waits': '010001000163010122<node 1>2f31ac020224<node 1>2f31233107000c5e7f2b4000000100000303707562083406000174000178',
  'an item sent with subscription ids': '010001000163010122<node 1>2f31ac020224<node 1>2f31233107000c5e7f2b4000001e02010201800100000303707562083406000174000178',
  'a message with user name in the form of MQTT 5': '010001000163010122<node 1>2f31ac020224<node 1>2f31233107000c5e7f2b4000000100030303707562040175093407000174000100ff',
  'an item from a shared group': '010001000163010122<node 1>2f31ac020224<node 1>2f31233107000c5e7f2b40000041030a2473686172652f672f7400000403707562083406000174000178',
  'a state': '010001000163020122<node 1>2f310102ffff',
  'an end': '010001000163030122<node 1>2f3101000c5e7f2b400000',
  'a subscription': '0100010001630403612f2b56c801000c5e7f2b4000000120<node 2>000c5e7f2b400000',
  'an unsubscription': '0100010001630503612f2b000c5e7f2b4000000120<node 2>',
  'a packet id of a publisher': '0100010001630600010122<node 1>2f3102ac02',
  'its release': '010001000163070001',
  'a role': '0100010001630802010120<node 2>',
  'a role without backup': '010001000163080000',
  'a claim': '010001000163090120<node 1>000c5e7f2b400000000c5e7f2b4000010000000000000000',
  'a reset': '0100010001630a000c5e7f2b400000',
  'a will': '0100010001630b01409770000000000000000103707562083406000177000177',
  'no will': '0100010001630b00',
  'an expiry': '0100010001630c7ff0000000000000',
  'a client': '0100010001630f0101017502026d2f',
  'a client without a name': '0100010001630f000100',
  'a purge': '0100010001630e010122<node 1>2f3109010224<node 1>2f312331',
};

const GOLDEN_BATCH =
  '010006020001630120<node 1>02010220<node 2>0000000000000005000c5e7f2b400000000c5e7f2b400000000000000000000000000000000000007ff00000000000000407014097700000000000000003037075620834060001770001770103612f2b56c801000c5e7f2b40000002000c5e7f2b400000010422<node 1>2f31ac020524<node 1>2f31233107000c5e7f2b40000001010003083406000174000178010622<node 2>2f3101000c5e7f2b4000000105070100010402ac0200070001000d00010201020000000000000005000c5e7f2b400000000c5e7f2b400000000000000000000000000000000000007ff00000000000000407014097700000000000000103612f2b56c801000c5e7f2b40000002000c5e7f2b4000000104ac020507000c5e7f2b4000000101010601000c5e7f2b4000000105070100010402ac020007040405000c5e7f2b400000010102050405030007';

function bytesOf(...entries: BatchEntry[]): string {
  const writer = new BatchWriter();
  for (const entry of entries) writer.add(entry);
  return writer.take().toString('hex');
}

/** Ids of nodes are long and mostly zeros. */
function short(hex: string): string {
  return hex.replaceAll(Buffer.from(nodeId(1)).toString('hex'), '<node 1>').replaceAll(Buffer.from(nodeId(2)).toString('hex'), '<node 2>');
}

function entriesOf(hex: string): BatchEntry[] {
  return [...new BatchReader().read(Buffer.from(hex, 'hex'))];
}

describe('a batch of records', () => {
  it.each(Object.entries(RECORDS))('has the bytes of version 1 for %s, and reads them', (name, record) => {
    const entry: BatchEntry = { type: 'session', clientId: 'c', record };
    expect(short(bytesOf(entry))).toBe(GOLDEN[name]);
    expect(entriesOf(bytesOf(entry))).toEqual([entry]);
  });

  it('has a number for every record', () => {
    const types = new Set(Object.values(RECORDS).map((record) => record.type));
    expect([...types].sort()).toEqual(['await', 'claim', 'client', 'enqueue', 'expiry', 'finish', 'purge', 'release', 'reset', 'role', 'state', 'subscribe', 'unsubscribe', 'will']);
  });

  it('holds whole copies, ends of copies, late messages and the marks of a checkpoint', () => {
    const copy = wholeCopy();
    const late = { mid: mid(1, 5), at: AT, message: item.message, targets: [nodeId(2)] };
    const entries: BatchEntry[] = [
      { type: 'checkpoint', phase: 'begin' },
      { type: 'copy', copy },
      { type: 'session', clientId: 'c', record: { type: 'merge', copy } },
      { type: 'late', late },
      { type: 'lateDone', mid: mid(1, 5) },
      { type: 'drop', clientId: 'c' },
      { type: 'checkpoint', phase: 'end' },
    ];
    expect(short(bytesOf(...entries))).toBe(GOLDEN_BATCH);
    expect(entriesOf(bytesOf(...entries)).map(plainEntry)).toEqual(entries.map(plainEntry));
  });

  it('writes a message once for all sessions that have it, and one object comes of it', () => {
    const enqueue = (clientId: string): BatchEntry => ({ type: 'session', clientId, record: { type: 'enqueue', item } });
    const [one, two] = [bytesOf(enqueue('a')).length / 2, bytesOf(enqueue('a'), enqueue('b')).length / 2];
    expect(two - one).toBeLessThan(25);
    const messages = entriesOf(bytesOf(enqueue('a'), enqueue('b'))).map((entry) => entry.type === 'session' && entry.record.type === 'enqueue' && entry.record.item.message);
    expect(messages[0]).toBe(messages[1]);
  });

  it('grows with what is added, wherever its memory ends', () => {
    const copies = Array.from({ length: 300 }, (_, at) => {
      const copy = wholeCopy();
      for (let n = 0; n < at % 7; n += 1) applyRecord(copy, { type: 'finish', mid: mid(3, n), at: n });
      return copy;
    });
    const entries = copies.map((copy): BatchEntry => ({ type: 'copy', copy }));
    expect(entriesOf(bytesOf(...entries)).map(plainEntry)).toEqual(entries.map(plainEntry));
  });

  it('may refer to earlier batches, and says so where one of them is missing', () => {
    const writer = new BatchWriter();
    const batches = ['a', 'b', 'c'].map((clientId, at) => {
      writer.continues = at > 0;
      writer.addRecord(clientId, { type: 'enqueue', item });
      return writer.take();
    });
    const reader = new BatchReader();
    expect(batches.map((batch) => [...reader.read(batch)].length)).toEqual([1, 1, 1]);
    const broken = new BatchReader();
    expect(() => [...broken.read(batches[2]!)]).toThrow('a value of a batch that was lost');
  });

  it.each([
    ['of another version', '0200', 'Records of version 2 are not known here'],
    ['that begins otherwise', '0102', 'begins with an unknown byte'],
    ['with an unknown entry', '010063', 'Entry 99 of a batch is not known here'],
    ['with an unknown record', '01000100016363', 'Record 99 is not known here'],
    ['with an unknown state', '01000100016302010161010900ff', 'an unknown value, 9'],
    ['that ends too early', '0100010001630c7ff0', 'ends before its last field'],
    ['with a text that is not there', '01000405', 'refers to a text that is not there'],
    ['with a giant list', '0100010001630effffff7f', 'a list in a record is longer'],
    ['with a giant number', '010004ffffffffffffffff', 'a number in a record is too large'],
    ['that refers to too much', '0101ffffffffff7f01', 'refers to too many values'],
  ])('%s is refused', (_name, hex, message) => {
    expect(() => entriesOf(hex)).toThrow(new RegExp(message, 'i'));
  });

  it('is one copy, and nothing else, where a copy is expected', () => {
    const copy = wholeCopy();
    expect(plainCopy(decodeCopy(encodeCopy(copy)))).toEqual(plainCopy(copy));
    expect(() => decodeCopy(Buffer.from(bytesOf({ type: 'drop', clientId: 'c' }), 'hex'))).toThrow('A copy of a session was expected');
  });
});

function wholeCopy(): SessionCopy {
  const copy = new SessionCopy('c', nodeId(1));
  applyRecord(copy, { type: 'claim', owner: nodeId(1), epoch: 5, connectedAt: AT, disconnectedAt: 0 });
  for (const name of ['an item that waits', 'a subscription', 'a packet id of a publisher', 'a role', 'a will', 'an expiry']) applyRecord(copy, RECORDS[name]!);
  applyRecord(copy, { type: 'finish', mid: mid(2, 1), at: AT });
  return copy;
}

function plainEntry(entry: BatchEntry) {
  if (entry.type === 'copy') return { ...entry, copy: plainCopy(entry.copy) };
  if (entry.type === 'session' && entry.record.type === 'merge') return { ...entry, record: { type: 'merge', copy: plainCopy(entry.record.copy) } };
  return entry;
}
