import { describe, expect, it } from 'vitest';
import { defaultClusterPort, parseNodeName } from './ids.ts';

describe('the cluster port of a node', () => {
  it.each([
    ['emqx@127.0.0.1', 4370],
    ['emqx1@h.example', 4371],
    ['emqx12@h.example', 4382],
    ['busbar-3@127.0.0.1', 4373],
    ['n60001@h', 4371],
  ])('is 4370 plus the trailing digits of %s', (text, port) => {
    const name = parseNodeName(text);
    expect(name && defaultClusterPort(name)).toBe(port);
  });
});

describe('a node name', () => {
  it.each(['nohost', '@h', 'a@', 'a@b@c', 'a b@h'])('refuses %j', (text) => {
    expect(parseNodeName(text)).toBeUndefined();
  });
});
