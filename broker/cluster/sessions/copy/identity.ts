/** What messages and places in a session are called cluster-wide, so that two copies can be told apart and compared. */
import type { NodeId } from '../../../base/ids.ts';
import type { Actor } from '../../ports.ts';

declare const brand: unique symbol;

/** One life of one node as text, `<nodeId>/<incarnation>` (R2). */
export type ActorKey = string & { readonly [brand]: 'ActorKey' };

export function actorKey({ nodeId, incarnation }: Actor): ActorKey {
  return `${nodeId}/${incarnation}` as ActorKey;
}

export function nodeOfActor(actor: ActorKey): NodeId {
  return actor.slice(0, actor.indexOf('/')) as NodeId;
}

export function incarnationOfActor(actor: ActorKey): number {
  return Number(actor.slice(actor.indexOf('/') + 1));
}

/** The name of a QoS 1 or 2 message: drawn once, where it is accepted, and never changed (section 0.3). */
export interface Mid {
  readonly actor: ActorKey;
  /** Grows with every message the actor accepts. */
  readonly n: number;
}

/** A `Mid` as text, `<nodeId>/<incarnation>:<n>`: for logs and for maps off the hot path. */
export type MidKey = string & { readonly [brand]: 'MidKey' };

export function midKey({ actor, n }: Mid): MidKey {
  return `${actor}:${n}` as MidKey;
}

export function sameMid(a: Mid, b: Mid): boolean {
  return a.n === b.n && a.actor === b.actor;
}

/** Order of mids for results that must not depend on who computes them; says nothing about time. */
export function compareMids(a: Mid, b: Mid): number {
  if (a.actor !== b.actor) return a.actor < b.actor ? -1 : 1;
  return a.n - b.n;
}

/**
 * The history of one copy object in one process, `<actor>#<number>`. A lineage never goes on in an object that did not grow from
 * the earlier one (C13), so it belongs to the object in memory and never travels as "mine".
 */
export type Lineage = string & { readonly [brand]: 'Lineage' };

export function lineageOf(actor: ActorKey, number: number): Lineage {
  return `${actor}#${number}` as Lineage;
}

export function actorOfLineage(lineage: Lineage): ActorKey {
  return lineage.slice(0, lineage.indexOf('#')) as ActorKey;
}

function numberOfLineage(lineage: Lineage): number {
  return Number(lineage.slice(lineage.indexOf('#') + 1));
}

/** Older lineages first: by incarnation, which follows the wall clock (R2), then by number. */
export function compareLineages(a: Lineage, b: Lineage): number {
  const older = incarnationOfActor(actorOfLineage(a)) - incarnationOfActor(actorOfLineage(b));
  if (older !== 0) return older;
  const earlier = numberOfLineage(a) - numberOfLineage(b);
  if (earlier !== 0) return earlier;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** A place in a session: drawn when an owner enqueues (section 9). */
export interface Dot {
  readonly lineage: Lineage;
  readonly n: number;
}

export function compareDots(a: Dot, b: Dot): number {
  return a.lineage === b.lineage ? a.n - b.n : compareLineages(a.lineage, b.lineage);
}
