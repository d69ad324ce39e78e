/** Who may connect, and who may publish or subscribe what: hooks first, then the rules, then `authorization.no_match`; every answer is counted. */
import type { Authorizer } from '../access/acl/decision.ts';
import type { AuthnChains } from '../access/authn/chains.ts';
import { NOBODY_VOUCHED } from '../access/authn/chain.ts';
import type { Millis } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import { isLater, type MaybeLater } from '../base/maybeLater.ts';
import type { BrokerConfig } from '../config/config.ts';
import type { Hooks } from '../hooks/hooks.ts';
import { METRIC, type Metrics } from '../metrics/metrics.ts';
import type { AuthExchange, AuthnOk, AuthnVerdict } from '../protocol/authentication.ts';
import type { ClientInfo } from '../protocol/clientInfo.ts';
import type { Qos } from '../protocol/packet.ts';
import { ReasonCode, reasonName } from '../protocol/reasonCodes.ts';

const CACHE_HIT = METRIC['authorization.cache_hit'];
const ALLOW = METRIC['authorization.allow'];
const DENY = METRIC['authorization.deny'];

export interface AccessControlOptions {
  readonly config: BrokerConfig;
  readonly hooks: Hooks;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly authorizer: Authorizer;
  readonly authn: AuthnChains;
  readonly clock: { now(): Millis };
}

const ANONYMOUS: AuthnVerdict = { result: 'ok' };

type Action = 'publish' | 'subscribe';

export class AccessControl {
  readonly #options: AccessControlOptions;

  constructor(options: AccessControlOptions) {
    this.#options = options;
  }

  /**
   * Hooks first, then the chain of the listener. Nobody to ask means anonymous access (broker-contract 2.2), unless `allow_anonymous` says
   * no (3.3). Never rejects.
   */
  authenticate(client: ClientInfo, listener: string, password: Uint8Array | undefined): MaybeLater<AuthnVerdict> {
    const { config, metrics, hooks, authn } = this.#options;
    metrics.inc(METRIC['client.authenticate']);
    const mode = authn.modeOf(listener);
    if (mode === 'off') return this.#complete(client, ANONYMOUS, true);
    if (mode === 'quickDeny' && (client.username ?? '') === '') return this.#complete(client, NOBODY_VOUCHED, false);
    const hasHook = hooks.has('client.authenticate');
    if (hasHook) {
      const answer = hooks.runFold('client.authenticate', { result: 'ignore' }, { ...client, password });
      if (answer.result !== 'ignore') return this.#complete(client, answer, false);
    }
    const chain = authn.chainOf(listener);
    if (chain.isEmpty) {
      const isLetIn = !hasHook && config.allowAnonymous;
      return this.#complete(client, isLetIn ? ANONYMOUS : NOBODY_VOUCHED, isLetIn);
    }
    const answer = chain.authenticate({ ...client, password });
    return isLater(answer) ? answer.then((verdict) => this.#complete(client, verdict, false)) : this.#complete(client, answer, false);
  }

  /** Undefined when nobody serves the method. */
  beginExchange(client: ClientInfo, listener: string, method: string): AuthExchange | undefined {
    const { metrics, authn } = this.#options;
    metrics.inc(METRIC['client.authenticate']);
    const exchange = authn.modeOf(listener) === 'off' ? undefined : authn.chainOf(listener).begin(method, { ...client, password: undefined });
    if (exchange === undefined) this.#complete(client, { result: 'error', reasonCode: ReasonCode.BadAuthenticationMethod }, false);
    return exchange;
  }

  exchangeEnded(client: ClientInfo, verdict: AuthnVerdict): AuthnVerdict {
    return this.#complete(client, verdict, false);
  }

  #complete(client: ClientInfo, given: AuthnVerdict, isAnonymous: boolean): AuthnVerdict {
    const { metrics, hooks, log } = this.#options;
    const verdict = given.result === 'ok' ? this.#corrected(client, given) : given;
    const reasonCode = verdict.result === 'ok' ? 0 : verdict.reasonCode;
    metrics.inc(METRIC[reasonCode === 0 ? 'authentication.success' : 'authentication.failure']);
    if (isAnonymous) {
      metrics.inc(METRIC['client.auth.anonymous']);
      metrics.inc(METRIC['authentication.success.anonymous']);
    }
    if (reasonCode !== 0) log.warn('authentication_failure', { clientid: client.clientId, username: client.username, reason: reasonName(reasonCode) });
    if (hooks.has('client.check_authn_complete')) hooks.run('client.check_authn_complete', client, { reasonCode, isAnonymous });
    return verdict;
  }

  #corrected(client: ClientInfo, verdict: AuthnOk): AuthnVerdict {
    const { expireAtMs, username } = verdict;
    // Credentials that are over already are bad ones (broker-contract 2.5).
    if (expireAtMs !== undefined && expireAtMs <= this.#options.clock.now()) return { result: 'error', reasonCode: ReasonCode.BadUserNameOrPassword };
    // Rules judge by user name: nobody may prove to be one user and go by the name of another.
    const isOther = username !== undefined && client.username !== undefined && client.username !== '' && client.username !== username;
    return isOther ? NOBODY_VOUCHED : verdict;
  }

  get epoch(): number {
    return this.#options.authorizer.epoch;
  }

  get denyDisconnects(): boolean {
    return this.#options.config.authorization.denyAction === 'disconnect';
  }

  authorize(client: ClientInfo, action: Action, topic: string, qos: Qos, retain: boolean): boolean {
    const { metrics, hooks } = this.#options;
    metrics.inc(METRIC['client.authorize']);
    if (client.isSuperuser === true) {
      metrics.inc(METRIC['authorization.superuser']);
      metrics.inc(METRIC['authorization.allow']);
      return true;
    }
    metrics.inc(METRIC['authorization.cache_miss']);
    const hooked = hooks.has('client.authorize') ? hooks.runFold('client.authorize', undefined, client, action, topic) : undefined;
    const result = hooked ?? this.#decide(client, action, topic, qos, retain);
    metrics.inc(METRIC[result === 'allow' ? 'authorization.allow' : 'authorization.deny']);
    if (hooks.has('client.check_authz_complete')) hooks.run('client.check_authz_complete', client, action, topic, result);
    return result === 'allow';
  }

  #decide(client: ClientInfo, action: Action, topic: string, qos: Qos, retain: boolean): 'allow' | 'deny' {
    const { metrics, authorizer, config } = this.#options;
    const decision = authorizer.decide(client, { action, topic, qos, retain });
    if (decision.permission === 'noMatch') {
      metrics.inc(METRIC['authorization.nomatch']);
      return config.authorization.noMatch;
    }
    metrics.inc(METRIC[decision.permission === 'allow' ? 'authorization.matched.allow' : 'authorization.matched.deny']);
    return decision.permission;
  }

  /** A verdict that a connection remembered was used again. */
  countCached(allowed: boolean): void {
    const { metrics } = this.#options;
    metrics.inc(CACHE_HIT);
    metrics.inc(allowed ? ALLOW : DENY);
  }
}
