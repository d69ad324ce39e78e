/** What this node answers about its listeners, and the changes it makes to them when it is told to. */
import type { ListenerQuestions, ListenerReport } from '../../api/listenerQuestions.ts';
import { BusbarError } from '../../base/errors.ts';
import type { ListenerConfig } from '../../config/listenerConfig.ts';
import { listenerJson, readListenerJson, revealHidden } from '../../config/listenerJson.ts';
import type { Listener } from './listener.ts';
import type { ListenerManager } from './listenerManager.ts';
import type { ListenerStore } from './listenerStore.ts';
import type { ListenerHands, SharedListeners } from './sharedListeners.ts';

type ListenerAnswers = {
  readonly [Q in keyof ListenerQuestions]: (params: ListenerQuestions[Q]['params']) => ListenerQuestions[Q]['answer'] | Promise<ListenerQuestions[Q]['answer']>;
};
type Change = ListenerQuestions['changeListener']['params'];

export interface ListenerAdministration {
  readonly manager: ListenerManager;
  readonly store: ListenerStore;
  /** Authentication keeps a chain for each listener. */
  readonly configured: (config: ListenerConfig) => Promise<void>;
  readonly removed: (id: string) => void;
}

export function listenerAnswers(administration: ListenerAdministration, shared: SharedListeners): ListenerAnswers {
  const { manager } = administration;
  return {
    listeners: () => ({ listeners: manager.list().map(reportOf), pending: shared.pending() }),
    changeListener: async (params) => {
      const id = `${params.type}:${params.name}`;
      const isTriedAgain = params.action === 'start' || params.action === 'restart';
      if (!isTriedAgain || !(await shared.retry(id))) await shared.inTurn(() => changeListener(administration, id, params));
      const listener = manager.get(id);
      return { listener: listener === undefined ? null : reportOf(listener) };
    },
    shareListener: async ({ everywhere, ...change }) => ({ stamp: (await shared.share(change, everywhere)) ?? null }),
    awaitListener: async ({ id, stamp }) => {
      await shared.inForce(id, stamp);
      return {};
    },
  };
}

/** What the cluster asks for is done as if it were asked of this node. */
export function listenerHands(administration: ListenerAdministration): ListenerHands {
  const { manager } = administration;
  return {
    settingsOf: (id) => {
      const listener = manager.get(id);
      return listener && listenerJson(listener.config);
    },
    isRunning: (id) => manager.get(id)?.running === true,
    change: (params) => changeListener(administration, `${params.type}:${params.name}`, params),
  };
}

async function changeListener(administration: ListenerAdministration, id: string, change: Change): Promise<void> {
  const { manager, store } = administration;
  const { action, type, name, settings = {} } = change;
  switch (action) {
    case 'start':
      return manager.start(id);
    case 'stop':
      return manager.stop(id);
    case 'restart':
      return manager.restart(id);
    case 'reload':
      return manager.reload(id);
    case 'create':
      await withChain(administration, read(change), undefined, (config) => manager.create(config));
      return store.put(type, name, settings);
    case 'update': {
      const before = manager.get(id)?.config;
      if (before === undefined) throw new BusbarError('LISTENER_UNKNOWN', `There is no listener ${id}`);
      const after = read(change, before);
      await withChain(administration, after, before, (config) => manager.update(config));
      return store.put(type, name, revealHidden(settings, after));
    }
    case 'remove':
      await manager.remove(id);
      administration.removed(id);
      return store.remove(type, name);
  }
}

function read({ type, name, settings = {} }: Change, before?: ListenerConfig): ListenerConfig {
  const reading = readListenerJson(type, name, settings, before);
  if (!reading.ok) throw new BusbarError('LISTENER_INVALID', reading.message);
  return reading.config;
}

/** Its clients are asked by its own chain from the first connection on; a change that is refused leaves the old chain. */
async function withChain(
  { manager, configured, removed }: ListenerAdministration,
  config: ListenerConfig,
  before: ListenerConfig | undefined,
  put: (config: ListenerConfig) => Promise<void>,
): Promise<void> {
  if (before === undefined && manager.get(config.id) !== undefined) return put(config); // refuses
  await configured(config);
  try {
    await put(config);
  } catch (error) {
    if (before === undefined) removed(config.id);
    else await configured(before);
    throw error;
  }
}

function reportOf(listener: Listener): ListenerReport {
  const { config, running, bind, connections, refusals } = listener;
  const { id, type, name, maxConnections } = config;
  return {
    id,
    type,
    name,
    running,
    listenOn: bind,
    currentConnections: connections.size,
    maxConnections: maxConnections === Number.POSITIVE_INFINITY ? 'infinity' : maxConnections,
    ...listener.held(),
    refused: Object.fromEntries(refusals.counts),
    settings: listenerJson(config),
  };
}
