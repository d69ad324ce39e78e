/** Authenticators in order: the first that does not pass on decides (broker-contract 2.2). */
import { messageOf } from '../../base/errors.ts';
import type { Millis } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import { isLater, type MaybeLater } from '../../base/maybeLater.ts';
import type { AuthExchange, AuthnResult, AuthnVerdict, AuthStep, Credentials } from '../../protocol/authentication.ts';
import { ReasonCode } from '../../protocol/reasonCodes.ts';
import type { Authenticator } from './authenticator.ts';
import type { AuthnCounters } from './authnCounters.ts';

/** At the end of a chain in which everybody passed on, nobody has vouched. */
export const NOBODY_VOUCHED: AuthnVerdict = { result: 'error', reasonCode: ReasonCode.NotAuthorized };
const IGNORE: AuthnResult = { result: 'ignore' };

export interface ChainLink {
  readonly authenticator: Authenticator;
  readonly counters: AuthnCounters;
}

export interface ChainOptions {
  /** Enabled ones only, in order. */
  readonly links: readonly ChainLink[];
  readonly clock: { now(): Millis };
  readonly log: Log;
}

export class AuthnChain {
  readonly #links: readonly ChainLink[];
  readonly #clock: { now(): Millis };
  readonly #log: Log;

  constructor({ links, clock, log }: ChainOptions) {
    this.#links = links;
    this.#clock = clock;
    this.#log = log;
  }

  /** Nobody to ask: access is anonymous. */
  get isEmpty(): boolean {
    return this.#links.length === 0;
  }

  /** A verdict at once if everybody who is asked answers at once. Never rejects. */
  authenticate(credentials: Credentials): MaybeLater<AuthnVerdict> {
    return this.#askFrom(0, credentials);
  }

  /** An exchange with the first authenticator that serves the method; undefined when nobody does. */
  begin(method: string, credentials: Credentials): AuthExchange | undefined {
    for (const link of this.#links) {
      const exchange = link.authenticator.begin(method, credentials);
      if (exchange !== undefined) return new CountedExchange(exchange, (step) => this.#counted(link, step), (error) => this.#failed(link, error));
    }
    return undefined;
  }

  #askFrom(first: number, credentials: Credentials): MaybeLater<AuthnVerdict> {
    for (let index = first; index < this.#links.length; index += 1) {
      const link = this.#links[index] as ChainLink;
      const answer = this.#ask(link, credentials);
      if (isLater(answer)) {
        return answer
          .catch((error: unknown) => this.#failed(link, error))
          .then((later) => (this.#counted(link, later).result === 'ignore' ? this.#askFrom(index + 1, credentials) : (later as AuthnVerdict)));
      }
      if (this.#counted(link, answer).result !== 'ignore') return answer as AuthnVerdict;
    }
    return NOBODY_VOUCHED;
  }

  #ask(link: ChainLink, credentials: Credentials): MaybeLater<AuthnResult> {
    try {
      return link.authenticator.authenticate(credentials);
    } catch (error) {
      return this.#failed(link, error);
    }
  }

  #counted<T extends AuthnResult | AuthStep>(link: ChainLink, answer: T): T {
    if (answer.result !== 'continue') link.counters.count(answer.result, this.#clock.now());
    return answer;
  }

  /** A backend that is down must not decide. */
  #failed(link: ChainLink, error: unknown): AuthnResult {
    this.#log.error('authenticator_failed', { authenticator: link.authenticator.id, reason: messageOf(error) });
    return IGNORE;
  }
}

/** Counts how an exchange ends; one that fails has nobody behind it who could go on. */
class CountedExchange implements AuthExchange {
  readonly #exchange: AuthExchange;
  readonly #count: (step: AuthStep) => AuthStep;
  readonly #failed: (error: unknown) => void;

  constructor(exchange: AuthExchange, count: (step: AuthStep) => AuthStep, failed: (error: unknown) => void) {
    this.#exchange = exchange;
    this.#count = count;
    this.#failed = failed;
  }

  step(data: Uint8Array | undefined): MaybeLater<AuthStep> {
    try {
      const answer = this.#exchange.step(data);
      return isLater(answer) ? answer.catch((error: unknown) => this.#broken(error)).then(this.#count) : this.#count(answer);
    } catch (error) {
      return this.#count(this.#broken(error));
    }
  }

  #broken(error: unknown): AuthStep {
    this.#failed(error);
    return NOBODY_VOUCHED;
  }
}
