/** Who is asking: logins, bearer tokens and API keys of the REST API (rest-api.md 1). */
import { refuse, type Reply } from '../api/reply.ts';
import type { LoginResult, Principal, SessionPort } from '../api/route.ts';
import type { Log } from '../base/log.ts';
import { isLoopbackHost } from '../config/address.ts';
import type { ApiKeys } from './apiKeys.ts';
import type { DashboardUsers } from './dashboardUsers.ts';
import { LoginLimiter } from './loginLimiter.ts';
import type { TokenTable } from './tokens.ts';

/** Password hashes computed at a time, 16 MB and one thread each. Further logins are told to try again. */
const MAX_LOGINS_AT_A_TIME = 4;

export interface ApiSessionsOptions {
  readonly users: DashboardUsers;
  readonly keys: ApiKeys;
  readonly tokens: TokenTable;
  readonly version: string;
  readonly log: Log;
  readonly now: () => number;
}

export type Authentication =
  | { readonly ok: true; readonly principal: Principal; readonly token: string | undefined }
  | { readonly ok: false; readonly reply: Reply };

/** Says how to authenticate without the Basic challenge that makes browsers ask for a password. */
const CHALLENGE = { 'www-authenticate': 'Bearer realm="busbar"' };

export class ApiSessions implements SessionPort {
  readonly #options: ApiSessionsOptions;
  readonly #limiter = new LoginLimiter();
  #loginsRunning = 0;

  constructor(options: ApiSessionsOptions) {
    this.#options = options;
  }

  async login(username: string, password: string, peerHost: string): Promise<LoginResult> {
    const { users, tokens, version, log, now } = this.#options;
    const waitMs = this.#limiter.waitMs(peerHost, now());
    if (waitMs > 0) return { ok: false, code: 'LOGIN_LOCKED', retryAfterSeconds: Math.ceil(waitMs / 1000) };
    if (this.#loginsRunning >= MAX_LOGINS_AT_A_TIME) return { ok: false, code: 'SERVICE_UNAVAILABLE', retryAfterSeconds: 1 };
    // Counted before the answer is known: guesses sent at the same time must not slip in under the limit.
    this.#limiter.failed(peerHost, now());
    this.#loginsRunning += 1;
    const user = await users.verify(username, password).finally(() => (this.#loginsRunning -= 1));
    if (!user || (user.shippedPassword && !isLoopbackHost(peerHost))) {
      log.warn('dashboard_login_failed', {
        username,
        peerhost: peerHost,
        reason: user ? 'shipped_password_beyond_loopback' : 'bad_username_or_pwd',
      });
      return { ok: false, code: 'BAD_USERNAME_OR_PWD' };
    }
    this.#limiter.succeeded(peerHost);
    log.info('dashboard_login_successful', { username: user.username, peerhost: peerHost });
    const token = tokens.issue({ username: user.username, role: user.role }, now());
    return { ok: true, answer: { token, version, role: user.role, license: { edition: 'opensource' } } };
  }

  logout(username: string, token: string): boolean {
    return this.#options.tokens.revoke(username, token);
  }

  /** Reads the Authorization header. */
  authenticate(header: string | undefined): Authentication {
    const [, scheme = '', credentials = ''] = /^(\S+) +(\S+)$/.exec(header ?? '') ?? [];
    if (scheme.toLowerCase() === 'bearer') return this.#authenticateToken(credentials);
    if (scheme.toLowerCase() === 'basic') return this.#authenticateKey(credentials);
    const message =
      'Send "Authorization: Bearer" with a token from POST /api/v5/login, or "Authorization: Basic" with an API key and its secret.';
    return { ok: false, reply: refuse('AUTHORIZATION_HEADER_ERROR', message, CHALLENGE) };
  }

  #authenticateToken(token: string): Authentication {
    const check = this.#options.tokens.check(token, this.#options.now());
    if (check.ok) return { ok: true, principal: { kind: 'user', name: check.owner.username, role: check.owner.role }, token };
    const message =
      check.code === 'BAD_TOKEN' ? 'This bearer token is not known to this node.' : 'This bearer token has expired.';
    return { ok: false, reply: refuse(check.code, `${message} Get a new one with POST /api/v5/login.`, CHALLENGE) };
  }

  #authenticateKey(credentials: string): Authentication {
    const text = Buffer.from(credentials, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    const key = colon < 0 ? undefined : this.#options.keys.verify(text.slice(0, colon), text.slice(colon + 1));
    if (key) return { ok: true, principal: { kind: 'apiKey', ...key }, token: undefined };
    const message =
      'Basic authentication takes an API key and its secret. A dashboard user gets a bearer token with POST /api/v5/login instead.';
    return { ok: false, reply: refuse('BAD_API_KEY_OR_SECRET', message, CHALLENGE) };
  }
}
