/** The users that an authenticator of this node keeps (rest-api.md 5.1). */
import Type from 'typebox';
import { answeringAuthn, CHAIN_PLACES, chainOf, DONE, PathText, type ChainPlace } from '../authnChain.ts';
import type { ApiErrorCode } from '../errors.ts';
import { pageOf } from '../paging.ts';
import { ok } from '../reply.ts';
import { route, type Route } from '../route.ts';
import { AuthnUser, AuthnUserChange, AuthnUsersQuery, ImportAnswer, ImportBody, ImportQuery, NewAuthnUser } from '../schema/authentication.ts';
import { Page } from '../schema/common.ts';

export const authnUserRoutes: readonly Route[] = CHAIN_PLACES.flatMap(routesOf);

function routesOf({ prefix, tag, params: place }: ChainPlace): readonly Route[] {
  const shared = { tag, access: 'userOrKey' } as const;
  const One = Type.Object({ ...place, id: PathText });
  const OneUser = Type.Object({ ...place, id: PathText, user_id: PathText });
  const missing: readonly ApiErrorCode[] = ['NOT_FOUND'];
  return [
    route({
      ...shared,
      method: 'GET',
      path: `${prefix}/:id/users`,
      summary: 'Users of an authenticator, sorted by id',
      params: One,
      query: AuthnUsersQuery,
      answers: { 200: Page(AuthnUser) },
      errors: ['INVALID_PARAMETER', 'NOT_FOUND'],
      handle: ({ params, query }, { authn }) =>
        answeringAuthn(() => {
          const { like_user_id: like = '', is_superuser: superuser } = query;
          const rows = authn.users(chainOf(params), params.id);
          const chosen = rows.filter((row) => row.user_id.includes(like) && (superuser === undefined || row.is_superuser === superuser));
          return ok(pageOf(chosen, query));
        }),
    }),
    route({
      ...shared,
      method: 'POST',
      path: `${prefix}/:id/users`,
      summary: 'Adds a user',
      params: One,
      body: NewAuthnUser,
      answers: { 201: AuthnUser },
      errors: ['BAD_REQUEST', 'NOT_FOUND', 'ALREADY_EXISTS', 'EXCEED_LIMIT', 'SERVICE_UNAVAILABLE'],
      handle: ({ params, body }, { authn }) =>
        answeringAuthn(async () => {
          const user = { userId: body.user_id, password: body.password, isSuperuser: body.is_superuser ?? false };
          return { status: 201, body: await authn.addUser(chainOf(params), params.id, user) };
        }),
    }),
    route({
      ...shared,
      method: 'GET',
      path: `${prefix}/:id/users/:user_id`,
      summary: 'One user',
      params: OneUser,
      answers: { 200: AuthnUser },
      errors: missing,
      handle: ({ params }, { authn }) => answeringAuthn(() => ok(authn.user(chainOf(params), params.id, params.user_id))),
    }),
    route({
      ...shared,
      method: 'PUT',
      path: `${prefix}/:id/users/:user_id`,
      summary: 'Gives a user another password, or makes it a superuser or not; what is left out stays',
      params: OneUser,
      body: AuthnUserChange,
      answers: { 200: AuthnUser },
      errors: ['BAD_REQUEST', 'NOT_FOUND', 'SERVICE_UNAVAILABLE'],
      handle: ({ params, body }, { authn }) =>
        answeringAuthn(async () => {
          const change = { password: body.password, isSuperuser: body.is_superuser };
          return ok(await authn.changeUser(chainOf(params), params.id, params.user_id, change));
        }),
    }),
    route({
      ...shared,
      method: 'DELETE',
      path: `${prefix}/:id/users/:user_id`,
      summary: 'Removes a user',
      params: OneUser,
      answers: { 204: undefined },
      errors: missing,
      handle: ({ params }, { authn }) =>
        answeringAuthn(async () => {
          await authn.removeUser(chainOf(params), params.id, params.user_id);
          return DONE;
        }),
    }),
    route({
      ...shared,
      method: 'POST',
      path: `${prefix}/:id/import_users`,
      summary: 'Adds and replaces users from a JSON array, or from a CSV or JSON file in the field `filename` of a form',
      uploads: true,
      params: One,
      query: ImportQuery,
      body: ImportBody,
      answers: { 200: ImportAnswer },
      errors: ['BAD_REQUEST', 'INVALID_PARAMETER', 'NOT_FOUND', 'EXCEED_LIMIT', 'SERVICE_UNAVAILABLE'],
      handle: ({ params, query, body }, { authn }) =>
        answeringAuthn(async () => {
          const source = Array.isArray(body)
            ? ({ format: 'rows', rows: body } as const)
            : ({ format: body.filename.endsWith('.json') ? 'json' : 'csv', text: body.text } as const);
          return ok(await authn.importUsers(chainOf(params), params.id, source, query.type));
        }),
    }),
  ];
}
