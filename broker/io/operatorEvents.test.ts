import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { silentLog } from '../base/log.ts';
import { MAX_EVENTS, OperatorEvents } from './operatorEvents.ts';
import { SENTENCES } from './operatorSentences.ts';

const BROKER = join(import.meta.dirname, '..');
/** Rooms in which everything that is told of the cluster concerns an operator. */
const ROOMS = ['cluster', 'io'] as const;

function sources(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.endsWith('operatorSentences.ts'))
    .map((name) => readFileSync(join(folder, name), 'utf8'));
}

function world(): { events: OperatorEvents; log: ReturnType<OperatorEvents['watch']>; pass: (ms: number) => void; said: () => readonly string[] } {
  let nowMs = 1_000_000;
  const events = new OperatorEvents('bus1@h', () => nowMs);
  return { events, log: events.watch(silentLog), pass: (ms) => void (nowMs += ms), said: () => events.list(10).map(({ message }) => message) };
}

describe('the event log (R74)', () => {
  it('says in plain words what happened to a node and to its sessions', () => {
    const { log, pass, said } = world();
    log.info('cluster_link_lost', { peer: 'bus2@h', reason: 'nothing heard for 4 s' });
    log.warn('cluster_node_down', { peer: 'bus2@h', reason: 'nothing heard for 4 s' });
    log.warn('cluster_sessions_continued', { peer: 'bus2@h', sessions: 198 });
    log.info('cluster_messages_wait', { messages: 1, peers: 'bus2@h' });
    pass(12_000);
    log.info('cluster_node_up', { peer: 'bus2@h' });
    log.info('cluster_messages_caught_up', { messages: 17, peers: 'bus2@h' });
    log.info('cluster_sessions_merged', { sessions: 40, peers: 'bus2@h' });
    log.info('shared_rows_overwritten', { rows: 2, names: 'users ann, users bob' });
    expect(said()).toEqual([
      '2 rows written on two nodes at once: the newer ones are kept (users ann, users bob)',
      '40 sessions were on both sides and were merged here after bus2@h came back',
      '17 messages waited for bus2@h and were delivered or taken over',
      'link to bus2@h is back after 12 s',
      '1 message waits here for bus2@h',
      '198 sessions of bus2@h continue here',
      'node bus2@h is given up: nothing heard for 4 s',
      'link to bus2@h is lost: nothing heard for 4 s',
    ]);
  });

  it('keeps what to do, the level, the time and who tells it; what is no event is left to the log', () => {
    const { events, log } = world();
    log.warn('cluster_clock_differs', { peer: 'bus2@h', difference_ms: 180_000, hint: 'Set the clocks.' });
    log.info('client_connected', { clientid: 'c' });
    expect(events.list(10)).toEqual([
      {
        ...{ node: 'bus1@h', at: '1970-01-01T00:16:40.000Z', level: 'warning', event: 'cluster_clock_differs' },
        ...{ message: 'the clocks of this node and bus2@h differ by 180 s', hint: 'Set the clocks.' },
      },
    ]);
  });

  it('keeps so many and counts those it does not keep', () => {
    const { events, log } = world();
    const told = MAX_EVENTS * 3;
    for (let number = 0; number < told; number += 1) log.info('cluster_node_up', { peer: `n${number}` });
    expect(events.size + events.forgotten).toBe(told);
    expect(events.size).toBeLessThanOrEqual(MAX_EVENTS + MAX_EVENTS / 8);
    expect(events.list(1)[0]?.message).toBe(`node n${told - 1} is linked`);
  });

  it('has a sentence for every event of the cluster that the code tells, and none for others', () => {
    const code = sources(BROKER).join('\n');
    const told = new Set(ROOMS.flatMap((room) => sources(join(BROKER, room))).flatMap((text) => [...text.matchAll(/'((?:cluster|shared|session_store|node_drain|replication)_[a-z_]+)',? ?\{/g)].map(([, event]) => event ?? '')));
    const silent = [...told].filter((event) => SENTENCES[event] === undefined && !INTERNAL.includes(event));
    const invented = Object.keys(SENTENCES).filter((event) => !code.includes(`'${event}'`));
    expect([silent, invented]).toEqual([[], []]);
  });

  it('never fails on fields it does not know', () => {
    for (const sentence of Object.values(SENTENCES)) expect(sentence({})).toEqual(expect.any(String));
  });
});

/** Told in the log for whoever looks for a fault in the program; nothing an operator could act on. */
const INTERNAL: readonly string[] = ['shared_read_unavailable', 'cluster_discovery_not_withdrawn', 'session_store_read'];
