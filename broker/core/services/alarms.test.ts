import { beforeEach, describe, expect, it } from 'vitest';
import { BrokerWorld, type TestClient } from '../../../test/support/brokerWorld.ts';
import { Alarms } from './alarms.ts';

let world: BrokerWorld;
let alarms: Alarms;
let reader: TestClient;

beforeEach(() => {
  world = new BrokerWorld();
  const { node, log } = world;
  alarms = new Alarms({ port: node, node: node.config.node.name, log, config: { actions: ['log', 'publish'], sizeLimit: 3, validityPeriodMs: 60_000 } });
  reader = world.connect('reader');
  reader.subscribe('$SYS/brokers/+/alarms/#');
  reader.take();
});

const names = (activated: boolean) => alarms.list(activated).map(({ name }) => name);
const published = () =>
  reader.take().flatMap((packet) => (packet.type === 'publish' ? [[packet.topic.split('/').at(-1), JSON.parse(Buffer.from(packet.payload).toString()) as unknown]] : []));

describe('an alarm', () => {
  it('begins once and ends once, and is told both times', () => {
    const startedAtMs = world.node.clock.now();
    expect([alarms.activate('disk', 'The disk is full.', { path: '/data' }), alarms.activate('disk', 'again')]).toEqual([true, false]);
    expect(names(true)).toEqual(['disk']);
    world.advance(5_000);
    expect([alarms.deactivate('disk'), alarms.deactivate('disk')]).toEqual([true, false]);
    expect([names(true), alarms.list(false)]).toEqual([
      [],
      [{ name: 'disk', message: 'The disk is full.', details: { path: '/data' }, activatedAtMs: startedAtMs, deactivatedAtMs: startedAtMs + 5_000 }],
    ]);
    const told = { name: 'disk', details: { path: '/data' }, message: 'The disk is full.', activate_at: startedAtMs * 1_000 };
    expect(published()).toEqual([
      ['activate', { ...told, deactivate_at: 'infinity', activated: true }],
      ['deactivate', { ...told, deactivate_at: (startedAtMs + 5_000) * 1_000, activated: false }],
    ]);
    expect(world.logged.map(({ msg, fields }) => [msg, fields['name']])).toEqual([
      ['alarm_is_activated', 'disk'],
      ['alarm_is_deactivated', 'disk'],
    ]);
  });

  it('is told only as the settings say', () => {
    alarms.configure({ actions: [], sizeLimit: 3, validityPeriodMs: 60_000 });
    alarms.activate('disk', 'The disk is full.');
    expect([published(), world.logged, names(true)]).toEqual([[], [], ['disk']]);
  });
});

describe('alarms', () => {
  it('are kept as many as may be: of active ones the first, of past ones the last', () => {
    expect(['a', 'b', 'c', 'd'].map((name) => alarms.activate(name, 'x'))).toEqual([true, true, true, false]);
    expect(world.logged.at(-1)).toMatchObject({ msg: 'alarm_not_kept', fields: { name: 'd', size_limit: 3 } });
    for (const name of ['a', 'b', 'c']) alarms.deactivate(name);
    alarms.activate('e', 'x');
    alarms.deactivate('e');
    expect([names(true), names(false)]).toEqual([[], ['e', 'c', 'b']]);
  });

  it('that are over are forgotten in time, or when somebody says so; active ones never', () => {
    for (const name of ['a', 'b', 'active']) alarms.activate(name, 'x');
    alarms.deactivate('a');
    world.advance(40_000);
    alarms.deactivate('b');
    world.advance(30_000);
    expect(names(false)).toEqual(['b']);
    alarms.clearHistory();
    expect([names(true), names(false)]).toEqual([['active'], []]);
  });
});
