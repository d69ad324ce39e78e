/** Asking one node or all of them, with the failures turned into answers of the API. */
import { refuse, type Reply } from './reply.ts';
import { BusbarError } from '../base/errors.ts';
import type { NodeName } from '../base/ids.ts';
import type { AdminPort, NodeQuestion, NodeQuestions } from './ports.ts';

/** A reply that ends the handling of a request early. Never leaves api/: `answering` catches it. */
class Refusal extends Error {
  readonly reply: Reply;
  constructor(reply: Reply) {
    super('refused');
    this.reply = reply;
  }
}

/** Runs the body of a handler; an early refusal within it becomes the reply. */
export async function answering(handle: () => Promise<Reply>): Promise<Reply> {
  try {
    return await handle();
  } catch (error) {
    if (error instanceof Refusal) return error.reply;
    throw error;
  }
}

export function runningNodes(admin: AdminPort): readonly NodeName[] {
  return admin
    .members()
    .filter((member) => member.status === 'running')
    .map((member) => member.node);
}

/**
 * The running nodes a list is gathered from: all, or the one the caller named. A node nobody knows is a wrong parameter; one
 * that is known and stopped cannot answer, which is not the caller's fault.
 */
export function chosenNodes(admin: AdminPort, name: string | undefined): readonly NodeName[] {
  if (name === undefined) return runningNodes(admin);
  const member = admin.members().find((candidate) => candidate.node === name);
  if (!member) throw new Refusal(refuse('INVALID_PARAMETER', `There is no node ${name} in this cluster.`));
  if (member.status !== 'running') throw new Refusal(refuse('NODE_DOWN', `The node ${name} does not run.`));
  return [member.node];
}

/**
 * Asks nodes at the same time, answers in their order. If one does not answer the whole request fails: a list that silently
 * lacks a node's rows would be taken for complete.
 */
export async function askNodes<Q extends NodeQuestion>(
  admin: AdminPort,
  nodes: readonly NodeName[],
  question: Q,
  params: (node: NodeName, index: number) => NodeQuestions[Q]['params'],
): Promise<readonly NodeQuestions[Q]['answer'][]> {
  return Promise.all(nodes.map((node, index) => askNode(admin, node, question, params(node, index))));
}

export async function askNode<Q extends NodeQuestion>(
  admin: AdminPort,
  node: NodeName,
  question: Q,
  params: NodeQuestions[Q]['params'],
): Promise<NodeQuestions[Q]['answer']> {
  try {
    return await admin.ask(node, question, params);
  } catch (error) {
    if (!isAbsence(error)) throw error;
    throw new Refusal(refuse('NODE_DOWN', `The node ${node} did not answer: ${error.message}`));
  }
}

/** Rows asked of a node at a time: a frame between nodes carries a few thousand of usual size. */
const ROWS_PER_QUESTION = 2000;

export type Rows<T> = { readonly count: number; readonly rows: readonly T[] };

/**
 * Rows of one node's list from `offset`, in as many questions as it takes; `limit` may be Infinity. Where rows are so long that
 * an answer does not fit a frame, fewer are asked for.
 */
export async function askRows<T>(
  ask: (offset: number, limit: number) => Promise<Rows<T>>,
  offset: number,
  limit: number,
): Promise<Rows<T>> {
  const rows: T[] = [];
  let slice = ROWS_PER_QUESTION;
  for (;;) {
    const wanted = Math.min(slice, limit - rows.length);
    try {
      const answer = await ask(offset + rows.length, wanted);
      rows.push(...answer.rows);
      if (answer.rows.length < wanted || rows.length >= limit) return { count: answer.count, rows };
    } catch (error) {
      if (!(error instanceof BusbarError) || error.code !== 'ANSWER_TOO_LARGE' || wanted <= 1) throw error;
      slice = Math.ceil(wanted / 2);
    }
  }
}

/** Whether a failure says that a node is away or too slow, as opposed to a fault of ours. */
export function isAbsence(error: unknown): error is BusbarError {
  return error instanceof BusbarError && ABSENCES.includes(error.code);
}

const ABSENCES: readonly string[] = ['NODE_DOWN', 'NODE_TIMEOUT', 'NODE_BUSY'];
