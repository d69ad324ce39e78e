/** Sessions of this node in a Redis that all nodes reach: connection, password, alarm, and what is there at the start (R71). */
import { readFile } from 'node:fs/promises';
import { BusbarError, messageOf } from '../../base/errors.ts';
import type { NodeId, NodeName } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { HybridClock } from '../../cluster/hybridClock.ts';
import type { ExternalSessionsPort, SessionJournal, StoredSessions } from '../../cluster/sessions/desk.ts';
import type { SessionEngine } from '../../cluster/sessions/engine.ts';
import type { RedisConfig } from '../../config/sessionsConfig.ts';
import { ExternalSessions } from '../../storage/externalSessions.ts';
import type { LiveSessions } from '../../storage/journal.ts';
import type { FaultAlarms } from '../faults/faultControl.ts';
import { RedisStore } from './redisStore.ts';

const ALARM = 'session_store_unreachable';
/** Two nodes that serve the same session take turns in the store not faster than this. */
const TURN_MS = 250;

export interface RedisSessionsOptions {
  readonly config: RedisConfig;
  readonly owner: NodeId;
  readonly name: NodeName;
  readonly clock: HybridClock;
  readonly log: Log;
}

interface State {
  /** Why, while Redis does not answer. */
  away: string | undefined;
  alarms: FaultAlarms | undefined;
  /** How often it was away. */
  times: number;
}

export class RedisSessions {
  readonly stored: StoredSessions;
  readonly external: ExternalSessionsPort;
  readonly #store: RedisStore;
  readonly #sessions: ExternalSessions;
  readonly #state: State;
  readonly #where: string;

  /** Answers when Redis has. @throws BusbarError CONFIG_FILE_UNREADABLE */
  static async open({ config, owner, name, clock, log }: RedisSessionsOptions): Promise<RedisSessions> {
    const { host, port, database, prefix } = config;
    const state: State = { away: undefined, alarms: undefined, times: 0 };
    const where = `${host}:${port}/${database}`;
    const store = new RedisStore({
      host,
      port,
      tls: config.tls,
      username: config.username,
      password: await passwordOf(config),
      database,
      prefix,
      log,
      onState: (isAway, reason) => told(state, isAway, reason, where),
    });
    const later = (task: () => void): void => void setTimeout(task, TURN_MS);
    const sessions = new ExternalSessions({ store, owner, clock, log, later });
    store.announce(owner, name);
    const owners = await new Promise<readonly NodeId[]>((resolve) => store.ownersNamed(name, resolve));
    const stored = await new Promise<StoredSessions>((resolve) => sessions.fetch([...new Set([owner, ...owners])], [], () => true, (copies, late) => resolve({ copies, late })));
    log.info('session_store_read', { store: 'redis', server: where, sessions: stored.copies.length });
    return new RedisSessions(store, sessions, stored, state, where);
  }

  private constructor(store: RedisStore, sessions: ExternalSessions, stored: StoredSessions, state: State, where: string) {
    this.#store = store;
    this.#sessions = sessions;
    this.external = sessions;
    this.stored = stored;
    this.#state = state;
    this.#where = where;
  }

  journal(live: LiveSessions, engine: () => SessionEngine): SessionJournal {
    this.#sessions.live = {
      copy: (clientId) => engine().copyOf(clientId),
      late: () => live.late(),
      merge: (clientId, copy) => engine().mergeStored(clientId, copy),
    };
    return this.#sessions;
  }

  attach(alarms: FaultAlarms): void {
    this.#state.alarms = alarms;
    if (this.#state.away !== undefined) told(this.#state, true, this.#state.away, this.#where);
  }

  get counters(): Readonly<Record<string, number>> {
    return { ...this.#sessions.counters, storeAway: this.#state.times, storeWaiting: this.#store.waiting };
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

function told(state: State, isAway: boolean, reason: string, server: string): void {
  if (isAway && state.away === undefined) state.times += 1;
  state.away = isAway ? reason : undefined;
  if (isAway) state.alarms?.activate(ALARM, 'Redis, which keeps the sessions, does not answer: messages of QoS 1 and 2 for them are not acknowledged.', { server, reason });
  else state.alarms?.deactivate(ALARM);
}

async function passwordOf({ password, passwordFile }: RedisConfig): Promise<string | undefined> {
  if (passwordFile === undefined) return password;
  try {
    return (await readFile(passwordFile, 'utf8')).split('\n')[0]?.trimEnd();
  } catch (error) {
    throw new BusbarError('CONFIG_FILE_UNREADABLE', `durable_sessions.redis.password_file cannot be read: ${messageOf(error)}`, { details: { path: passwordFile } });
  }
}
