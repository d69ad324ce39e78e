import type { Page } from 'playwright-core';
import type { AnswerOf, HostCall, RequestOf } from '../../../electron/contract/host.ts';

interface Answer {
  readonly type: string;
  readonly answer?: unknown;
  readonly error?: { readonly message: string };
}

/** A call of the host contract made by the page through the real preload, beside what the page itself does. */
export async function callHost<K extends HostCall>(page: Page, name: K, request?: RequestOf<K>): Promise<AnswerOf<K>> {
  const answer = await page.evaluate(callInPage, [name, request] as const);
  if (answer.type !== 'answer') throw new Error(answer.error?.message ?? `${name} failed`);
  return answer.answer as AnswerOf<K>;
}

/** Runs in the page. Its ids are out of reach of the page's own, which count up from 1. */
function callInPage([name, request]: readonly [string, unknown]): Promise<Answer> {
  interface Bridge {
    postMessage(message: unknown): void;
    onMessage(listener: (message: Answer & { readonly id?: number }) => void): () => void;
  }
  const { busbar } = window as unknown as { busbar: Bridge };
  return new Promise((resolve) => {
    const id = 2 ** 40 + Math.floor(Math.random() * 2 ** 40);
    const stop = busbar.onMessage((message) => {
      if (message.id !== id) return;
      stop();
      resolve(message);
    });
    busbar.postMessage({ type: 'call', id, name, request });
  });
}
