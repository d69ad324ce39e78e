/** All saved connections of a project and the live sessions behind them. */
import { BusbarError } from '../../broker/base/errors.ts';
import type { ClientMessage, ClientState, ConnectionSpec, PublishRequest, SubscriptionState } from '../contract/clients.ts';
import type { ConnectSecrets, SubscriptionSpec } from '../contract/connectionParts.ts';
import type { PublishDraft, RepeatRequest, RepeatState } from '../contract/publishing.ts';
import { variablesOf } from '../payload/template.ts';
import { ClientSession } from './clientSession.ts';
import type { HostEvents } from './hostEvents.ts';
import { MessageLog } from './messageLog.ts';
import type { Project } from './project.ts';
import { resolveDraft } from './publishDraft.ts';
import { idleRepeat, RepeatingPublish } from './repeatingPublish.ts';
import type { WorkspaceDb } from './workspaceDb.ts';
import type { PageQuery } from './workspaceStore.ts';

export interface ClientsOptions {
  readonly project: Project;
  readonly db: WorkspaceDb;
  readonly events: HostEvents;
  readonly now: () => number;
  /** MQTT address of a local node; throws when it does not run. */
  readonly nodeAddress: (node: string) => { host: string; port: number };
  readonly onFailure: (error: unknown) => void;
}

interface Entry {
  readonly session: ClientSession;
  readonly log: MessageLog;
}

export class Clients {
  readonly #options: ClientsOptions;
  /** Promises: the totals of a connection are read once, whoever asks first. */
  readonly #entries = new Map<string, Promise<Entry>>();
  readonly #secrets = new Map<string, ConnectSecrets>();
  readonly #repeats = new Map<string, RepeatingPublish>();

  constructor(options: ClientsOptions) {
    this.#options = options;
  }

  list(): ConnectionSpec[] {
    return [...this.#options.project.connections];
  }

  async save(spec: ConnectionSpec): Promise<ConnectionSpec> {
    const saved = await this.#options.project.saveConnection(spec);
    await (await this.#entries.get(spec.id))?.session.update(saved);
    this.#listChanged();
    return saved;
  }

  /** Disconnects it, and forgets its file and its messages. */
  async remove(id: string): Promise<void> {
    const { session } = await this.#entry(id);
    this.stopRepeat(id);
    this.#repeats.delete(id);
    await session.dispose();
    await this.#options.project.removeConnection(id);
    this.#entries.delete(id);
    this.#secrets.delete(id);
    await this.#options.db.clear(id);
    this.#listChanged();
  }

  async states(): Promise<ClientState[]> {
    const entries = await Promise.all(this.list().map(({ id }) => this.#entry(id)));
    return entries.map(({ session }) => session.state);
  }

  /** Secrets that are not given are those of the connect before; they live as long as this host. */
  async connect(id: string, given: ConnectSecrets): Promise<ClientState> {
    const { session } = await this.#entry(id);
    const secrets = { ...this.#secrets.get(id), ...given };
    this.#secrets.set(id, secrets);
    return session.connect(secrets);
  }

  async disconnect(id: string): Promise<ClientState> {
    this.#repeats.get(id)?.stop();
    return (await this.#entry(id)).session.disconnect();
  }

  async subscribe(id: string, subscription: SubscriptionSpec): Promise<SubscriptionState> {
    const { session } = await this.#entry(id);
    const state = await session.subscribe(subscription);
    await this.#keepSubscriptions(id, session);
    return state;
  }

  async unsubscribe(id: string, topicFilter: string): Promise<ClientState> {
    const { session } = await this.#entry(id);
    const state = await session.unsubscribe(topicFilter);
    await this.#keepSubscriptions(id, session);
    return state;
  }

  async publish(request: PublishRequest): Promise<ClientMessage> {
    return (await this.#entry(request.id)).session.publish(request);
  }

  /** Resolves variables and publishes. */
  async send(draft: PublishDraft, seq = 1): Promise<ClientMessage> {
    const spec = this.#options.project.connection(draft.id);
    return this.publish(resolveDraft(draft, variablesOf(spec), { nowMs: this.#options.now, random: Math.random, seq }));
  }

  /** Begins to send one message again and again, in place of what this connection repeated before. */
  repeat(request: RepeatRequest): RepeatState {
    const { id } = this.#options.project.connection(request.draft.id);
    this.#repeats.get(id)?.stop();
    const { events, now } = this.#options;
    const repeat = new RepeatingPublish({ request, now, random: Math.random, send: (seq) => this.send(request.draft, seq), onState: (state) => events.emit('client/repeat', state) });
    this.#repeats.set(id, repeat);
    return repeat.state;
  }

  stopRepeat(id: string): RepeatState {
    return this.#repeats.get(id)?.stop() ?? idleRepeat(id);
  }

  async messages(id: string, query: PageQuery): Promise<ClientMessage[]> {
    const { log } = await this.#entry(id);
    log.flush();
    return this.#options.db.read(id, query);
  }

  async clear(id: string): Promise<void> {
    const { log, session } = await this.#entry(id);
    await log.clear();
    this.#options.events.emit('client/changed', session.state);
  }

  /** Disconnects all and hands over what is not yet stored. */
  async close(): Promise<void> {
    for (const repeat of this.#repeats.values()) repeat.stop();
    const entries = await Promise.all(this.#entries.values());
    await Promise.all(entries.map(({ session }) => session.dispose()));
    for (const { log } of entries) log.flush();
  }

  #entry(id: string): Promise<Entry> {
    const spec = this.#options.project.connection(id);
    const known = this.#entries.get(id);
    if (known) return known;
    const entry = this.#create(spec);
    this.#entries.set(id, entry);
    entry.catch(() => this.#entries.delete(id));
    return entry;
  }

  async #create(spec: ConnectionSpec): Promise<Entry> {
    const { db, events, now, onFailure } = this.#options;
    const { id } = spec;
    const stored = await db.totals(id);
    const log = new MessageLog({ id, db, stored, now, onMessages: (event) => events.emit('client/messages', event), onFailure });
    const session = new ClientSession({
      spec,
      log,
      now,
      resolve: ({ target }) => (target.kind === 'node' ? this.#options.nodeAddress(target.node) : { host: target.host, port: target.port }),
      onChange: (state) => events.emit('client/changed', state),
      onAck: (seq, ack) => events.emit('client/acked', { id, seq, ack }),
    });
    return { session, log };
  }

  async #keepSubscriptions(id: string, session: ClientSession): Promise<void> {
    const spec = this.#options.project.connection(id);
    const subscriptions = session.wantedSubscriptions;
    if (JSON.stringify(subscriptions) === JSON.stringify(spec.subscriptions)) return;
    if (subscriptions.length > MAX_SUBSCRIPTIONS) {
      throw new BusbarError('BAD_REQUEST', `A connection keeps at most ${MAX_SUBSCRIPTIONS} subscriptions.`, { hint: 'Unsubscribe from some, or use wildcards.' });
    }
    await this.#options.project.saveConnection({ ...spec, subscriptions });
    this.#listChanged();
  }

  #listChanged(): void {
    this.#options.events.emit('connection/changed', this.list());
  }
}

/** Subscriptions kept in one connection's file. */
export const MAX_SUBSCRIPTIONS = 200;
