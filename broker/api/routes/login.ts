/** Getting and ending a bearer token (rest-api.md 1.2). */
import { ok, refuse } from '../reply.ts';
import { route } from '../route.ts';
import { LoginAnswer, LoginBody, LogoutBody } from '../schema/login.ts';

const REFUSALS = {
  BAD_USERNAME_OR_PWD: 'User name or password is wrong.',
  LOGIN_LOCKED: 'Too many failed logins; try again later.',
  SERVICE_UNAVAILABLE: 'Too many logins at the same time; try again.',
} as const;

export const loginRoutes = [
  route({
    method: 'POST',
    path: '/login',
    summary: 'Exchanges user name and password for a bearer token',
    tag: 'Dashboard',
    access: 'anyone',
    body: LoginBody,
    answers: { 200: LoginAnswer },
    errors: ['BAD_REQUEST', 'BAD_USERNAME_OR_PWD', 'LOGIN_LOCKED', 'SERVICE_UNAVAILABLE'],
    async handle({ body, peerHost }, { sessions }) {
      const result = await sessions.login(body.username, body.password, peerHost);
      if (result.ok) return ok(result.answer);
      const headers = result.retryAfterSeconds === undefined ? {} : { 'retry-after': String(result.retryAfterSeconds) };
      return refuse(result.code, REFUSALS[result.code], headers);
    },
  }),
  route({
    method: 'POST',
    path: '/logout',
    summary: 'Ends the bearer token this request carries',
    tag: 'Dashboard',
    access: 'user',
    body: LogoutBody,
    answers: { 204: undefined },
    errors: ['BAD_REQUEST', 'WRONG_TOKEN_OR_USERNAME'],
    handle({ body, token }, { sessions }) {
      if (token !== undefined && sessions.logout(body.username, token)) return { status: 204 };
      return refuse('WRONG_TOKEN_OR_USERNAME', 'The token is not one of this user.');
    },
  }),
];
