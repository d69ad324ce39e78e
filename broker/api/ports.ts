/**
 * api/: the REST API v5 as data: schemas, routes as functions of (request, ports), paging, errors.
 * In: a validated request. Out: a status and a body. Knows no sockets; `io/httpServer.ts` carries it.
 * May import: base, topics, config, metrics, access, core. Begin at routes/ for one resource, here for what routes may ask.
 */
import type { NodeName } from '../base/ids.ts';
import type { ClientFilter, ClientRow, Rows, SubscriptionFilter, SubscriptionRow } from '../core/adminAnswers.ts';
import type { DelayedRow, ServiceQuestions } from '../core/serviceAnswers.ts';
import type { AlarmQuestions, AlarmRow } from '../core/alarmAnswers.ts';
import type { AclQuestions } from './aclQuestions.ts';
import type { EventQuestions } from './eventQuestions.ts';
import type { FaultQuestions } from './faultQuestions.ts';
import type { ListenerQuestions } from './listenerQuestions.ts';
import type { MembershipQuestions } from './membershipQuestions.ts';
import type { SessionQuestions } from './sessionQuestions.ts';

export type { AlarmRow, ClientFilter, ClientRow, DelayedRow, SubscriptionFilter, SubscriptionRow };

/**
 * Questions that one node answers about itself, and changes it makes to itself. A REST list asks every running node and joins
 * the answers, so the same table serves the local call and the frame on the cluster link.
 */
export interface NodeQuestions extends ServiceQuestions, AclQuestions, AlarmQuestions, EventQuestions, ListenerQuestions, FaultQuestions, MembershipQuestions, SessionQuestions {
  /** A node object of rest-api.md 2.2. */
  nodeInfo: { params: Record<string, never>; answer: Readonly<Record<string, unknown>> };
  stats: { params: Record<string, never>; answer: Readonly<Record<string, number>> };
  metrics: { params: Record<string, never>; answer: Readonly<Record<string, number>> };
  /** At most `limit` rows sorted by client id from `offset`, with the count of all that match. */
  clients: {
    params: { filter: ClientFilter; offset: number; limit: number };
    answer: Rows<ClientRow>;
  };
  /** Sorted by client id, then topic. `topic` and `share_group` see `$share/<group>/<filter>` as rows show it. */
  subscriptions: {
    params: { filter: SubscriptionFilter; offset: number; limit: number };
    answer: Rows<SubscriptionRow>;
  };
}
export type NodeQuestion = keyof NodeQuestions;

/** What routes may ask of the cluster this node is in. */
export interface AdminPort {
  readonly self: NodeName;
  readonly clusterName: string;
  /** Every known member with its state as this node sees it, sorted by name, self included. */
  members(): readonly { readonly node: NodeName; readonly status: 'running' | 'stopped' }[];
  /** Answers at once for self; over the link for a peer. Rejects with BusbarError NODE_DOWN or NODE_TIMEOUT. */
  ask<Q extends NodeQuestion>(
    node: NodeName,
    question: Q,
    params: NodeQuestions[Q]['params'],
  ): Promise<NodeQuestions[Q]['answer']>;
  /** The replicated route table: one row per (filter, node), sorted by filter then node. */
  routes(): readonly { readonly topic: string; readonly node: string }[];
}
