/** R53 as laws over random histories (section 17.6), and the delta form against the whole copy (section 17.15). */
import { describe, expect, it } from 'vitest';
import { forHistories, type LivingCopy } from '../../../../test/support/copyHistories.ts';
import { plainCopy } from '../../../../test/support/sessionCopies.ts';
import { decodeCopy, encodeCopy } from './batch.ts';
import { compareRank, type SessionCopy } from './copy.ts';
import { midKey, type ActorKey } from './identity.ts';
import { mergeInto } from './merge.ts';

const HISTORIES = 2_000;

function merged(a: SessionCopy, ...others: readonly SessionCopy[]): SessionCopy {
  const result = decodeCopy(encodeCopy(a));
  for (const other of others) mergeInto(result, other);
  return result;
}

/** Role, backup and version are of the object that a copy is in; all else is the value. */
function value(copy: SessionCopy) {
  const { role: _role, backup: _backup, version: _version, ...rest } = plainCopy(copy);
  return rest;
}

/** Without packet ids, which follow the winner (an item that lost its id is queued again), and without order between publishers. */
function valueButIds(copy: SessionCopy) {
  const { items, ...rest } = value(copy);
  const plain = items.map(({ packetId: _packetId, ord: _ord, state, ...item }) => ({ ...item, released: state === 'released' }));
  return { ...rest, items: plain.sort((a, b) => (a.mid < b.mid ? -1 : 1)) };
}

function three(copies: readonly LivingCopy[]): readonly [SessionCopy, SessionCopy, SessionCopy] {
  return [copies[0]!.copy, copies[1 % copies.length]!.copy, copies[2 % copies.length]!.copy];
}

describe('merging copies of a session', { timeout: 30_000 }, () => {
  it('is commutative, with packet ids and order too when one of them is the winner', () => {
    forHistories(HISTORIES, true, ({ copies }) => {
      const [a, b] = three(copies);
      const exact = compareRank(a, b) === 0 ? valueButIds : value;
      expect(exact(merged(a, b))).toEqual(exact(merged(b, a)));
    });
  });

  it('is idempotent', () => {
    forHistories(HISTORIES, true, ({ copies }) => {
      const [a, b] = three(copies);
      expect(plainCopy(merged(a, a))).toEqual(plainCopy(a));
      const both = merged(a, b);
      expect(value(merged(both, b, a))).toEqual(value(both));
    });
  });

  it('is associative but for packet ids', () => {
    forHistories(HISTORIES, false, ({ copies }) => {
      const [a, b, c] = three(copies);
      const expected = valueButIds(merged(a, b, c));
      expect(valueButIds(merged(a, merged(b, c)))).toEqual(expected);
      expect(valueButIds(merged(c, a, b))).toEqual(expected);
    });
  });

  it('loses no message, and brings back none that was finished', () => {
    forHistories(HISTORIES, false, ({ copies }) => {
      for (const living of copies) expect(living.held).toEqual(living.expected);
      const [first, ...others] = copies;
      const finished = new Set(copies.flatMap((living) => [...living.finished]));
      const arrived = new Set(copies.flatMap((living) => [...living.arrived]));
      const all = merged(first!.copy, ...others.map((living) => living.copy));
      expect([...all.items].map((item) => midKey(item.mid)).sort()).toEqual([...arrived].filter((key) => !finished.has(key)).sort());
    });
  });

  it('brings back nothing finished though the session began anew on one side', () => {
    forHistories(HISTORIES, true, ({ copies }) => {
      for (const living of copies) expect(living.held.filter((key) => living.finished.has(key))).toEqual([]);
    });
  });

  it('keeps the order of each publisher (C16, C17)', () => {
    forHistories(HISTORIES, true, ({ copies }) => {
      const [a, b, c] = three(copies);
      const last = new Map<ActorKey, number>();
      for (const { mid } of merged(a, b, c).items) {
        expect(mid.n).toBeGreaterThan(last.get(mid.actor) ?? 0);
        last.set(mid.actor, mid.n);
      }
    });
  });

  it('never gives one packet id to two messages', () => {
    forHistories(HISTORIES, true, ({ copies }) => {
      const [a, b] = three(copies);
      const ids = [...merged(a, b).items].map((item) => item.packetId).filter((packetId) => packetId !== 0);
      expect(ids).toEqual([...new Set(ids)]);
    });
  });
});

describe('records of a session', { timeout: 30_000 }, () => {
  it('make the same copy from their bytes as the changes themselves made', () => {
    forHistories(HISTORIES, true, ({ copies }) => {
      for (const { copy, shadow } of copies) expect(plainCopy(shadow)).toEqual(plainCopy(copy));
    });
  });

  it('and the whole copy as bytes is that copy', () => {
    forHistories(HISTORIES, true, ({ copies }) => {
      for (const { copy } of copies) expect(plainCopy(decodeCopy(encodeCopy(copy)))).toEqual(plainCopy(copy));
    });
  });
});
