import { describe, expect, it } from 'vitest';
import { addNodeToText, newDefinitionText, parseDefinition, updateYaml } from './clusterDefinition.ts';

describe('busbar.yaml', () => {
  it('is written as it is read', () => {
    expect(parseDefinition(newDefinitionText('first', 2))).toEqual({ name: 'first', nodes: [{ name: 'busbar-1' }, { name: 'busbar-2' }] });
  });

  it('takes ports and configuration keys for all nodes and for one', () => {
    const text = 'name: a\nconfig: { mqtt.max_packet_size: 2MB }\nnodes:\n  - name: n1\n    ports: { mqtt: 1900 }\n    config: { log.level: debug }\n';
    expect(parseDefinition(text)).toEqual({
      ...{ name: 'a', config: { 'mqtt.max_packet_size': '2MB' } },
      nodes: [{ name: 'n1', ports: { mqtt: 1900 }, config: { 'log.level': 'debug' } }],
    });
  });

  it.each([
    ['name: a\nnodes: [', /line 2/],
    ['name: a\n', /nodes/],
    ['name: a\nnodes: []\n', /nodes must/],
    ['name: a\nnodes: [{name: "b c"}]\n', /nodes\.0\.name must/],
    ['name: a\nnodes: [{name: b, port: 1}]\n', /nodes\.0\.port is not known here/],
    ['name: a\nnodes: [{name: b}, {name: b}]\n', /two nodes are called b/],
    ['just text', /cannot be read/],
  ])('refuses %j and says where', (text, message) => {
    expect(() => parseDefinition(text)).toThrow(expect.objectContaining({ code: 'PROJECT_UNREADABLE', message: expect.stringMatching(message) as string }) as Error);
  });

  it('gets a node more and keeps its comments', () => {
    const { text, name } = addNodeToText('# mine\nname: a\nnodes:\n  - name: busbar-2 # the old one\n');
    expect(name).toBe('busbar-3');
    expect(text).toBe('# mine\nname: a\nnodes:\n  - name: busbar-2 # the old one\n  - name: busbar-3\n');
  });

  it('has nine nodes at most', () => {
    expect(() => addNodeToText(newDefinitionText('a', 9))).toThrow('A local cluster has at most 9 nodes.');
  });
});

describe('a YAML file that is updated', () => {
  it('keeps comments and what did not change', () => {
    expect(updateYaml('# kept\na: 1 # one\nb: old\ngone: x\n', { a: 1, b: 'new', c: [1] })).toBe('# kept\na: 1 # one\nb: new\nc:\n  - 1\n');
  });

  it('is written anew when there is none', () => {
    expect(updateYaml(undefined, { a: null, b: '' })).toBe('a: null\nb: ""\n');
  });
});
