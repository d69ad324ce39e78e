/** Who may connect, and who may publish or subscribe what: hooks first, then the rules, then `authorization.no_match`; every answer is counted. */
import type { Authorizer } from '../access/acl/decision.ts';
import type { Log } from '../base/log.ts';
import type { BrokerConfig } from '../config/config.ts';
import type { Hooks } from '../hooks/hooks.ts';
import { METRIC, type Metrics } from '../metrics/metrics.ts';
import type { ClientInfo } from '../protocol/clientInfo.ts';
import type { Qos } from '../protocol/packet.ts';
import { ReasonCode } from '../protocol/reasonCodes.ts';

export interface AccessControlOptions {
  readonly config: BrokerConfig;
  readonly hooks: Hooks;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly authorizer: Authorizer;
}

type Action = 'publish' | 'subscribe';

export class AccessControl {
  readonly #options: AccessControlOptions;

  constructor(options: AccessControlOptions) {
    this.#options = options;
  }

  /** 0, or the reason code of a refusal. Nobody to ask means anonymous access (broker-contract 2.2). */
  authenticate(client: ClientInfo, password: Uint8Array | undefined): number {
    const { metrics, hooks, log } = this.#options;
    metrics.inc(METRIC['client.authenticate']);
    const isAnonymous = !hooks.has('client.authenticate');
    const answer = isAnonymous ? ({ result: 'ok' } as const) : hooks.runFold('client.authenticate', { result: 'ignore' }, { ...client, password });
    // At the end of a chain in which everybody passed on, nobody has vouched.
    const reasonCode = answer.result === 'ok' ? 0 : answer.result === 'error' ? answer.reasonCode : ReasonCode.NotAuthorized;
    metrics.inc(METRIC[reasonCode === 0 ? 'authentication.success' : 'authentication.failure']);
    if (isAnonymous) {
      metrics.inc(METRIC['client.auth.anonymous']);
      metrics.inc(METRIC['authentication.success.anonymous']);
    }
    if (reasonCode !== 0) log.warn('authentication_failure', { clientid: client.clientId, username: client.username, reason_code: reasonCode });
    if (hooks.has('client.check_authn_complete')) hooks.run('client.check_authn_complete', client, { reasonCode, isAnonymous });
    return reasonCode;
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
    metrics.inc(METRIC['authorization.cache_hit']);
    metrics.inc(METRIC[allowed ? 'authorization.allow' : 'authorization.deny']);
  }
}
