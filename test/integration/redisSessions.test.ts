import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RedisServer } from '../support/redisServer.ts';
import { copyItem, emptyCopy, lineage, mid, nodeId, plainCopy } from '../support/sessionCopies.ts';
import { silentLog, type LogFields } from '../../broker/base/log.ts';
import { BatchWriter, encodeCopy } from '../../broker/cluster/sessions/copy/batch.ts';
import { applyRecord, type SessionRecord } from '../../broker/cluster/sessions/copy/record.ts';
import type { ClaimAnswer, ExternalStore, WriteAnswer } from '../../broker/storage/externalStore.ts';
import { recover } from '../../broker/storage/recovery.ts';
import { RedisStore } from '../../broker/io/storage/redisStore.ts';

let port: number;
let server: RedisServer;
let prefixes = 0;
const stores: RedisStore[] = [];

beforeAll(async () => {
  server = await RedisServer.make();
  port = server.port;
  await server.start();
}, 300_000);

afterAll(async () => {
  for (const store of stores) await store.close(0);
  await server.end();
});

/** Stores of two nodes of one cluster that nobody else uses. */
function nodes(errors: LogFields[] = []): readonly [ExternalStore, ExternalStore] {
  prefixes += 1;
  const log = { ...silentLog, error: (msg: string, fields: LogFields = {}) => void errors.push({ msg, ...fields }) };
  const pair = [1, 2].map(() => new RedisStore({ host: '127.0.0.1', port, prefix: `test${prefixes}`, log }));
  stores.push(...pair);
  return [pair[0]!, pair[1]!];
}

function claim(store: ExternalStore, fence: number, owner = 1, clientId = 'c1'): Promise<ClaimAnswer> {
  return new Promise((resolve) => store.claim(clientId, fence, nodeId(owner), resolve));
}

function append(store: ExternalStore, fence: number, text: string, clientId = 'c1'): Promise<WriteAnswer> {
  return new Promise((resolve) => store.append(clientId, fence, Buffer.from(text), resolve));
}

function claimedBy(store: ExternalStore, owner: number): Promise<readonly string[]> {
  return new Promise((resolve) => store.claimedBy(nodeId(owner), resolve));
}

function texts(answer: ClaimAnswer): string[] | 'stale' {
  return answer.kind === 'stale' ? 'stale' : answer.batches.map((batch) => batch.toString());
}

/** Redis ends all its connections, with answers on their way. */
async function cutConnections(): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.write('CLIENT KILL TYPE normal\r\n');
  await once(socket, 'data');
  socket.destroy();
}

describe('sessions in Redis (R71)', { timeout: 30_000 }, () => {
  it('are there for the node that claims them next', async () => {
    const [a, b] = nodes();
    expect(texts(await claim(a, 10))).toEqual([]);
    expect(await Promise.all([append(a, 10, 'one'), append(a, 10, 'two')])).toEqual(['stored', 'stored']);
    expect([await claimedBy(a, 1), await claimedBy(a, 2)]).toEqual([['c1'], []]);
    expect(texts(await claim(b, 11, 2))).toEqual(['one', 'two']);
    expect([await claimedBy(a, 1), await claimedBy(a, 2)]).toEqual([[], ['c1']]);
  });

  it('are found under the name of a node that has lost its data', async () => {
    const [a] = nodes();
    a.announce(nodeId(1), 'bus1@host');
    a.announce(nodeId(2), 'bus2@host');
    a.announce(nodeId(3), 'bus1@host');
    const owners = await new Promise<readonly string[]>((resolve) => a.ownersNamed('bus1@host', resolve));
    expect([...owners].sort()).toEqual([nodeId(1), nodeId(3)]);
  });

  it('take nothing from a node whose fence is not the highest, on any write', async () => {
    const [old, young] = nodes();
    await claim(old, 10);
    await append(old, 10, 'before');
    await claim(young, 11, 2);
    expect(await append(old, 10, 'late')).toBe('stale');
    expect(await new Promise((resolve) => old.replace('c1', 10, Buffer.from('late'), resolve))).toBe('stale');
    expect(await new Promise((resolve) => old.remove('c1', 10, resolve))).toBe('stale');
    expect(texts(await claim(old, 10))).toBe('stale');
    expect(await append(young, 11, 'after')).toBe('stored');
    expect(texts(await claim(young, 12, 2))).toEqual(['before', 'after']);
  });

  it('are written anew as a whole, and end', async () => {
    const [a, b] = nodes();
    await claim(a, 10);
    await append(a, 10, 'one');
    expect(await new Promise((resolve) => a.replace('c1', 10, Buffer.from('whole'), resolve))).toBe('stored');
    expect(await append(a, 10, 'two')).toBe('stored');
    expect(texts(await claim(b, 11, 2))).toEqual(['whole', 'two']);
    expect(await new Promise((resolve) => b.remove('c1', 11, resolve))).toBe('stored');
    expect([texts(await claim(a, 12)), await claimedBy(a, 2)]).toEqual([[], []]);
    expect(texts(await claim(b, 11, 2))).toBe('stale');
  });

  it('come back as the copies they were, from batches of records', async () => {
    const [a, b] = nodes();
    const copy = emptyCopy();
    await claim(a, 10);
    await new Promise((resolve) => a.replace('c1', 10, encodeCopy(copy), resolve));
    for (let n = 1; n <= 5; n += 1) {
      const record: SessionRecord = n === 5 ? { type: 'finish', mid: mid(1, 2), at: 5 } : { type: 'enqueue', item: copyItem({ mid: mid(1, n), dot: { lineage: lineage(1), n }, ord: n }) };
      applyRecord(copy, record);
      const writer = new BatchWriter();
      writer.addRecord('c1', record);
      await new Promise((resolve) => a.append('c1', 10, writer.take(), resolve));
    }
    const answer = await claim(b, 11, 2);
    const batches = answer.kind === 'claimed' ? answer.batches : [];
    const { copies, damage } = recover(batches.map((bytes, position) => ({ position, bytes })), 0);
    expect([copies.map(plainCopy), damage]).toEqual([[plainCopy(copy)], []]);
  });

  it('wait while Redis is away, are told of once, and are written once each when it is back', async () => {
    const errors: LogFields[] = [];
    const [a, b] = nodes(errors);
    await claim(a, 10);
    await append(a, 10, 'before');
    await server.kill();
    const writes = ['one', 'two', 'three'].map((text) => append(a, 10, text));
    const other = claim(b, 5, 2, 'c2');
    await server.start();
    expect([await Promise.all(writes), texts(await other)]).toEqual([['stored', 'stored', 'stored'], []]);
    expect(texts(await claim(b, 11, 2))).toEqual(['before', 'one', 'two', 'three']);
    // One event of each of the two nodes.
    expect(errors.map(({ msg, store }) => [msg, store])).toEqual([
      ['session_store_not_written', 'redis'],
      ['session_store_not_written', 'redis'],
    ]);
  });

  it('count each write once though its answer was lost', async () => {
    const [a, b] = nodes();
    await claim(a, 10);
    for (let round = 0; round < 5; round += 1) {
      const writes = Array.from({ length: 200 }, (_, at) => append(a, 10, `${round}.${at}`));
      await cutConnections();
      expect(new Set(await Promise.all(writes))).toEqual(new Set(['stored']));
    }
    const expected = Array.from({ length: 1_000 }, (_, at) => `${Math.floor(at / 200)}.${at % 200}`);
    expect(texts(await claim(b, 11, 2))).toEqual(expected);
  });
});
