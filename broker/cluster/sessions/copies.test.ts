/** The copies of a node on their way to its journal: what is committed, and what a checkpoint finds. */
import { describe, expect, it } from 'vitest';
import { emptyCopy } from '../../../test/support/sessionCopies.ts';
import { Copies } from './copies.ts';
import type { BatchEntry } from './copy/batch.ts';
import { SessionCopy } from './copy/copy.ts';
import type { Desk, SessionJournal } from './desk.ts';
import { Interest } from './interest.ts';

/** Copies whose journal is a list of what each commit wrote. */
function written(): { copies: Copies; commits: string[][] } {
  const commits: string[][] = [];
  let batch: string[] = [];
  const journal: SessionJournal = {
    add: (entry: BatchEntry) => void batch.push(entry.type),
    commit: (done) => {
      commits.push(batch);
      batch = [];
      done();
    },
  };
  const desk: Partial<Desk> = {
    self: emptyCopy(1).owner,
    options: { durability: 'disk', journal } as Desk['options'],
    stream: { touch: () => {} } as Desk['stream'],
    interest: new Interest(),
    lateEntries: { takeWritten: () => [], committed: () => {} } as unknown as Desk['lateEntries'],
    delivery: { pump: () => {} } as unknown as Desk['delivery'],
  };
  return { copies: new Copies(desk as Desk), commits };
}

describe('copies of sessions', () => {
  it('R55: a copy that was dropped is dropped on disk in the same turn, though nobody waits for it', () => {
    const { copies, commits } = written();
    const held = copies.create('a');
    copies.commit();
    copies.drop(held);
    copies.commit();
    copies.commit();
    expect(commits).toEqual([['copy'], ['drop']]);
  });

  it('a checkpoint finds each copy as it is when its turn comes, and none that has gone by then', () => {
    const { copies } = written();
    const [first, second, third] = ['a', 'b', 'c'].map((clientId) => copies.create(clientId));
    if (first === undefined || second === undefined || third === undefined) throw new Error('There are three');
    const turns = copies.written();
    expect(turns.next().value).toBe(first.copy);
    copies.drop(second);
    const better = new SessionCopy('c', first.copy.owner);
    copies.replace(third, better);
    expect([...turns]).toEqual([better]);
  });

  it('serves whoever waited for a copy that another value replaced', () => {
    const { copies } = written();
    const held = copies.create('a');
    let secured = 0;
    copies.whenSecured(held, { secured: () => (secured += 1) });
    const next = copies.replace(held, new SessionCopy('a', held.copy.owner));
    expect([secured, copies.isSecured(next), copies.unsecured]).toEqual([0, false, 1]);
    copies.commit();
    expect([secured, copies.isSecured(next), copies.unsecured]).toEqual([1, true, 0]);
  });
});
