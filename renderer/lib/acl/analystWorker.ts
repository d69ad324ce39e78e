/** The worker's side of analyst.ts. */
import { AclDesk } from './analysis.ts';
import type { AnalystAnswer, AnalystCall } from './analyst.ts';

const desk = new AclDesk();

self.onmessage = ({ data: { id, question } }: MessageEvent<AnalystCall>) => {
  const answer =
    question.kind === 'check' ? desk.check(question.role, question.text) : desk.explain(question.client, question.request);
  self.postMessage({ id, answer } satisfies AnalystAnswer);
};
