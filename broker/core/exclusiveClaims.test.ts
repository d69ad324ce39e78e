import { describe, expect, it } from 'vitest';
import { BrokerWorld, nodeNamed, type ConnectOptions } from '../../test/support/brokerWorld.ts';
import { MAX_CLAIMANT_BYTES } from './exclusiveClaims.ts';
import { standalone, type ClusterPort } from './clusterPort.ts';

const ON = ['mqtt.exclusive_subscription=true'];
const KEPT: ConnectOptions = { cleanStart: false, properties: { sessionExpiryInterval: 100 } };

describe('an exclusive subscription', () => {
  it('is held by one client; ordinary subscribers of the same filter are not its concern', () => {
    const world = new BrokerWorld({ sets: ON });
    const [one, two] = [world.connect('one'), world.connect('two')];
    one.subscribe('$exclusive/t', { qos: 1 });
    two.subscribe(['$exclusive/t', 't', '$exclusive/u'], { qos: 1 });
    expect([one.taken(), two.taken()]).toEqual([['suback #1 0x01'], ['suback #1 0x97 0x01 0x01']]);
    world.connect('p').publish('t', 'x');
    expect([one.taken(), two.taken()]).toEqual([['publish t qos0 "x"'], ['publish t qos0 "x"']]);
  });

  it('is told apart by its filter, and gets what the filter matches, retained messages too', () => {
    const world = new BrokerWorld({ sets: ON });
    world.connect('p').publish('t/1', 'kept', { retain: true });
    const one = world.connect('one');
    one.subscribe('$exclusive/t/+');
    world.connect('two').subscribe('$exclusive/t/1');
    expect(one.taken()).toEqual(['suback #1 0x02', 'publish t/1 qos0 retain "kept"']);
  });

  it.each([
    ['unsubscribing', (world: BrokerWorld) => world.node.unsubscribe(world.node.sessions.get('one')!, '$exclusive/t')],
    ['the end of the session', (world: BrokerWorld) => world.node.kick('one')],
    ['expiry', (world: BrokerWorld) => (world.node.sessions.get('one')?.channel?.closed('gone'), world.advance(100_000))],
    ['a clean start', (world: BrokerWorld) => world.connect('one', { cleanStart: true })],
  ])('is free again after %s', (_how, end) => {
    const world = new BrokerWorld({ sets: ON });
    const two = world.connect('two');
    world.connect('one', KEPT).subscribe('$exclusive/t');
    two.subscribe('$exclusive/t');
    end(world);
    two.subscribe('$exclusive/t');
    expect(two.taken()).toEqual(['suback #1 0x97', 'suback #2 0x02']);
  });

  it('stays with a client that is away, comes back, or subscribes again', () => {
    const world = new BrokerWorld({ sets: ON });
    const two = world.connect('two');
    const one = world.connect('one', KEPT);
    one.subscribe('$exclusive/t');
    one.subscribe('$exclusive/t', { qos: 0 });
    one.vanish();
    two.subscribe('$exclusive/t');
    world.connect('one', KEPT);
    world.connect('one', KEPT);
    two.subscribe('$exclusive/t');
    expect([one.taken(), two.taken()]).toEqual([
      ['suback #1 0x02', 'suback #2 0x00'],
      ['suback #1 0x97', 'suback #2 0x97'],
    ]);
  });

  it('is refused where they are off, to whom the rules forbid the filter, and to a client whose id would not fit a row', () => {
    const off = new BrokerWorld().connect('c');
    off.subscribe('$exclusive/t');
    const denied = new BrokerWorld({ sets: ON, authorizer: { epoch: 0, decide: (_client, { topic }) => ({ permission: topic === 't' ? 'deny' : 'allow', rule: 1 }) } });
    const client = denied.connect('c');
    client.subscribe('$exclusive/t');
    const long = new BrokerWorld({ sets: ON }).connect('x'.repeat(MAX_CLAIMANT_BYTES + 1));
    long.subscribe('$exclusive/t');
    expect([off.taken(), client.taken(), long.taken()]).toEqual([['suback #1 0x8f'], ['suback #1 0x87'], ['suback #1 0x97']]);
  });
});

/** Two nodes and what is under way between them, in order; nothing arrives before `deliver`. */
function pair() {
  const underWay: { readonly to: 0 | 1; readonly arrive: () => void }[] = [];
  const send = (to: 0 | 1, arrive: () => void) => void underWay.push({ to, arrive });
  const names = [nodeNamed('n1@h'), nodeNamed('n2@h')] as const;
  const cut = { value: false };
  const portOf = (self: 0 | 1): ClusterPort => {
    const other = self === 0 ? 1 : 0;
    return {
      ...standalone,
      claimChanged: (key, claim) => send(other, () => worlds[other].node.remoteClaimChanged(names[self], key, claim)),
      routeBarrier: (done) => (cut.value ? done() : send(other, () => send(self, done))),
    };
  };
  const worldOf = (self: 0 | 1) => new BrokerWorld({ sets: [...ON, `node.name=${names[self]}`], cluster: portOf(self) });
  const worlds = [worldOf(0), worldOf(1)] as const;
  const deliver = (to?: 0 | 1) => {
    for (let at = 0; at < underWay.length; ) {
      if (to !== undefined && underWay[at]?.to !== to) at += 1;
      else underWay.splice(at, 1)[0]?.arrive();
    }
  };
  return { worlds, deliver, cut };
}

describe('an exclusive subscription on two nodes', () => {
  it('is refused while a client of the other node holds it, and free when that one is gone', () => {
    const { worlds, deliver } = pair();
    worlds[0].connect('one').subscribe('$exclusive/t');
    deliver();
    const two = worlds[1].connect('two');
    two.subscribe('$exclusive/t');
    deliver();
    worlds[0].node.kick('one');
    deliver();
    two.subscribe('$exclusive/t');
    deliver();
    expect(two.taken()).toEqual(['suback #1 0x97', 'suback #2 0x02']);
  });

  it('is free when the other node is down', () => {
    const { worlds, deliver } = pair();
    worlds[0].connect('one').subscribe('$exclusive/t');
    deliver();
    worlds[1].node.remoteNodeDown(nodeNamed('n1@h'));
    const two = worlds[1].connect('two');
    two.subscribe('$exclusive/t');
    deliver();
    expect(two.taken()).toEqual(['suback #1 0x02']);
  });

  it.each([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ] as const)('claimed on both at once goes to one of them, whose claim is older or whose node is named first (older: n%i, heard first: %i)', (older, first) => {
    const { worlds, deliver } = pair();
    worlds[older === 0 ? 1 : 0].advance(5);
    const clients = [worlds[0].connect('one'), worlds[1].connect('two')] as const;
    for (const client of clients) client.subscribe('$exclusive/t', { qos: 1 });
    deliver(first);
    deliver();
    expect(clients.map((client) => client.taken())).toEqual([older, older].map((winner, index) => [`suback #1 ${winner === index ? '0x01' : '0x97'}`]));
    expect(worlds.map((world) => world.node.routes.localSubscriptions)).toEqual(older === 0 ? [1, 0] : [0, 1]);
  });

  it('claimed on both at the same moment goes to the node that is named first', () => {
    const { worlds, deliver } = pair();
    const clients = [worlds[0].connect('one'), worlds[1].connect('two')];
    for (const client of clients) client.subscribe('$exclusive/t');
    deliver();
    expect(clients.map((client) => client.taken())).toEqual([['suback #1 0x02'], ['suback #1 0x97']]);
  });

  it('granted on both while they were parted is taken from the later one, who is told by its disconnection', () => {
    const { worlds, deliver, cut } = pair();
    cut.value = true;
    worlds[1].advance(1_000);
    const [one, two] = [worlds[0].connect('one'), worlds[1].connect('two', KEPT)];
    for (const client of [one, two]) client.subscribe('$exclusive/t');
    deliver();
    expect([one.taken(), two.taken(), two.closed]).toEqual([['suback #1 0x02'], ['suback #1 0x02', 'disconnect 0x97'], true]);
    expect(worlds[1].node.sessions.get('two')?.subscriptionCount).toBe(0);
    expect(worlds[1].logged).toContainEqual({ msg: 'exclusive_subscription_lost', fields: { clientid: 'two', topic: '$exclusive/t', to: 'n1@h' } });
  });

  it('may be held twice by one client id, whose older connection will be taken over', () => {
    const { worlds, deliver } = pair();
    worlds[0].connect('one', KEPT).subscribe('$exclusive/t');
    deliver();
    const again = worlds[1].connect('one', KEPT);
    again.subscribe('$exclusive/t');
    deliver();
    expect([again.taken(), worlds[0].node.routes.localSubscriptions]).toEqual([['suback #1 0x02'], 1]);
  });
});
