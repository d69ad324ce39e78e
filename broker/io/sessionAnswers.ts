/** What a node answers about its sessions, and how it hands them over before it is stopped. */
import type { SessionQuestions, SessionsOfNode } from '../api/sessionQuestions.ts';
import type { BrokerNode } from '../core/brokerNode.ts';
import type { ListenerManager } from './listeners/listenerManager.ts';

export interface SessionAnswersOptions {
  readonly node: BrokerNode;
  readonly listeners: Pick<ListenerManager, 'stopAccepting'>;
  readonly durability: SessionsOfNode['durability'];
}

type SessionAnswers = {
  readonly [Q in keyof SessionQuestions]: (params: SessionQuestions[Q]['params']) => SessionQuestions[Q]['answer'] | Promise<SessionQuestions[Q]['answer']>;
};

export function sessionAnswers({ node, listeners, durability }: SessionAnswersOptions): SessionAnswers {
  return {
    sessions() {
      const state = node.kept?.state;
      if (state === undefined) return { durability, isProtected: false, pending: {}, counters: {} };
      return { durability, isProtected: state.isProtected, pending: { ...state.pending }, counters: { ...state.counters } };
    },
    async drain({ timeoutMs }) {
      listeners.stopAccepting();
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<{ done: boolean }>((resolve) => (timer = setTimeout(() => resolve({ done: false }), timeoutMs)));
      // Where there is no other node to take them, they stay.
      const isEmpty = () => [...node.sessions.values()].every(({ keeper }) => keeper === null);
      const drained = new Promise<{ done: boolean }>((resolve) => node.drain(() => resolve({ done: isEmpty() })));
      try {
        return await Promise.race([drained, late]);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
