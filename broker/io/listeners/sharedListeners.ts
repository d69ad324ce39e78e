/**
 * Listeners that were added, changed, stopped or removed on the whole cluster: one shared row each, so that a node that was away or
 * joins later does the same. What one node cannot do (its port is taken, a file is missing) is told by that node and tried again when
 * the row changes, when the listener is started there, and at the next start of the node; nobody else waits for it (R39).
 * A change of one named node is no row: it is that node's own.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ListenerAction, PendingListener } from '../../api/listenerQuestions.ts';
import { BusbarError, messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { jsonCodec, type SharedTable, type SharedTables } from '../../cluster/shared/sharedTables.ts';
import type { Millis } from '../../base/ids.ts';
import { compareStamps, type Stamp } from '../../cluster/stamp.ts';
import { logOverridden, yieldTo, type GivenKeys } from '../../config/given.ts';
import { LISTENER_TYPES, type ListenerType } from '../../config/listenerConfig.ts';
import { isObject, mergeJson, type JsonObject } from '../../config/serviceJson.ts';
import { writeFileAtomically } from '../atomicFile.ts';

/** Name of the shared table; its keys are ids of listeners. */
const TABLE = 'listeners';
/** Which rows this node has in force, by their stamps: a later change of this node alone must outlive its restart. */
const APPLIED_FILE = join('configs', 'listeners.applied.json');
/** A row that was shared comes with the next turn of the link; whoever waits longer is told that it has not come. */
const ROW_WAIT_MS: Millis = 3_000;

export interface ListenerChangeParams {
  readonly action: ListenerAction;
  readonly type: ListenerType;
  readonly name: string;
  readonly settings?: JsonObject;
}

interface Row {
  readonly type: ListenerType;
  readonly name: string;
  /** What was set at run time; whole when it was created at run time. */
  readonly settings: JsonObject;
  readonly created: boolean;
  readonly removed: boolean;
  /** Started or stopped by hand; undefined: as the settings say. */
  readonly run?: 'started' | 'stopped';
}

/** What is done to the listeners of this node. */
export interface ListenerHands {
  /** Settings in force; undefined without such a listener. */
  settingsOf(id: string): JsonObject | undefined;
  isRunning(id: string): boolean;
  change(params: ListenerChangeParams): Promise<void>;
}

export interface SharedListenersOptions {
  readonly tables: SharedTables;
  readonly hands: ListenerHands;
  readonly dataDir: string;
  readonly given: GivenKeys;
  /** Hybrid time of the start of this node. */
  readonly startedAt: number;
  readonly log: Log;
}

export class SharedListeners {
  readonly #options: SharedListenersOptions;
  readonly #rows: SharedTable<Row>;
  /** Id → stamp of the row that is in force here. */
  readonly #applied: Map<string, string>;
  readonly #pending = new Map<string, PendingListener>();
  /** Whoever waits for a row of another node. */
  readonly #waiting = new Set<() => void>();
  #queue: Promise<void> = Promise.resolve();
  #open = false;

  static async open(options: SharedListenersOptions): Promise<SharedListeners> {
    return new SharedListeners(options, await readApplied(join(options.dataDir, APPLIED_FILE)));
  }

  private constructor(options: SharedListenersOptions, applied: Map<string, string>) {
    this.#options = options;
    this.#applied = applied;
    this.#rows = options.tables.open(TABLE, jsonCodec(readRow), (id, _row, origin, stamp) => {
      // What this node has written it has done already.
      if (origin === 'local') void this.inTurn(() => this.#done(id, stamp));
      else if (this.#open) this.#applyLater(id);
      for (const look of this.#waiting) look();
    });
  }

  /** Listeners that were stopped on the whole cluster stay so when a node starts, unless its configuration turns them on. */
  isStopped(id: string): boolean {
    const row = this.#rows.get(id);
    return row?.run === 'stopped' && !this.#options.given.has(`listeners.${row.type}.${row.name}.enable`);
  }

  /** Does what was asked for while this node was away; later changes are done when they come. */
  async start(): Promise<void> {
    this.#open = true;
    for (const [id] of this.#rows.entries()) if (this.#applied.get(id) !== textOf(this.#rows.stamp(id))) this.#applyLater(id);
    await this.#queue;
  }

  /** What the cluster has and this node has not, with the reason. */
  pending(): readonly PendingListener[] {
    return [...this.#pending.values()];
  }

  /** Tries again what could not be done here. True when there was something to try. */
  async retry(id: string): Promise<boolean> {
    if (!this.#pending.has(id)) return false;
    this.#applyLater(id);
    await this.#queue;
    const still = this.#pending.get(id);
    if (still !== undefined) throw new BusbarError('LISTENER_FAILED', still.reason);
    return true;
  }

  /** Changes of listeners are made one after the other, whoever asks for them: a row that comes meanwhile meets the whole of a change. */
  inTurn<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(task);
    this.#queue = done.then(
      () => {},
      () => {}, // told to whoever asked for it
    );
    return done;
  }

  /**
   * A change that was asked of all nodes becomes one of the cluster. `everywhere`: all of them have such a listener. Resolves when it is on
   * disk, with the stamp of its row; undefined: it is nothing that others would have to do.
   */
  async share({ action, type, name, settings = {} }: ListenerChangeParams, everywhere: boolean): Promise<Stamp | undefined> {
    const id = `${type}:${name}`;
    const before = this.#rows.get(id);
    const row = next(before, { action, type, name, settings });
    // A listener that one node has by itself concerns that node only.
    if (row === undefined || (before === undefined && action !== 'create' && !everywhere)) return undefined;
    if (JSON.stringify(row) === JSON.stringify(before)) return undefined;
    const stamp = this.#rows.put(id, row);
    this.#options.tables.persist();
    await this.#queue;
    return stamp;
  }

  /** Resolves when that row or a newer one is in force here, and on disk. Rejects with NODE_TIMEOUT when it does not come. */
  async inForce(id: string, stamp: Stamp): Promise<void> {
    if (!this.#has(id, stamp)) await this.#rowComes(id, stamp);
    this.#options.tables.persist();
    await this.#queue;
  }

  #has(id: string, wanted: Stamp): boolean {
    const stamp = this.#rows.stamp(id);
    return stamp !== undefined && compareStamps(stamp, wanted) >= 0;
  }

  #rowComes(id: string, stamp: Stamp): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
      };
      const look = (): void => {
        if (!this.#has(id, stamp)) return;
        end();
        resolve();
      };
      const timer = setTimeout(() => {
        end();
        reject(new BusbarError('NODE_TIMEOUT', `The shared row of ${id} has not come within ${ROW_WAIT_MS / 1_000} s`));
      }, ROW_WAIT_MS);
      timer.unref();
      this.#waiting.add(look);
    });
  }

  /** Waits for changes under way. */
  async close(): Promise<void> {
    this.#open = false;
    await this.#queue;
  }

  #applyLater(id: string): void {
    void this.inTurn(() => this.#apply(id));
  }

  async #apply(id: string): Promise<void> {
    const row = this.#rows.get(id);
    if (row === undefined) return;
    const { type, name } = row;
    const stamp = this.#rows.stamp(id);
    try {
      await this.#bringAbout(id, row, stamp);
      await this.#done(id, stamp);
    } catch (error) {
      const { code, message, hint } = error instanceof BusbarError ? error : new BusbarError('INTERNAL', messageOf(error));
      this.#pending.set(id, { id, type, name, reason: `${message}. ${hint}`.replace('..', '.') });
      this.#options.log.error('listener_of_cluster_not_applied', { listener: id, code, reason: message, hint });
    }
  }

  async #bringAbout(id: string, row: Row, stamp: Stamp | undefined): Promise<void> {
    const { hands, log } = this.#options;
    const { type, name } = row;
    const before = hands.settingsOf(id);
    const settings = this.#allowed(row, before, stamp);
    if (settings === undefined) return;
    if (row.removed) {
      if (before === undefined) return;
      await hands.change({ action: 'remove', type, name });
    } else if (before === undefined) {
      if (!row.created) return;
      await hands.change({ action: 'create', type, name, settings: row.run === 'stopped' ? { ...settings, enable: false } : settings });
    } else {
      if (JSON.stringify(mergeJson(before, settings)) !== JSON.stringify(before)) await hands.change({ action: 'update', type, name, settings });
      const wanted = row.run === 'stopped' ? false : row.run === 'started' ? true : hands.isRunning(id);
      if (wanted !== hands.isRunning(id)) await hands.change({ action: wanted ? 'start' : 'stop', type, name });
    }
    log.info('listener_of_cluster_in_force', { listener: id });
  }

  /** Undefined: the configuration of this node says something else about the listener as a whole. */
  #allowed({ type, name, settings, removed }: Row, before: JsonObject | undefined, stamp: Stamp | undefined): JsonObject | undefined {
    const { given, startedAt, log } = this.#options;
    if (stamp === undefined || stamp.at > startedAt) return settings;
    const prefix = `listeners.${type}.${name}`;
    if (removed) {
      const place = [...given].find(([key]) => key.startsWith(`${prefix}.`));
      if (place === undefined || before === undefined) return settings;
      logOverridden(log, [{ key: prefix, origin: place[1] }]);
      return undefined;
    }
    const { json, overridden } = yieldTo(given, prefix, settings, before);
    logOverridden(log, overridden);
    return json !== undefined && isObject(json) ? json : {};
  }

  async #done(id: string, stamp: Stamp | undefined): Promise<void> {
    this.#pending.delete(id);
    const text = textOf(stamp);
    if (this.#applied.get(id) === text) return;
    this.#applied.set(id, text);
    const path = join(this.#options.dataDir, APPLIED_FILE);
    try {
      await writeApplied(path, this.#applied);
    } catch (error) {
      // At the next start the row is looked at once more, and found to be in force.
      this.#options.log.warn('listeners_applied_not_written', { path, reason: messageOf(error) });
    }
  }
}

/** Undefined: nothing that others would have to do. */
function next(before: Row | undefined, { action, type, name, settings }: Required<ListenerChangeParams>): Row | undefined {
  const known = before === undefined || before.removed ? { type, name, settings: {}, created: false, removed: false } : before;
  switch (action) {
    case 'create':
      return { type, name, settings, created: true, removed: false };
    case 'update':
      return { ...known, settings: mergeJson(known.settings, settings) as JsonObject };
    case 'remove':
      return { type, name, settings: {}, created: false, removed: true };
    case 'stop':
      return { ...known, run: 'stopped' };
    case 'start':
    case 'restart':
      return before === undefined ? undefined : { ...known, run: 'started' };
    case 'reload':
      return undefined;
  }
}

function textOf(stamp: Stamp | undefined): string {
  return stamp === undefined ? '' : `${stamp.at} ${stamp.node}`;
}

async function writeApplied(path: string, applied: ReadonlyMap<string, string>): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFileAtomically(path, `${JSON.stringify(Object.fromEntries(applied))}\n`, 0o600);
}

async function readApplied(path: string): Promise<Map<string, string>> {
  try {
    const content: unknown = JSON.parse(await readFile(path, 'utf8'));
    return new Map(Object.entries(content as Record<string, unknown>).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  } catch {
    // Missing or damaged: every row is looked at, and those in force change nothing.
    return new Map();
  }
}

function readRow(value: unknown): Row {
  const { type, name, settings, created, removed, run } = value as Record<keyof Row, unknown>;
  const known = LISTENER_TYPES.find((each) => each === type);
  if (known === undefined || typeof name !== 'string' || typeof settings !== 'object' || settings === null) throw new Error('the row is no listener');
  const row = { type: known, name, settings: settings as JsonObject, created: created === true, removed: removed === true };
  return run === 'started' || run === 'stopped' ? { ...row, run } : row;
}
