import { describe, expect, it } from 'vitest';
import { BrokerWorld } from '../../test/support/brokerWorld.ts';

describe('deadlines of connections', () => {
  it('end a connection without CONNECT after mqtt.idle_timeout', () => {
    const world = new BrokerWorld({ sets: ['mqtt.idle_timeout=5s'] });
    const client = world.accept();
    world.advance(4_999);
    expect(client.closed).toBe(false);
    world.advance(1);
    expect(client.closed).toBe(true);
  });

  it('take no timer of each connection, and none when nobody is connected', () => {
    const world = new BrokerWorld();
    const clients = ['a', 'b', 'c'].map((id) => world.connect(id, { keepalive: 60 }));
    expect(world.pendingTimers.filter((name) => name === 'deadlines')).toEqual(['deadlines']);
    for (const client of clients) client.disconnect();
    world.advance(2_000);
    expect(world.pendingTimers).not.toContain('deadlines');
  });

  it('are met by each of very many connections, and leave room for others in between', () => {
    const world = new BrokerWorld();
    const clients = Array.from({ length: 25_000 }, (_, index) => world.connect(`c${index}`, { keepalive: 10 }));
    for (let second = 1; second < 15; second += 1) {
      world.advance(1_000);
      world.settle();
    }
    world.advance(1_000);
    expect(clients.filter(({ closed }) => closed)).toHaveLength(10_000);
    expect(world.settle()).toBe(2);
    expect(clients.every(({ closed }) => closed)).toBe(true);
  });
});
