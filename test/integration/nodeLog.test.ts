/** What a node under attack writes to its log, as whoever runs it reads it. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { LogRecord } from '../../broker/base/log.ts';
import { startBroker, type BrokerProcess } from '../support/brokerProcess.ts';
import { waitFor, within } from '../support/waitFor.ts';

let broker: BrokerProcess | undefined;
afterEach(async () => {
  await broker?.end();
  broker = undefined;
});

function logOf({ process }: BrokerProcess): readonly LogRecord[] {
  return process.stderr().split('\n').filter((line) => line.startsWith('{"time"')).map((line) => JSON.parse(line) as LogRecord);
}

const suppressedIn = (records: readonly LogRecord[]) =>
  records.filter(({ msg }) => msg === 'log_events_throttled_during_last_period').reduce((sum, { fields }) => sum + Number(fields['suppressed']), 0);

describe('the log of a node', () => {
  it('stays short while somebody sends rubbish, and every case is in it: as a line or in a count', async () => {
    const attacks = 300;
    broker = await startBroker(['log.throttling.time_window=2s']);
    const { port } = broker;
    const attack = async () => {
      const socket = connect({ host: '127.0.0.1', port });
      socket.on('error', () => {}); // a reset is one way to be refused
      socket.resume().end(Buffer.from('f00f', 'hex')); // a packet of no type before CONNECT
      await within('the end', once(socket, 'close'));
    };
    for (let sent = 0; sent < attacks; sent += 50) await Promise.all(Array.from({ length: 50 }, attack));
    const told = () => {
      const records = logOf(broker as BrokerProcess);
      return { lines: records.filter(({ msg }) => msg === 'malformed_packet').length, suppressed: suppressedIn(records) };
    };
    await waitFor('all of them to be told', () => told().lines + told().suppressed === attacks);
    // Windows of two seconds: as many as the attack took, with ten lines each.
    expect(told().lines).toBeLessThanOrEqual(attacks / 2);
    expect(told().suppressed).toBeGreaterThan(0);
  });

  it('tells on the way out what it left out', async () => {
    broker = await startBroker(['log.throttling.time_window=1h', 'listeners.tcp.default.access_rules=["deny all"]']);
    const { port } = broker;
    for (let count = 0; count < 15; count += 1) {
      const socket = connect({ host: '127.0.0.1', port });
      socket.on('error', () => {}); // a reset is one way to be refused
      socket.resume();
      await within('the end', once(socket, 'close'));
    }
    const { process } = broker;
    process.kill('SIGTERM');
    await process.exited;
    expect(logOf(broker).filter(({ msg }) => msg === 'listener_access_denied').length).toBe(10);
    expect(logOf(broker).at(-1)).toMatchObject({ msg: 'log_events_throttled_during_last_period', fields: { suppressed: 5, dropped: { listener_access_denied: 5 }, period: '1h' } });
  });
});
