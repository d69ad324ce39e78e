import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LinkSnapshot } from '../api/schema/topology.ts';
import { silentLog, type Log } from '../base/log.ts';
import { ClusterWatch } from './clusterWatch.ts';
import { OperatorEvents } from './operatorEvents.ts';

const LINK = { peer: 'bus2@h', state: 'up', rttMs: 1, reason: null, messagesOut: 0, messagesIn: 0, bytesOut: 0, bytesIn: 0, controlOut: 0, controlIn: 0, queueBytes: 0, queueDataBytes: 0, messagesDropped: 0, messagesLost: 0, downs: 0 } as const;

let nowMs: number;
let events: OperatorEvents;
let log: Log;
let active: Map<string, string>;
let links: LinkSnapshot[];
let pending: Record<string, number>;
let counters: Record<string, number>;
let losses: { forwardsDropped: number; forwardsLost: number };
let rowsWaiting: number;
let watch: ClusterWatch;

beforeEach(() => {
  nowMs = 0;
  events = new OperatorEvents('bus1@h', () => nowMs);
  log = events.watch(silentLog);
  active = new Map();
  links = [LINK];
  [pending, counters, losses, rowsWaiting] = [{}, {}, { forwardsDropped: 0, forwardsLost: 0 }, 0];
  watch = new ClusterWatch({
    events,
    log,
    alarms: {
      activate: (name, message) => !active.has(name) && active.set(name, message) !== undefined,
      deactivate: (name) => active.delete(name),
    },
    links: () => links,
    sessions: () => ({ durability: 'replicated', isProtected: false, pending, counters }),
    losses: () => losses,
    rowsWaiting: () => rowsWaiting,
    now: () => nowMs,
  });
});
afterEach(() => watch.dispose());

function lookAfter(ms: number): readonly string[] {
  nowMs += ms;
  watch.look();
  return [...active.keys()];
}

const said = () => events.list(10).map(({ message }) => message);
const goes = (state: LinkSnapshot['state']) => void (links = [{ ...LINK, state }]);

describe('an alarm of the cluster', () => {
  it('begins when a node cannot be reached for ten seconds, and ends when it is linked', () => {
    goes('down');
    log.info('cluster_peer_unreachable', { peer: 'bus2@h', address: '10.0.0.2:4370', reason: 'connection refused' });
    expect(lookAfter(9_000)).not.toContain('cluster_node_unreachable/bus2@h');
    expect(lookAfter(1_000)).toContain('cluster_node_unreachable/bus2@h');
    expect(active.get('cluster_node_unreachable/bus2@h')).toBe('Node bus2@h cannot be reached: connection refused; this node serves without it');
    goes('up');
    expect(lookAfter(1_000)).toEqual([]);
  });

  it('ends when the node is removed from the cluster', () => {
    goes('down');
    log.warn('cluster_node_down', { peer: 'bus2@h', reason: 'nothing heard for 4 s' });
    expect(lookAfter(10_000)).toContain('cluster_node_unreachable/bus2@h');
    log.info('cluster_member_removed', { node: 'bus2@h' });
    expect(lookAfter(10_000)).toEqual(['replication_degraded']);
  });

  it('does not begin for a node that was stopped', () => {
    goes('down');
    log.warn('cluster_node_down', { peer: 'bus2@h', reason: 'bus2@h was stopped' });
    expect(lookAfter(60_000)).toEqual(['replication_degraded']);
  });

  it('lasts while replication has no second node', () => {
    goes('suspect');
    expect(lookAfter(1_000)).toEqual(['replication_degraded']);
    goes('up');
    expect(lookAfter(1_000)).toEqual([]);
  });

  it('tells that writes wait for their second copy when they do for five seconds', () => {
    pending = { unsecured: 7 };
    expect(lookAfter(0)).toEqual([]);
    expect(lookAfter(4_999)).toEqual([]);
    expect(lookAfter(1)).toEqual(['replication_behind']);
    pending = { unsecured: 0 };
    expect(lookAfter(1_000)).toEqual([]);
  });

  it('tells that clocks differ until a link is made without a difference', () => {
    log.warn('cluster_clock_differs', { peer: 'bus2@h', difference_ms: 180_000 });
    log.info('cluster_node_up', { peer: 'bus2@h' });
    expect([...active]).toEqual([['cluster_clock_differs/bus2@h', 'The clocks of this node and bus2@h differ by 180 s']]);
    log.info('cluster_link_lost', { peer: 'bus2@h', reason: 'x' });
    log.info('cluster_node_up', { peer: 'bus2@h' });
    expect([...active]).toEqual([]);
  });

  it('lasts while a store cannot be written', () => {
    log.error('session_store_not_written', { reason: 'disk full' });
    log.error('shared_tables_not_written', { reason: 'disk full' });
    rowsWaiting = 3;
    expect(lookAfter(1_000)).toEqual(['session_store_not_written', 'shared_tables_not_written']);
    log.info('session_store_written_again', {});
    rowsWaiting = 0;
    expect(lookAfter(1_000)).toEqual([]);
  });
});

describe('an event at the end of something', () => {
  it('tells how many messages waited for a node and were delivered', () => {
    goes('down');
    [pending, counters] = [{ lateOut: 3 }, { lateMade: 10 }];
    watch.look();
    [pending, counters] = [{ lateOut: 9 }, { lateMade: 24 }];
    watch.look();
    goes('up');
    pending = { lateOut: 0 };
    watch.look();
    expect(said()).toEqual(['17 messages waited for bus2@h and were delivered or taken over', '3 messages wait here for bus2@h']);
  });

  it('tells how many sessions were merged once a node is back and nothing is under way any more', () => {
    counters = { forksMerged: 5 };
    log.info('cluster_link_lost', { peer: 'bus2@h', reason: 'x' });
    log.info('cluster_node_up', { peer: 'bus2@h' });
    [pending, counters] = [{ handIns: 1 }, { forksMerged: 30 }];
    lookAfter(6_000);
    [pending, counters] = [{ handIns: 0 }, { forksMerged: 45 }];
    lookAfter(1_000);
    lookAfter(9_000);
    expect(said().filter((message) => message.includes('merged'))).toEqual(['40 sessions were on both sides and were merged here after bus2@h came back']);
  });

  it('tells what was discarded, not more often than every ten seconds', () => {
    losses = { forwardsDropped: 4, forwardsLost: 1 };
    watch.look();
    losses = { forwardsDropped: 6, forwardsLost: 1 };
    lookAfter(9_000);
    lookAfter(1_000);
    expect(said()).toEqual([
      '2 QoS 0 messages were left out because a link was behind, 0 went down with a link',
      '4 QoS 0 messages were left out because a link was behind, 1 went down with a link',
    ]);
  });
});
