/**
 * Looks for other nodes while some are missing (R15). Nobody waits for it: a source that fails or hangs is told in the log, and the node
 * serves without it.
 */
import { BusbarError, messageOf } from '../../base/errors.ts';
import type { Millis } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import { addressKey, type Proposal } from '../../cluster/ports.ts';
import type { DiscoverySource } from './discoverySource.ts';

/** While some member or proposed address has no link, or the source has failed. */
const LOOK_MS: Millis = 10_000;
/**
 * While all have. Two halves of a cluster that each found themselves complete, because a name server told half of the truth to each, would
 * otherwise never meet.
 */
const LOOK_WHEN_WHOLE_MS: Millis = 60_000;
/** One question to a source. */
const ANSWER_LIMIT_MS: Millis = 5_000;
/** The goodbye when the node stops. */
const WITHDRAW_LIMIT_MS: Millis = 1_000;
/** A start waits up to so long by chance, so that nodes started together do not ask at the same moment. */
const SPREAD_MS: Millis = 250;

export interface DiscoveryOptions {
  readonly strategy: string;
  readonly source: DiscoverySource;
  /** Returns how many addresses were left out because of the bound. */
  readonly propose: (proposals: readonly Proposal[]) => number;
  /** Says whether somebody is missing. */
  readonly isIncomplete: () => boolean;
  readonly log: Log;
  /** In place of 10 s. */
  readonly lookMs?: Millis;
}

export class Discovery {
  readonly #options: DiscoveryOptions;
  #lookTimer: NodeJS.Timeout | undefined;
  #announceTimer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #lastLookMs = Number.NEGATIVE_INFINITY;
  /** What was found last, in one line, to tell changes. */
  #found = '';
  /** By what is asked of the source: the reason of its last failure. */
  readonly #failing = new Map<string, string>();
  /** Grows with every start and pause: what began before the last one ends without effect. */
  #episode = 0;
  #running = false;
  #announced = false;
  readonly #ending = new AbortController();

  constructor(options: DiscoveryOptions) {
    this.#options = options;
    options.source.onNews = () => {
      if (this.#running) void this.look();
    };
  }

  get running(): boolean {
    return this.#running;
  }

  /** Begins to look, at once and then again and again. */
  start(): void {
    if (this.#running || this.#ending.signal.aborted) return;
    this.#running = true;
    this.#episode += 1;
    const { source, lookMs = LOOK_MS } = this.#options;
    // Not before `#begin` has looked.
    this.#lastLookMs = Number.POSITIVE_INFINITY;
    const tick = () => {
      const pauseMs = this.#options.isIncomplete() || this.#failing.has('discover') ? 0 : LOOK_WHEN_WHOLE_MS;
      if (performance.now() - this.#lastLookMs >= pauseMs) void this.look();
    };
    this.#lookTimer = setInterval(tick, lookMs);
    this.#lookTimer.unref();
    void this.#begin(source);
  }

  /** Ourselves first: of two nodes that start at the same time the later one then finds the earlier one. */
  async #begin(source: DiscoverySource): Promise<void> {
    const episode = this.#episode;
    if (source.announceEveryMs === undefined) await pause(Math.random() * SPREAD_MS);
    else await this.#announce();
    if (episode !== this.#episode) return;
    if (source.announceEveryMs !== undefined) {
      this.#announceTimer = setInterval(() => void this.#announce(), source.announceEveryMs);
      this.#announceTimer.unref();
    }
    await this.look();
  }

  /** Looks once, now; joins a look that is under way. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #look(): Promise<void> {
    this.#lastLookMs = performance.now();
    const { source, propose, log, strategy } = this.#options;
    const proposals = await this.#ask('discover', (signal) => source.discover(signal));
    // A source that has failed is not believed to have said that nobody is there.
    if (proposals === undefined || !this.#running) return;
    const ignored = propose(proposals);
    const addresses = proposals.map(({ node, address }) => (node === undefined ? addressKey(address) : `${node} ${addressKey(address)}`)).sort();
    const found = addresses.join(', ');
    if (found === this.#found) return;
    this.#found = found;
    log.info('cluster_discovery_found', { strategy, addresses });
    if (ignored > 0) log.warn('cluster_discovery_ignored', { strategy, ignored, hint: 'A cluster has at most 64 addresses; check what discovery is asked for.' });
  }

  async #announce(): Promise<void> {
    const { source } = this.#options;
    this.#announced = true;
    await this.#ask('announce', async (signal) => source.announce?.(signal));
  }

  /** Undefined when it failed, which is told once for each reason. */
  async #ask<T>(what: string, question: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    const { log, strategy } = this.#options;
    const limit = AbortSignal.timeout(ANSWER_LIMIT_MS);
    try {
      const answer = await bounded(question, AbortSignal.any([limit, this.#ending.signal]));
      if (this.#failing.delete(what)) log.info('cluster_discovery_recovered', { strategy, what });
      return answer;
    } catch (error) {
      if (this.#ending.signal.aborted) return undefined;
      const reason = limit.aborted ? `No answer within ${ANSWER_LIMIT_MS / 1_000} s` : messageOf(error);
      const hint = error instanceof BusbarError ? error.hint : new BusbarError('DISCOVERY_FAILED', reason).hint;
      const repeated = this.#failing.get(what) === reason;
      this.#failing.set(what, reason);
      log[repeated ? 'debug' : 'warn']('cluster_discovery_failed', { strategy, what, reason, hint });
      return undefined;
    }
  }

  /** Stops looking and forgets what was found; `start` begins again. What was announced is taken back. */
  async pause(): Promise<void> {
    if (!this.#running) return;
    this.#halt();
    this.#options.propose([]);
    this.#found = '';
    await this.#withdraw();
  }

  #halt(): void {
    this.#episode += 1;
    this.#running = false;
    clearInterval(this.#lookTimer);
    clearInterval(this.#announceTimer);
  }

  async #withdraw(): Promise<void> {
    const { source, log, strategy } = this.#options;
    if (!this.#announced || source.withdraw === undefined) return;
    this.#announced = false;
    const withdraw = source.withdraw.bind(source);
    await bounded(withdraw, AbortSignal.timeout(WITHDRAW_LIMIT_MS)).catch((error: unknown) =>
      log.info('cluster_discovery_not_withdrawn', { strategy, reason: messageOf(error) }),
    );
  }

  /** For good. Answers after at most a second. */
  async stop(): Promise<void> {
    this.#halt();
    this.#ending.abort();
    await this.#withdraw();
  }
}

/** Rejects when the signal fires, whatever the source does about it. */
async function bounded<T>(question: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let onAbort = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([question(signal), aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function pause(ms: Millis): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
