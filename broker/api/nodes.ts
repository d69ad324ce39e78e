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

/** Whether a failure says that a node is away or too slow, as opposed to a fault of ours. */
export function isAbsence(error: unknown): error is BusbarError {
  return error instanceof BusbarError && (error.code === 'NODE_DOWN' || error.code === 'NODE_TIMEOUT');
}
