import { describe, expect, it } from 'vitest';
import { BrokerWorld, NO_RULES } from '../../../test/support/brokerWorld.ts';
import type { RewriteRule } from '../../config/serviceConfig.ts';
import { BrokerServices } from './brokerServices.ts';

const rule = (action: RewriteRule['action'], sourceTopic: string, re: string, destTopic: string): RewriteRule => ({ action, sourceTopic, re, destTopic });

function rewriteWorld(rules: readonly RewriteRule[], asked: string[] = []) {
  const authorizer = {
    epoch: 0,
    decide: (client: never, request: { action: string; topic: string }) => {
      asked.push(`${request.action} ${request.topic}`);
      return NO_RULES.decide(client, request as never);
    },
  };
  const world = new BrokerWorld({ authorizer });
  const services = new BrokerServices({ node: world.node, version: '1', runningNodes: () => [], listenerPort: () => 1883 });
  services.rewrite.configure(rules);
  return { world, services, asked };
}

/** What becomes of a topic that a client publishes to. */
function published(rules: readonly RewriteRule[], topic: string, clientId = 'c1', username: string | null = 'u1'): string {
  const { world } = rewriteWorld(rules);
  const watcher = world.connect('watcher');
  watcher.subscribe(['#', '$x/#']);
  watcher.take();
  world.connect(clientId, username === null ? {} : { username }).publish(topic, '');
  const [packet] = watcher.take();
  return packet?.type === 'publish' ? packet.topic : '';
}

describe('a rule', () => {
  it.each([
    ['takes captured pieces', [rule('publish', 'x/#', '^x/y/(.+)$', 'z/y/$1')], 'x/y/1/2', 'z/y/1/2'],
    ['takes them in any order, more than once', [rule('all', '#', '^(.)/(.)$', '$2/$1/$2')], 'a/b', 'b/a/b'],
    ['leaves what its pattern does not fit', [rule('publish', 'x/#', '^x/y/(.+)$', 'z/$1')], 'x/z/1', 'x/z/1'],
    ['leaves what its source does not match', [rule('publish', 'x/+', '.*', 'z')], 'x/1/2', 'x/1/2'],
    ['leaves $… where its source begins with a wildcard', [rule('publish', '#', '.*', 'z')], '$x/1', '$x/1'],
    ['takes client id and user name', [rule('publish', 'x', '.*', 'of/${clientid}/${username}')], 'x', 'of/c1/u1'],
    ['takes them in the spelling of EMQX 4', [rule('publish', 'x', '.*', 'of/%c/%u')], 'x', 'of/c1/u1'],
    ['takes unknown groups and placeholders as they are', [rule('publish', 'x', '(x)', '$1/$2/$0/${other}')], 'x', 'x/$2/$0/${other}'],
    ['that is for subscribers leaves a publish', [rule('subscribe', 'x', '.*', 'z')], 'x', 'x'],
    ['first that matches decides, fit or not', [rule('publish', 'x/#', '^no$', 'a'), rule('publish', 'x/1', '.*', 'b')], 'x/1', 'x/1'],
  ])('%s', (_what, rules, topic, expected) => {
    expect([published(rules, topic), published(rules, topic)]).toEqual([expected, expected]);
  });

  it('leaves a placeholder without a value, and a topic that would become invalid', () => {
    expect(published([rule('publish', 'x', '.*', 'of/${username}')], 'x', 'c1', null)).toBe('of/${username}');
    expect(published([rule('publish', 'x', '.*', 'of/${clientid}')], 'x', 'c/#')).toBe('x');
    expect(published([rule('publish', 'x', '(y*)', '$1')], 'x')).toBe('x');
  });

  it('does not remember one client for another', () => {
    const { world } = rewriteWorld([rule('publish', 'x', '.*', 'of/${clientid}')]);
    const watcher = world.connect('watcher');
    watcher.subscribe('#', { qos: 0 });
    watcher.take();
    for (const clientId of ['a', 'b', 'a']) world.connect(clientId).publish('x', '');
    expect(watcher.taken().map((line) => line.split(' ')[1])).toEqual(['of/a', 'of/b', 'of/a']);
  });

  it('leaves a topic that is too long for patterns, and says so', () => {
    const { world } = rewriteWorld([rule('publish', '#', '^(a+)+$', 'z')]);
    world.connect('c').publish('a'.repeat(1025), '');
    expect(world.logged.map(({ msg, fields }) => `${msg} ${String(fields['reason'])}`)).toEqual(['topic_not_rewritten topic_too_long']);
  });
});

describe('subscriptions', () => {
  const RULES = [rule('subscribe', 'y/#', '^y/(.+)/z/(.+)$', 'y/z/$2'), rule('publish', 'p/#', '.*', 'q')];

  it('are made with the new filter after the old one was authorized, and undone by the old one', () => {
    const { world, asked } = rewriteWorld(RULES);
    const client = world.connect('c');
    client.subscribe(['y/a/z/b', 'y/def', 'p/1'], { qos: 1 });
    expect([client.taken(), [...(client.channel.session?.subscriptions?.keys() ?? [])]]).toEqual([['suback #1 0x01 0x01 0x01'], ['y/z/b', 'y/def', 'p/1']]);
    expect(asked).toEqual(['subscribe y/a/z/b', 'subscribe y/def', 'subscribe p/1']);
    client.unsubscribe('y/a/z/b', 'y/none/z/none');
    expect([client.taken(), [...(client.channel.session?.subscriptions?.keys() ?? [])]]).toEqual([['unsuback #2 0x00 0x11'], ['y/def', 'p/1']]);
  });

  it('keep wildcards and the prefix of a shared subscription', () => {
    const { world } = rewriteWorld(RULES);
    const client = world.connect('c');
    client.subscribe(['y/+/z/#', '$share/g/y/a/z/b'], { qos: 1 });
    expect([...(client.channel.session?.subscriptions?.keys() ?? [])]).toEqual(['y/z/#', '$share/g/y/z/b']);
  });
});

it('without rules nothing is hooked, and rules can come and go', () => {
  const { world, services } = rewriteWorld([]);
  const hooked = () => [world.hooks.has('message.publish'), world.hooks.has('client.subscribe'), world.hooks.has('client.unsubscribe')];
  const seen = [hooked()];
  services.rewrite.configure([rule('publish', 'x', '.*', 'z')]);
  seen.push(hooked());
  services.rewrite.configure([rule('all', 'x', '.*', 'z')]);
  seen.push(hooked());
  services.rewrite.configure([]);
  seen.push(hooked());
  expect(seen).toEqual([[false, false, false], [true, false, false], [true, true, true], [false, false, false]]);
});
