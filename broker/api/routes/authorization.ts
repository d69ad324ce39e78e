/** The rules that decide who may publish and subscribe (rest-api.md 5.3). What is put here holds on every node of the cluster. */
import type { AclStatus } from '../aclQuestions.ts';
import { answering, askNode, askNodes, runningNodes } from '../nodes.ts';
import type { AdminPort } from '../ports.ts';
import { ok, refuse, type Reply } from '../reply.ts';
import { route } from '../route.ts';
import { Source, SourceChange, SourceParams, Sources, SourceStatus } from '../schema/authorization.ts';

const shared = { tag: 'Authorization', access: 'userOrKey' } as const;
const PATH = '/authorization/sources/:type';

export const authorizationRoutes = [
  route({
    ...shared,
    method: 'GET',
    path: '/authorization/sources',
    summary: 'Sources of authorization, in the order in which they are asked',
    answers: { 200: Sources },
    errors: ['NODE_DOWN'],
    handle: (_request, { admin }) => answering(async () => ok({ sources: [await source(admin)] })),
  }),
  route({
    ...shared,
    method: 'GET',
    path: PATH,
    summary: 'The text of the rules in force',
    params: SourceParams,
    answers: { 200: Source },
    errors: ['NOT_FOUND', 'NODE_DOWN'],
    handle: ({ params }, { admin }) => answering(async () => unknown(params.type) ?? ok(await source(admin))),
  }),
  route({
    ...shared,
    method: 'PUT',
    path: PATH,
    summary: 'Puts other rules in force on all nodes, those that are away included; with an error in them the old ones stay',
    params: SourceParams,
    body: SourceChange,
    uploads: true,
    answers: { 204: undefined },
    errors: ['BAD_REQUEST', 'NOT_FOUND', 'NODE_DOWN'],
    handle: ({ params, body }, { admin }) =>
      answering(async () => {
        const refused = unknown(params.type);
        if (refused !== undefined) return refused;
        if (body.enable === false) return refuse('BAD_REQUEST', 'The file is the only source; it cannot be turned off.');
        const result = await admin.ask(admin.self, 'applyAcl', { text: body.rules });
        if (result.ok) return { status: 204 };
        const [problem] = result.problems.filter(({ severity }) => severity === 'error');
        return refuse('BAD_REQUEST', problem === undefined ? 'The rules are not valid.' : `Line ${problem.line}, column ${problem.column}: ${problem.message}. ${problem.hint}`);
      }),
  }),
  route({
    ...shared,
    method: 'GET',
    path: `${PATH}/status`,
    summary: 'Whether all running nodes have the same rules in force',
    params: SourceParams,
    answers: { 200: SourceStatus },
    errors: ['NOT_FOUND', 'NODE_DOWN'],
    handle: ({ params }, { admin }) =>
      answering(async () => {
        const refused = unknown(params.type);
        if (refused !== undefined) return refused;
        const nodes = runningNodes(admin);
        const answers = await askNodes(admin, nodes, 'aclStatus', () => ({}));
        return ok(statusOf(nodes, answers));
      }),
  }),
];

function unknown(type: string): Reply | undefined {
  return type === 'file' ? undefined : refuse('NOT_FOUND', `There is no source ${type}.`);
}

async function source(admin: AdminPort): Promise<unknown> {
  const { text, path } = await askNode(admin, admin.self, 'acl', {});
  return { type: 'file', enable: true, rules: text, path };
}

function statusOf(nodes: readonly string[], answers: readonly AclStatus[]): unknown {
  const isSame = new Set(answers.map(({ hash }) => hash)).size <= 1;
  const [first] = answers;
  return {
    status: isSame ? 'connected' : 'inconsistent',
    node_status: answers.map(({ hash, rules }, index) => ({ node: nodes[index], status: hash === first?.hash ? 'connected' : 'inconsistent', hash, rules })),
    node_error: answers.flatMap(({ problem }, index) => (problem === null ? [] : [{ node: nodes[index], error: problem }])),
  };
}
