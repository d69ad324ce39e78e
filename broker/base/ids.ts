/** Names and ids that must not be swapped, and units in type names. */

declare const brand: unique symbol;
type Branded<T, B extends string> = T & { readonly [brand]: B };

/** `name@host`, the node's label outside. */
export type NodeName = Branded<string, 'NodeName'>;
/** 16 random bytes as 32 hex digits, the node's permanent identity (cluster-protocol R1). */
export type NodeId = Branded<string, 'NodeId'>;

/** Milliseconds: a duration, or a moment on the clock that was handed in. */
export type Millis = number;

const NODE_NAME = /^[A-Za-z0-9_-]{1,64}@[A-Za-z0-9.:_[\]-]{1,255}$/;

/** Reads `name@host`; undefined when the text has another form. */
export function parseNodeName(text: string): NodeName | undefined {
  return NODE_NAME.test(text) ? (text as NodeName) : undefined;
}

/** Port offset by EMQX's rule: the trailing digits of the part before `@`, modulo 60000, 0 if there are none. */
export function portOffset(name: NodeName): number {
  const digits = /(\d+)@/.exec(name)?.[1];
  return digits === undefined ? 0 : Number(digits.slice(-9)) % 60_000;
}

/** The cluster port of a node unless `cluster.port` says otherwise: 4370 plus the offset of its name. */
export function defaultClusterPort(name: NodeName): number {
  return 4370 + portOffset(name);
}
