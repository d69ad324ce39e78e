/** The window's way to the worker that reads rules, so that a long file never holds up a keystroke. */
import type { InjectionKey } from 'vue';
import type { AclClient, AclRequest } from '../../../broker/access/acl/decision.ts';
import type { AclRole, Analysis, Explanations } from './analysis.ts';

export type AnalystQuestion =
  | { readonly kind: 'check'; readonly role: AclRole; readonly text: string }
  | { readonly kind: 'explain'; readonly client: AclClient; readonly request: AclRequest };

export interface AnalystCall {
  readonly id: number;
  readonly question: AnalystQuestion;
}
export interface AnalystAnswer {
  readonly id: number;
  readonly answer: Analysis | Explanations;
}

export interface AclAnalyst {
  check(role: AclRole, text: string): Promise<Analysis>;
  explain(client: AclClient, request: AclRequest): Promise<Explanations>;
}

/** Tests provide one that works in place. */
export const ACL_ANALYST: InjectionKey<AclAnalyst> = Symbol('acl analyst');

/** Starts the worker; it lives as long as the window. Answers come in the order of the questions. */
export function startAclAnalyst(): AclAnalyst {
  const worker = new Worker(new URL('./analystWorker.ts', import.meta.url), { type: 'module', name: 'acl' });
  const waiting = new Map<number, { resolve: (answer: never) => void; reject: (error: Error) => void }>();
  let lastId = 0;
  worker.onmessage = ({ data }: MessageEvent<AnalystAnswer>) => {
    waiting.get(data.id)?.resolve(data.answer as never);
    waiting.delete(data.id);
  };
  worker.onerror = (event) => {
    for (const { reject } of waiting.values()) reject(new Error(event.message || 'The worker that reads rules has failed.'));
    waiting.clear();
  };
  const ask = <T>(question: AnalystQuestion): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      lastId += 1;
      waiting.set(lastId, { resolve, reject });
      worker.postMessage({ id: lastId, question } satisfies AnalystCall);
    });
  return {
    check: (role, text) => ask({ kind: 'check', role, text }),
    explain: (client, request) => ask({ kind: 'explain', client, request }),
  };
}
