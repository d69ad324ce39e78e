/** Who is asked who an MQTT client is: the chain of authenticators (rest-api.md 5.1). */
import Type from 'typebox';
import { answeringAuthn, CHAIN_PLACES, chainOf, DONE, PathText, type ChainPlace } from '../authnChain.ts';
import type { ApiErrorCode } from '../errors.ts';
import { ok } from '../reply.ts';
import { route, type ApiPorts, type Route } from '../route.ts';
import { Authenticator, AuthenticatorAnswer, AuthenticatorOrder, AuthenticatorStatus } from '../schema/authentication.ts';

export const authenticationRoutes: readonly Route[] = CHAIN_PLACES.flatMap(routesOf);

function routesOf({ prefix, tag, params: place }: ChainPlace): readonly Route[] {
  const shared = { tag, access: 'userOrKey' } as const;
  const Chain = Type.Object({ ...place });
  const One = Type.Object({ ...place, id: PathText });
  const At = Type.Object({ ...place, id: PathText, position: PathText });
  const missing: readonly ApiErrorCode[] = ['NOT_FOUND'];
  return [
    route({
      ...shared,
      method: 'GET',
      path: prefix,
      summary: 'The chain of authenticators, in order',
      params: Chain,
      answers: { 200: Type.Array(AuthenticatorAnswer) },
      errors: missing,
      handle: ({ params }, { authn }) => answeringAuthn(() => ok(authn.list(chainOf(params)))),
    }),
    route({
      ...shared,
      method: 'POST',
      path: prefix,
      summary: 'Adds an authenticator at the end of the chain',
      params: Chain,
      body: Authenticator,
      answers: { 200: AuthenticatorAnswer },
      errors: ['BAD_REQUEST', 'NOT_FOUND', 'ALREADY_EXISTS'],
      handle: ({ params, body }, { authn }) => answeringAuthn(async () => ok(await authn.create(chainOf(params), body))),
    }),
    route({
      ...shared,
      method: 'PUT',
      path: `${prefix}/order`,
      summary: 'Puts the whole chain in another order',
      params: Chain,
      body: AuthenticatorOrder,
      answers: { 204: undefined },
      errors: ['BAD_REQUEST', 'NOT_FOUND'],
      handle: ({ params, body }, { authn }) =>
        answeringAuthn(async () => {
          await authn.reorder(chainOf(params), body.map(({ id }) => id)); // prettier-ignore
          return DONE;
        }),
    }),
    route({
      ...shared,
      method: 'GET',
      path: `${prefix}/:id`,
      summary: 'One authenticator',
      params: One,
      answers: { 200: AuthenticatorAnswer },
      errors: missing,
      handle: ({ params }, { authn }) => answeringAuthn(() => ok(authn.get(chainOf(params), params.id))),
    }),
    route({
      ...shared,
      method: 'PUT',
      path: `${prefix}/:id`,
      summary: 'Replaces what an authenticator was told; its kind and its users stay',
      params: One,
      body: Authenticator,
      answers: { 204: undefined },
      errors: ['BAD_REQUEST', 'NOT_FOUND', 'ALREADY_EXISTS'],
      handle: ({ params, body }, { authn }) =>
        answeringAuthn(async () => {
          await authn.update(chainOf(params), params.id, body);
          return DONE;
        }),
    }),
    route({
      ...shared,
      method: 'DELETE',
      path: `${prefix}/:id`,
      summary: 'Removes an authenticator with its users',
      params: One,
      answers: { 204: undefined },
      errors: missing,
      handle: ({ params }, { authn }) =>
        answeringAuthn(async () => {
          await authn.remove(chainOf(params), params.id);
          return DONE;
        }),
    }),
    route({
      ...shared,
      method: 'GET',
      path: `${prefix}/:id/status`,
      summary: 'What became of the requests to an authenticator of this node',
      params: One,
      answers: { 200: AuthenticatorStatus },
      errors: missing,
      handle: ({ params }, ports) => answeringAuthn(() => ok(statusOf(ports, chainOf(params), params.id))),
    }),
    route({
      ...shared,
      method: 'PUT',
      path: `${prefix}/:id/position/:position`,
      summary: 'Moves an authenticator: front, rear, before:<id> or after:<id>',
      params: At,
      answers: { 204: undefined },
      errors: ['BAD_REQUEST', 'NOT_FOUND'],
      handle: ({ params }, { authn }) =>
        answeringAuthn(async () => {
          await authn.move(chainOf(params), params.id, params.position);
          return DONE;
        }),
    }),
  ];
}

function statusOf({ authn, admin }: ApiPorts, chain: string, id: string): Readonly<Record<string, unknown>> {
  const metrics = authn.figures(chain, id);
  const node = admin.self;
  return {
    metrics,
    node_metrics: [{ node, metrics }],
    resource_metrics: {},
    node_resource_metrics: [{ node, metrics: {} }],
    status: 'connected',
    node_status: [{ node, status: 'connected' }],
    node_error: [],
  };
}
