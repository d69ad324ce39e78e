/** What a node answers about its sessions, and how it hands them over before it is stopped. */
import type { SessionQuestions, SessionsOfNode } from '../api/sessionQuestions.ts';
import type { BrokerNode } from '../core/brokerNode.ts';
import type { NodeDrain } from './nodeDrain.ts';

export interface SessionAnswersOptions {
  readonly node: BrokerNode;
  readonly drain: NodeDrain;
  readonly durability: SessionsOfNode['durability'];
  /** Of a store that all nodes reach. */
  readonly storeCounters: () => Readonly<Record<string, number>>;
}

type SessionAnswers = {
  readonly [Q in keyof SessionQuestions]: (params: SessionQuestions[Q]['params']) => SessionQuestions[Q]['answer'] | Promise<SessionQuestions[Q]['answer']>;
};

export function sessionAnswers({ node, drain, durability, storeCounters }: SessionAnswersOptions): SessionAnswers {
  return {
    sessions() {
      const state = node.kept?.state;
      if (state === undefined) return { durability, isProtected: false, pending: {}, counters: {} };
      return { durability, isProtected: state.isProtected, pending: { ...state.pending }, counters: { ...state.counters, ...storeCounters() } };
    },
    drain({ action }) {
      if (action === 'start') return drain.start();
      return action === 'cancel' ? drain.cancel() : drain.progress;
    },
  };
}
