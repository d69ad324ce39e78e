/** What a route is: data for the router and the documentation, and a function of (request, ports). */
import type { Static, TSchema } from 'typebox';
import type { KeyPort, UserPort } from './accountPort.ts';
import type { AuthnPort } from './authnPort.ts';
import type { BanPort } from './banPort.ts';
import type { ApiErrorCode } from './errors.ts';
import type { AdminPort } from './ports.ts';
import type { Reply } from './reply.ts';
import type { LoginAnswer, Role } from './schema/login.ts';

/** Who asks. */
export interface Principal {
  readonly kind: 'user' | 'apiKey';
  /** User name, or name of the key. */
  readonly name: string;
  readonly role: Role;
}

export interface RouteRequest<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** Address of the peer, without port. */
  readonly peerHost: string;
  /** Undefined on routes that anyone may use. */
  readonly principal: Principal | undefined;
  /** The bearer token that was sent, on routes for users. */
  readonly token: string | undefined;
}

export type LoginResult =
  | { readonly ok: true; readonly answer: LoginAnswer }
  | {
      readonly ok: false;
      readonly code: 'BAD_USERNAME_OR_PWD' | 'LOGIN_LOCKED' | 'SERVICE_UNAVAILABLE';
      readonly retryAfterSeconds?: number;
    };

/** Login and logout, which need slow hashing and a clock. */
export interface SessionPort {
  login(username: string, password: string, peerHost: string): Promise<LoginResult>;
  /** Whether the token was one of this user's. */
  logout(username: string, token: string): boolean;
}

/** Everything a route may ask. */
export interface ApiPorts {
  readonly admin: AdminPort;
  readonly authn: AuthnPort;
  readonly bans: BanPort;
  readonly sessions: SessionPort;
  readonly users: UserPort;
  readonly keys: KeyPort;
  readonly version: string;
  /** False while the node starts or stops. */
  isRunning(): boolean;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/api/v5`, parameters as `:name`. */
  readonly path: string;
  readonly summary: string;
  readonly tag: string;
  /** `user`: bearer token only; API keys are refused with API_KEY_NOT_ALLOW. */
  readonly access: 'anyone' | 'user' | 'userOrKey';
  /** Also answers at this path without the prefix. */
  readonly alsoAt?: string;
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly body?: TSchema;
  /** Takes a file in a form too, which arrives as `{filename, text}`; such bodies may be larger. */
  readonly uploads?: true;
  /** Schema of each success; undefined = no body. */
  readonly answers: Readonly<Record<number, TSchema | undefined>>;
  /** Codes this route can refuse with, besides those of authentication. */
  readonly errors: readonly ApiErrorCode[];
  /** Codes that go with another status here than elsewhere, because EMQX answers so. */
  readonly statusOf?: Readonly<Partial<Record<ApiErrorCode, number>>>;
  /** Takes what has passed the three schemas: the caller vouches for it, hence `never`. */
  handle(request: RouteRequest<never, never, never>, ports: ApiPorts): Reply | Promise<Reply>;
}

type StaticOr<S> = S extends TSchema ? Static<S> : undefined;

/** Ties the types of a handler to the schemas of its route. */
export function route<
  P extends TSchema | undefined = undefined,
  Q extends TSchema | undefined = undefined,
  B extends TSchema | undefined = undefined,
>(
  spec: Omit<Route, 'params' | 'query' | 'body' | 'handle'> & {
    readonly params?: P;
    readonly query?: Q;
    readonly body?: B;
    readonly handle: (request: RouteRequest<StaticOr<P>, StaticOr<Q>, StaticOr<B>>, ports: ApiPorts) => Reply | Promise<Reply>;
  },
): Route {
  const { params, query, body, ...rest } = spec;
  return { ...rest, ...(params && { params }), ...(query && { query }), ...(body && { body }) };
}
