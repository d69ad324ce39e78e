/** `busbar.yaml`: the cluster of a project as a person writes it. No secrets: the cookie lies in `.busbar/`. */
import Type, { type Static } from 'typebox';
import { Document, isMap, parseDocument } from 'yaml';
import { BusbarError } from '../../broker/base/errors.ts';
import { misfit } from '../contract/misfit.ts';

/** Nodes of one local cluster. */
export const MAX_NODES = 9;

const Port = Type.Integer({ minimum: 1, maximum: 65535 });
/** EMQX configuration keys with their values, e.g. `mqtt.max_packet_size: 2MB`. */
const Overrides = Type.Record(Type.String({ pattern: '^[a-z0-9_.]+$' }), Type.Union([Type.String(), Type.Number(), Type.Boolean()]));
const NodeDefinition = Type.Object(
  {
    name: Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' }),
    /** Ports that must be used; without them free ones are chosen and kept while they stay free. */
    ports: Type.Optional(Type.Object({ mqtt: Type.Optional(Port), api: Type.Optional(Port), cluster: Type.Optional(Port) }, { additionalProperties: false })),
    config: Type.Optional(Overrides),
  },
  { additionalProperties: false },
);
const ClusterDefinition = Type.Object(
  {
    name: Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' }),
    nodes: Type.Array(NodeDefinition, { minItems: 1, maxItems: MAX_NODES }),
    config: Type.Optional(Overrides),
  },
  { additionalProperties: false },
);
export type ClusterDefinition = Static<typeof ClusterDefinition>;
export type NodeDefinition = Static<typeof NodeDefinition>;

/** Reads the file's text. Throws PROJECT_UNREADABLE with line and column, or with the field that does not fit. */
export function parseDefinition(text: string): ClusterDefinition {
  const document = parseDocument(text);
  const syntax = document.errors[0];
  if (syntax) throw unreadable(syntax.message.split('\n')[0] ?? 'not YAML');
  const read: unknown = document.toJS();
  const problem = misfit(ClusterDefinition, read);
  if (problem !== undefined) throw unreadable(problem);
  const value = read as ClusterDefinition;
  const names = value.nodes.map((node) => node.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw unreadable(`two nodes are called ${twice}`);
  return value;
}

/** The text of a new definition. */
export function newDefinitionText(name: string, nodes: number): string {
  const value: ClusterDefinition = { name, nodes: Array.from({ length: nodes }, (_, index) => ({ name: nodeNameAt(index) })) };
  const document = new Document(value);
  document.commentBefore = ' A Busbar cluster. `config:` takes EMQX configuration keys, for all nodes here or for one below it.';
  return document.toString();
}

/** The same text with one node more; comments stay. Returns the name of the new node. */
export function addNodeToText(text: string): { text: string; name: string } {
  const definition = parseDefinition(text);
  if (definition.nodes.length >= MAX_NODES) {
    throw new BusbarError('BAD_REQUEST', `A local cluster has at most ${MAX_NODES} nodes.`, { hint: 'Stop a node, or run further nodes on another machine.' });
  }
  const taken = new Set(definition.nodes.map((node) => node.name));
  let index = definition.nodes.length;
  while (taken.has(nodeNameAt(index))) index += 1;
  const name = nodeNameAt(index);
  const document = parseDocument(text);
  document.addIn(['nodes'], document.createNode({ name }));
  return { text: document.toString(), name };
}

/** Replaces what a YAML file says and keeps its comments and its order of keys where they still fit. */
export function updateYaml(text: string | undefined, value: Readonly<Record<string, unknown>>): string {
  const document = parseDocument(text ?? '');
  if (document.errors.length > 0 || !isMap(document.contents)) return new Document(value).toString();
  for (const { key } of [...document.contents.items]) {
    const name = String(key);
    if (!Object.hasOwn(value, name)) document.delete(name);
  }
  for (const [name, wanted] of Object.entries(value)) {
    const current: unknown = document.toJS()[name];
    if (JSON.stringify(current) !== JSON.stringify(wanted)) document.set(name, document.createNode(wanted));
  }
  return document.toString();
}

function nodeNameAt(index: number): string {
  return `busbar-${index + 1}`;
}

function unreadable(problem: string): BusbarError {
  return new BusbarError('PROJECT_UNREADABLE', `busbar.yaml cannot be read: ${problem}`, { details: { file: 'busbar.yaml' } });
}
