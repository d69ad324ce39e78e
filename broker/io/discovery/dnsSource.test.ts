import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDnsServer, type DnsServer } from '../../../test/support/dnsServer.ts';
import { parseBind } from '../../config/address.ts';
import type { DnsConfig } from '../../config/clusterConfig.ts';
import { DnsSource } from './dnsSource.ts';

let server: DnsServer;
beforeEach(async () => {
  server = await startDnsServer({
    'bus.test': [
      { type: 'a', address: '10.0.0.1' },
      { type: 'a', address: '10.0.0.2' },
      { type: 'aaaa', address: 'fd00::1' },
      { type: 'srv', target: 'bus-0.bus.test', port: 1883 },
      { type: 'srv', target: 'bus-0.bus.test', port: 4370 },
      { type: 'srv', target: 'bus-1.bus.test', port: 5000 },
      { type: 'srv', target: 'gone.bus.test', port: 4370 },
    ],
    'bus-0.bus.test': [{ type: 'a', address: '10.0.0.5' }],
    'bus-1.bus.test': [{ type: 'aaaa', address: 'fd00::6' }],
  });
});
afterEach(() => server.close());

function found(recordType: DnsConfig['recordType'], name = 'bus.test', signal = AbortSignal.timeout(5_000)) {
  const address = parseBind(server.address);
  return new DnsSource({ name, recordType, servers: address === undefined ? [] : [address] }, 4370).discover(signal);
}
const at = (host: string, port = 4370) => ({ node: undefined, address: { host, port } });

describe('discovery by DNS', () => {
  it('A: every IPv4 address, at our own port', async () => {
    expect(await found('a')).toEqual([at('10.0.0.1'), at('10.0.0.2')]);
  });

  it('AAAA: every IPv6 address, at our own port', async () => {
    expect(await found('aaaa')).toEqual([at('fd00::1')]);
  });

  it('SRV: the addresses of every target at the port of the record; of several ports of one host, ours', async () => {
    expect(await found('srv')).toEqual([at('10.0.0.5'), at('fd00::6', 5000)]);
  });

  it('nobody is there when the name does not exist: the first node of a cluster is no failure', async () => {
    expect(await found('a', 'none.test')).toEqual([]);
    expect(await found('srv', 'bus-0.bus.test')).toEqual([]);
  });

  it('a name server that does not answer is a failure that says what was asked', async () => {
    server.answering = false;
    const asked = found('a', 'bus.test', AbortSignal.timeout(200));
    await expect(asked).rejects.toMatchObject({ code: 'DISCOVERY_FAILED', message: expect.stringMatching(/^The A records of bus\.test cannot be read: /) as unknown });
  });
});
