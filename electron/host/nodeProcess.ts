/** One broker node as a supervised process: start until ready, stop with a grace, kill, and what its end means. */
import type { AclApplyResult, FailedEvent, FaultResult, NodeMessage, ReadyEvent, SupervisorMessage } from '../../broker/api/schema/control.ts';
import type { FaultAction } from '../../broker/api/schema/fault.ts';
import type { NodeSnapshot } from '../../broker/api/schema/topology.ts';
import { DisposableStore } from '../../broker/base/disposable.ts';
import { BusbarError, messageOf } from '../../broker/base/errors.ts';
import type { NodeState } from '../contract/cluster.ts';
import type { NodeChild, NodeExit, NodeLauncher } from './nodeLauncher.ts';

/**
 * A node that is not ready by then is killed and counts as failed. Long: on a machine that is busy with other things a start of two seconds
 * may well take half a minute, and a node that is stuck can be killed by hand.
 */
export const READY_LIMIT_MS = 90_000;
/** From then on its status says that it takes long. */
export const SLOW_START_MS = 15_000;
/** Starts with other ports, when a port was taken between its choice and its use. */
const MAX_PORT_RETRIES = 2;
const PORT_TAKEN: ReadonlySet<string> = new Set(['LISTENER_PORT_IN_USE', 'CLUSTER_PORT_IN_USE', 'API_PORT_IN_USE']);
/** From the request to stop until SIGKILL. */
export const STOP_GRACE_MS = 5_000;
/** How long a node may take to answer what it is asked. */
export const ANSWER_LIMIT_MS = 5_000;

export type NodeEnd = 'stopped' | 'killed' | 'failed';

export interface NodeProcessEvents {
  /** The state, reason or pid changed. */
  onChange(): void;
  onSnapshot(snapshot: NodeSnapshot): void;
  /** The process is gone; `end` says how to call it. */
  onEnd(end: NodeEnd): void;
}

export interface NodeProcessOptions {
  readonly name: string;
  readonly launcher: NodeLauncher;
  readonly now: () => number;
  readonly events: NodeProcessEvents;
  /** Takes both output streams of a new child; the ready line is read from the control channel. */
  readonly keepOutput: (child: NodeChild) => void;
  readonly readyLimitMs?: number;
  readonly stopGraceMs?: number;
}

/** One process of a start. */
interface Attempt {
  /** The start is over and no process is left of it. */
  readonly leave: () => void;
  readonly otherPorts: (() => Promise<readonly string[] | undefined>) | undefined;
  readonly retriesLeft: number;
}

const SEE_LOG = 'Open the log of the node; its last lines name the cause.';

export class NodeProcess {
  readonly name: string;
  readonly #options: NodeProcessOptions;
  #state: NodeState = 'stopped';
  #sinceMs: number;
  #reason: string | null = null;
  #hint: string | null = null;
  #exitCode: number | null = null;
  #child: NodeChild | undefined;
  #store = new DisposableStore();
  #ready: ReadyEvent | null = null;
  #failure: FailedEvent | undefined;
  #asked: 'stop' | 'kill' | undefined;
  /** Between two processes of one start. */
  #choosesPorts = false;
  #started = Promise.withResolvers<void>();
  #gone = Promise.resolve();
  #lastRequestId = 0;
  readonly #requests = new Map<number, (result: unknown) => void>();
  #frozen = false;

  constructor(options: NodeProcessOptions) {
    this.name = options.name;
    this.#options = options;
    this.#sinceMs = options.now();
  }

  get state(): NodeState {
    return this.#state;
  }
  get isAlive(): boolean {
    return this.#child !== undefined || this.#choosesPorts;
  }
  /** The start under way or the last one: resolved when ready, rejected with NODE_START_FAILED. */
  get started(): Promise<void> {
    return this.#started.promise;
  }
  get ready(): ReadyEvent | null {
    return this.#ready;
  }
  get status() {
    const pid = this.#child?.pid ?? null;
    return { state: this.#state, sinceMs: this.#sinceMs, pid, reason: this.#reason, hint: this.#hint, exitCode: this.#exitCode };
  }

  /**
   * Launches the process. Resolves when the node is ready (`joining`); throws NODE_START_FAILED with the node's own message. `otherPorts`
   * gives the arguments of another attempt when a port was taken; undefined when nothing else can be tried.
   */
  start(args: readonly string[], otherPorts?: () => Promise<readonly string[] | undefined>): Promise<void> {
    if (this.isAlive) return this.#started.promise;
    const { promise: gone, resolve: leave } = Promise.withResolvers<void>();
    this.#started = Promise.withResolvers();
    this.#started.promise.catch(() => undefined); // reported to whoever awaits it
    this.#gone = gone;
    this.#asked = undefined;
    this.#launch(args, { leave, otherPorts, retriesLeft: MAX_PORT_RETRIES });
    return this.#started.promise;
  }

  #launch(args: readonly string[], attempt: Attempt): void {
    this.#failure = undefined;
    this.#exitCode = null;
    const child = this.#options.launcher.launch(args);
    this.#child = child;
    this.#options.keepOutput(child);
    this.#store = new DisposableStore();
    const limit = setTimeout(() => this.#tooLate(), this.#options.readyLimitMs ?? READY_LIMIT_MS);
    const slow = setTimeout(() => {
      if (this.#state === 'starting') this.#become('starting', `Not ready after ${SLOW_START_MS / 1000} s; this machine may be busy.`, SEE_LOG);
    }, SLOW_START_MS);
    for (const timer of [limit, slow]) this.#store.add({ dispose: () => clearTimeout(timer) });
    this.#store.add(child.onMessage((message) => this.#receive(message as NodeMessage, limit)));
    this.#store.add(child.onExit((exit) => this.#ended(exit, attempt)));
    this.#become('starting');
  }

  /** Asks the node to stop, waits its grace, then kills. Resolves when the process is gone. */
  async stop(): Promise<void> {
    if (!this.isAlive) return;
    this.#asked ??= 'stop';
    this.thaw();
    this.#become('stopping');
    const child = this.#child;
    child?.send({ command: 'stop' });
    const hard = setTimeout(() => child?.kill(), this.#options.stopGraceMs ?? STOP_GRACE_MS);
    await this.#gone;
    clearTimeout(hard);
  }

  /** SIGKILL, as a crash would be. Resolves when the process is gone. */
  async kill(): Promise<void> {
    this.#asked = 'kill';
    this.#child?.kill();
    await this.#gone;
  }

  /** Stands still from now on: it answers nothing and its links fall silent. Throws NODE_FREEZE_FAILED, CLUSTER_NOT_RUNNING. */
  freeze(): void {
    this.#signal('SIGSTOP');
    this.#frozen = true;
  }

  /** Goes on as if nothing had been. Harmless on a node that is not frozen. */
  thaw(): void {
    if (!this.#frozen) return;
    this.#frozen = false;
    this.#signal('SIGCONT');
  }

  get isFrozen(): boolean {
    return this.#frozen;
  }

  #signal(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new BusbarError('CLUSTER_NOT_RUNNING', `The node ${this.name} is not running.`, { hint: 'Start the node first.' });
    try {
      process.kill(pid, signal);
    } catch (cause) {
      throw new BusbarError('NODE_FREEZE_FAILED', `The node ${this.name} cannot be sent ${signal}: ${messageOf(cause)}`, { cause });
    }
  }

  /** The node's peers are linked, or `reason` says what is missing. */
  markRunning(reason: string | null): void {
    if (this.#state === 'joining' || (this.#state === 'running' && this.#reason !== reason)) this.#become('running', reason);
  }

  /** What the node says to new rules; undefined when it does not answer in time or ends. */
  applyAcl(text: string): Promise<AclApplyResult | undefined> {
    return this.#request((requestId) => ({ command: 'applyAcl', requestId, text }));
  }

  /** What the node says to a fault; undefined when it does not answer in time or ends. */
  fault(action: FaultAction): Promise<FaultResult | undefined> {
    return this.#request((requestId) => ({ command: 'fault', requestId, action }));
  }

  #request<T>(messageOfRequest: (requestId: number) => SupervisorMessage): Promise<T | undefined> {
    const child = this.#child;
    if (!child) return Promise.resolve(undefined);
    this.#lastRequestId += 1;
    const requestId = this.#lastRequestId;
    return new Promise((resolve) => {
      const limit = setTimeout(() => this.#answer(requestId, undefined), ANSWER_LIMIT_MS);
      this.#requests.set(requestId, (result) => {
        clearTimeout(limit);
        // A node answers each command with the result that belongs to it.
        resolve(result as T | undefined);
      });
      child.send(messageOfRequest(requestId));
    });
  }

  #receive(message: NodeMessage, limit: NodeJS.Timeout): void {
    switch (message.event) {
      case 'ready':
        clearTimeout(limit);
        this.#ready = message;
        if (this.#state === 'starting') this.#become('joining');
        this.#started.resolve();
        return;
      case 'failed':
        this.#failure = message;
        return;
      case 'snapshot':
        this.#options.events.onSnapshot(message.snapshot);
        return;
      case 'aclApplied':
      case 'faultDone':
        this.#answer(message.requestId, message.result);
        return;
      case 'stopping':
        if (this.#state !== 'stopping') this.#become('stopping');
        return;
      default:
        // A newer node may say more than this host knows; what it does not know it does not need.
        return;
    }
  }

  #answer(requestId: number, result: unknown): void {
    const answer = this.#requests.get(requestId);
    this.#requests.delete(requestId);
    answer?.(result);
  }

  #tooLate(): void {
    const seconds = (this.#options.readyLimitMs ?? READY_LIMIT_MS) / 1000;
    this.#failure = { event: 'failed', code: 'NODE_START_FAILED', message: `The node was not ready after ${seconds} s.`, hint: SEE_LOG, details: {} };
    this.#child?.kill();
  }

  #ended(exit: NodeExit, attempt: Attempt): void {
    this.#store.dispose();
    this.#child = undefined;
    this.#ready = null;
    this.#exitCode = exit.code;
    this.#frozen = false;
    for (const requestId of [...this.#requests.keys()]) this.#answer(requestId, undefined);
    const { otherPorts, retriesLeft } = attempt;
    const portWasTaken = this.#state === 'starting' && PORT_TAKEN.has(this.#failure?.code ?? '');
    if (portWasTaken && otherPorts !== undefined && retriesLeft > 0) void this.#startElsewhere(exit, otherPorts, attempt);
    else this.#settle(exit, attempt);
  }

  /** Somebody took a port between its choice and its use. */
  async #startElsewhere(exit: NodeExit, otherPorts: () => Promise<readonly string[] | undefined>, attempt: Attempt): Promise<void> {
    this.#choosesPorts = true;
    this.#become('starting', `${this.#failure?.message ?? ''} Starting with other ports.`);
    const args = await otherPorts().catch(() => undefined);
    this.#choosesPorts = false;
    if (args === undefined || this.#asked !== undefined) this.#settle(exit, attempt);
    else this.#launch(args, { ...attempt, retriesLeft: attempt.retriesLeft - 1 });
  }

  #settle(exit: NodeExit, { leave }: Attempt): void {
    const end = this.#nameEnd(exit);
    this.#started.reject(
      new BusbarError('NODE_START_FAILED', this.#reason ?? 'The node was stopped before it was ready.', {
        ...(this.#hint === null ? {} : { hint: this.#hint }),
        details: { node: this.name, cause: this.#failure?.code ?? null },
      }),
    );
    leave();
    this.#options.events.onEnd(end);
  }

  #nameEnd(exit: NodeExit): NodeEnd {
    if (this.#failure && !(this.#asked && PORT_TAKEN.has(this.#failure.code))) return this.#fail(this.#failure.message, this.#failure.hint);
    if (exit.error !== null) return this.#fail(`The process could not be started: ${exit.error}`, 'Install Busbar again; a file it needs is missing.');
    if (this.#asked === 'kill') {
      this.#become('stopped', 'Killed.');
      return 'killed';
    }
    if (this.#asked === 'stop' || exit.code === 0) {
      this.#become('stopped', this.#asked ? null : 'The node ended by itself.');
      return 'stopped';
    }
    return this.#fail(exit.signal === null ? `The node ended with exit code ${exit.code}.` : `The node was ended by ${exit.signal}.`, SEE_LOG);
  }

  #fail(reason: string, hint: string): NodeEnd {
    this.#become('failed', reason, hint);
    return 'failed';
  }

  #become(state: NodeState, reason: string | null = null, hint: string | null = null): void {
    if (state !== this.#state) this.#sinceMs = this.#options.now();
    this.#state = state;
    this.#reason = reason;
    this.#hint = hint;
    this.#options.events.onChange();
  }
}
