import { describe, expect, it } from 'vitest';
import { clientRow, FakeAdmin } from '../../test/support/fakeAdmin.ts';
import { BusbarError } from '../base/errors.ts';
import { answering, askNode, askRows, chosenNodes } from './nodes.ts';
import { ok } from './reply.ts';

const A = 'emqx1@127.0.0.1';
const CLIENTS = Array.from({ length: 4500 }, (_, index) => clientRow(`c${String(index).padStart(4, '0')}`, A));

describe('the rows of one node', () => {
  it('are asked for in questions of bounded size, and come whole', async () => {
    const admin = new FakeAdmin([{ name: A, clients: CLIENTS }]);
    const { count, rows } = await askRows(
      (offset, limit) => askNode(admin, admin.self, 'clients', { filter: {}, offset, limit }),
      100,
      Number.POSITIVE_INFINITY,
    );
    expect([count, rows.length, rows[0]?.clientid, rows.at(-1)?.clientid]).toEqual([4500, 4400, 'c0100', 'c4499']);
    expect(admin.asked.map((asked) => (asked.params as { limit: number }).limit)).toEqual([2000, 2000, 2000]);
  });

  it('are asked for in smaller portions when an answer is too large for a frame', async () => {
    const admin = new FakeAdmin([{ name: A, clients: CLIENTS.slice(0, 50) }]);
    const narrow = async (offset: number, limit: number) => {
      const answer = await admin.ask(admin.self, 'clients', { filter: {}, offset, limit });
      if (answer.rows.length > 10) throw new BusbarError('ANSWER_TOO_LARGE', 'too large');
      return answer;
    };
    expect((await askRows(narrow, 0, 40)).rows).toEqual(CLIENTS.slice(0, 40));
  });
});

describe('the nodes a list is gathered from', () => {
  const admin = new FakeAdmin([{ name: A }, { name: 'emqx2@127.0.0.1' }, { name: 'emqx3@127.0.0.1', status: 'stopped' }]);
  it.each<[string | undefined, unknown]>([
    [undefined, [A, 'emqx2@127.0.0.1']],
    [A, [A]],
    ['emqx3@127.0.0.1', 'NODE_DOWN'],
    ['emqx9@127.0.0.1', 'INVALID_PARAMETER'],
  ])('for node=%s are %j', async (name, expected) => {
    const reply = await answering(async () => ok(chosenNodes(admin, name)));
    expect(reply.status === 200 ? reply.body : (reply.body as { code: string }).code).toEqual(expected);
  });
});
