import { describe, expect, it } from 'vitest';
import { BrokerWorld, type ConnectOptions, type TestClient } from '../../test/support/brokerWorld.ts';
import { NO_PROPERTIES, type Will } from '../protocol/packet.ts';

const PAYLOAD = new TextEncoder().encode('gone');

function will(delaySeconds = 0): Will {
  return { topic: 'will/c', payload: PAYLOAD, qos: 1, retain: false, properties: delaySeconds === 0 ? NO_PROPERTIES : { willDelayInterval: delaySeconds } };
}

interface Story {
  readonly name: string;
  readonly delay?: number;
  readonly expiry?: number;
  /** What happens to the connected client. */
  readonly then: (client: TestClient, world: BrokerWorld) => void;
  /** Whether the will is out directly after it, and after `afterMs` more. */
  readonly atOnce: boolean;
  readonly afterMs?: number;
  readonly later?: boolean;
}

const again = (world: BrokerWorld, options: ConnectOptions) => world.connect('c', { properties: { sessionExpiryInterval: 100 }, ...options });

/** mqtt-protocol.md section 12, row by row. */
const STORIES: readonly Story[] = [
  { name: 'DISCONNECT 0x00 drops it', expiry: 100, then: (c) => c.disconnect(), atOnce: false, afterMs: 200_000, later: false },
  { name: 'DISCONNECT 0x04 publishes it', expiry: 100, then: (c) => c.disconnect(0x04), atOnce: true },
  { name: 'DISCONNECT 0x04 waits for the delay', delay: 10, expiry: 100, then: (c) => c.disconnect(0x04), atOnce: false, afterMs: 10_000, later: true },
  { name: 'network loss publishes it', expiry: 100, then: (c) => c.vanish(), atOnce: true },
  { name: 'network loss waits for the delay', delay: 10, expiry: 100, then: (c) => c.vanish(), atOnce: false, afterMs: 10_000, later: true },
  { name: 'the end of the session comes before the delay', delay: 50, expiry: 10, then: (c) => c.vanish(), atOnce: false, afterMs: 10_000, later: true },
  { name: 'session expiry 0 publishes at once, whatever the delay', delay: 50, expiry: 0, then: (c) => c.vanish(), atOnce: true },
  { name: 'a protocol error publishes it', expiry: 100, then: (c) => c.connect('c'), atOnce: true },
  {
    name: 'reconnect with Clean Start 0 before the delay ends drops it',
    delay: 10,
    expiry: 100,
    then: (c, world) => (c.vanish(), void again(world, { cleanStart: false })),
    atOnce: false,
    afterMs: 200_000,
    later: false,
  },
  {
    name: 'reconnect with Clean Start 1 before the delay ends publishes it',
    delay: 10,
    expiry: 100,
    then: (c, world) => (c.vanish(), void again(world, { cleanStart: true })),
    atOnce: true,
  },
  { name: 'takeover without delay publishes it', expiry: 100, then: (_c, world) => void again(world, { cleanStart: false }), atOnce: true },
  { name: 'takeover with expiry 0 publishes it', delay: 10, expiry: 0, then: (_c, world) => void again(world, { cleanStart: false }), atOnce: true },
  { name: 'takeover with Clean Start 1 publishes it', delay: 10, expiry: 100, then: (_c, world) => void again(world, { cleanStart: true }), atOnce: true },
  {
    name: 'takeover with delay, expiry and Clean Start 0 drops it',
    delay: 10,
    expiry: 100,
    then: (_c, world) => void again(world, { cleanStart: false }),
    atOnce: false,
    afterMs: 200_000,
    later: false,
  },
  {
    name: 'an expiry changed by DISCONNECT 0x04 bounds the delay',
    delay: 50,
    expiry: 100,
    then: (c) => c.disconnect(0x04, { sessionExpiryInterval: 5 }),
    atOnce: false,
    afterMs: 5_000,
    later: true,
  },
  {
    name: 'a DISCONNECT that raises the expiry from 0 is an error, so it goes out',
    expiry: 0,
    then: (c) => c.disconnect(0, { sessionExpiryInterval: 5 }),
    atOnce: true,
  },
  { name: 'a stopping node publishes it', delay: 10, expiry: 100, then: (_c, world) => world.node.shutdown(), atOnce: true },
];

describe('a will', () => {
  it.each(STORIES)('$name', ({ delay, expiry, then, atOnce, afterMs, later }) => {
    const world = new BrokerWorld();
    // Kept after its own shutdown notice: what a watcher would get is in its session by then.
    const watcher = world.connect('watcher', { cleanStart: false, properties: { sessionExpiryInterval: 1000 } });
    watcher.subscribe('will/#');
    const client = world.connect('c', { will: will(delay), properties: { sessionExpiryInterval: expiry ?? 0 } });
    watcher.take();
    then(client, world);
    const published = () => watcher.take().some((packet) => packet.type === 'publish') || (world.node.sessions.get('watcher')?.mqueueLength ?? 0) > 0;
    expect(published()).toBe(atOnce);
    if (afterMs === undefined) return;
    world.advance(afterMs - 1);
    if (later === true) expect(published()).toBe(false);
    world.advance(1);
    expect(published()).toBe(later);
  });

  it('carries its properties without the delay, and is retained when it asks for it', () => {
    const world = new BrokerWorld();
    const watcher = world.connect('watcher');
    watcher.subscribe('will/#');
    watcher.take();
    const properties = { willDelayInterval: 1, contentType: 'text/plain', messageExpiryInterval: 60 };
    const client = world.connect('c', { will: { ...will(), retain: true, properties } });
    client.vanish();
    expect(watcher.take()).toEqual([
      {
        type: 'publish',
        dup: false,
        qos: 1,
        retain: false,
        topic: 'will/c',
        packetId: 1,
        payload: PAYLOAD,
        properties: { contentType: 'text/plain', messageExpiryInterval: 60 },
      },
    ]);
    expect(world.node.retained.get('will/c')?.payload).toEqual(PAYLOAD);
  });

  it('is not published when the rules deny it', () => {
    const world = new BrokerWorld({ authorizer: { epoch: 0, decide: (_client, { action }) => ({ permission: action === 'publish' ? 'deny' : 'allow', rule: 1 }) } });
    const watcher = world.connect('watcher');
    watcher.subscribe('#');
    watcher.take();
    world.connect('c', { will: will() }).vanish();
    expect(watcher.take()).toEqual([]);
    expect(world.logged.map((record) => record.msg)).toContain('cannot_publish_will_due_to_not_authorized');
  });
});
