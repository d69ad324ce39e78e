import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTempDir, removeTempDir } from '../../test/support/tempDir.ts';
import type { ClientMessage } from '../contract/clients.ts';
import { MAX_ANSWER_BYTES, WorkspaceStore, type StoreLimits } from './workspaceStore.ts';

let dir: string;
let store: WorkspaceStore;
const open = (limits?: StoreLimits) => (store = new WorkspaceStore(join(dir, 'workspace.db'), limits));

beforeEach(async () => {
  dir = await createTempDir();
});
afterEach(async () => {
  store.close();
  await removeTempDir(dir);
});

const message = (seq: number, change: Partial<ClientMessage> = {}): ClientMessage => ({
  ...{ seq, timeMs: 1_700_000_000_000.25, direction: 'in', topic: 'a/b', payload: new Uint8Array([0, 255]), qos: 1 },
  ...{ retain: true, dup: false, matched: ['a/+'], ack: null, properties: { contentType: 'x', userProperties: { a: ['1', '2'] } } },
  ...change,
});
const messages = (from: number, to: number, change: Partial<ClientMessage> = {}) =>
  Array.from({ length: to - from + 1 }, (_, index) => message(from + index, change));
const seqs = (list: readonly ClientMessage[]) => list.map(({ seq }) => seq);

describe('the message history', () => {
  it('gives back what it was given, also after it was closed', () => {
    open().append('c', [message(1), message(2, { direction: 'out', topic: '', payload: new Uint8Array(), ack: 0x87 })]);
    store.setAck('c', 2, 0);
    store.close();
    open();
    expect(store.read('c', { limit: 10 })).toEqual([message(1), message(2, { direction: 'out', topic: '', payload: new Uint8Array(), ack: 0 })]);
    expect(store.totals('c')).toEqual({ lastSeq: 2, received: 1, sent: 1 });
  });

  it('is read in pages from both ends, each connection its own', () => {
    open().append('c', messages(1, 10));
    store.append('other', messages(1, 3));
    expect(seqs(store.read('c', { limit: 3 }))).toEqual([8, 9, 10]);
    expect(seqs(store.read('c', { limit: 3, beforeSeq: 8 }))).toEqual([5, 6, 7]);
    expect(seqs(store.read('c', { limit: 3, afterSeq: 8 }))).toEqual([9, 10]);
    expect(seqs(store.read('c', { limit: 3, afterSeq: 0 }))).toEqual([1, 2, 3]);
    expect(store.read('nobody', { limit: 3 })).toEqual([]);
  });

  it('answers with fewer messages when they are large, but at least one', () => {
    open().append('c', messages(1, 3, { payload: new Uint8Array(MAX_ANSWER_BYTES - 1) }));
    expect(seqs(store.read('c', { limit: 10, afterSeq: 0 }))).toEqual([1]);
    expect(seqs(store.read('c', { limit: 10 }))).toEqual([3]);
  });

  it('lets the oldest go beyond its bounds and says so in its totals', () => {
    open({ messages: 100, payloadBytes: 1_000_000 });
    expect(store.append('c', messages(1, 101))).toEqual({ lastSeq: 101, received: 90, sent: 0 });
    expect(seqs(store.read('c', { limit: 1, afterSeq: 0 }))).toEqual([12]);
    expect(store.append('c', messages(102, 103, { payload: new Uint8Array(600_000), direction: 'out' }))).toEqual({ lastSeq: 103, received: 0, sent: 1 });
  });

  it('forgets on demand and goes on counting where it was', () => {
    open().append('c', messages(1, 5));
    store.clear('c');
    expect(store.totals('c')).toEqual({ lastSeq: 5, received: 0, sent: 0 });
    store.close();
    expect(open().totals('c')).toEqual({ lastSeq: 5, received: 0, sent: 0 });
  });

  it('stores a batch whole or not at all', () => {
    open().append('c', [message(1)]);
    expect(() => store.append('c', [message(2), message(1)])).toThrow();
    expect(seqs(store.read('c', { limit: 10 }))).toEqual([1]);
    expect(store.totals('c')).toEqual({ lastSeq: 1, received: 1, sent: 0 });
  });
});
