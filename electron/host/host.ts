/**
 * host/: all the workbench does without windows: projects, clusters, client sessions, access rules, message history.
 * In: calls of electron/contract/host.ts. Out: answers and events. Dialogs, secrets and the launching of processes are
 * handed in; 'electron' is never imported here.
 * May import: electron/contract, broker/{base,topics,config,api/schema,access/acl}. Begin here; main.ts is the headless program.
 */
import type { Log } from '../../broker/base/log.ts';
import type { HostHandlers } from '../contract/host.ts';
import type { HostEventSource } from '../contract/rpc.ts';
import { resolve } from 'node:path';
import { healFaults, listFaults, resetLink, setFault } from './faults.ts';
import { HostEvents } from './hostEvents.ts';
import type { NodeLauncher } from './nodeLauncher.ts';
import { callRest } from './restProxy.ts';
import { SettingsStore } from './settings.ts';
import { openWorkbench } from './workbench.ts';
import type { Workbench } from './workbench.ts';

export interface HostOptions {
  readonly mode: 'electron' | 'headless';
  /** Of the application. */
  readonly version: string;
  readonly projectDir: string;
  readonly settingsFile: string;
  readonly launcher: NodeLauncher;
  readonly log: Log;
  /** Epoch ms. */
  readonly now?: () => number;
}

export interface Host {
  /** For `serveHost`, once per window. */
  readonly handlers: HostHandlers;
  readonly events: HostEventSource;
  /** The folder of the open project. */
  readonly projectDir: string;
  /** A secret of the open project by which windows prove themselves; the same at every start. */
  windowToken(): Promise<string>;
  /** Stops every node and client. Safe to call twice. */
  stop(): Promise<void>;
}

/** Opens the project and answers calls for it. Throws PROJECT_LOCKED, PROJECT_UNREADABLE. */
export async function createHost(options: HostOptions): Promise<Host> {
  const events = new HostEvents();
  const now = options.now ?? Date.now;
  const { launcher, log } = options;
  const open = (dir: string) => openWorkbench({ projectDir: resolve(dir), launcher, events, log, now });
  const state: State = { current: await open(options.projectDir), opening: Promise.resolve(), stopped: undefined };
  return {
    handlers: handlersOf(options, state, events, open),
    events,
    get projectDir() {
      return state.current.project.layout.root;
    },
    windowToken: () => state.current.project.secret(state.current.project.layout.windowTokenFile),
    stop: () => (state.stopped ??= state.opening.catch(() => undefined).then(() => state.current.close())),
  };
}

interface State {
  current: Workbench;
  /** One project is opened at a time. */
  opening: Promise<unknown>;
  stopped: Promise<void> | undefined;
}

function handlersOf(options: HostOptions, state: State, events: HostEvents, open: (dir: string) => Promise<Workbench>): HostHandlers {
  const settings = new SettingsStore(options.settingsFile);
  const { platform, versions } = process;
  return {
    'app/info': () => Promise.resolve({ version: options.version, mode: options.mode, platform, nodeVersion: versions.node }),
    'project/get': async () => {
      await state.current.project.reload();
      await state.current.cluster.load();
      return state.current.project.info;
    },
    'project/open': ({ path }) => {
      const opened = state.opening.then(() => switchProject(state, path, events, open));
      state.opening = opened.catch(() => undefined);
      return opened;
    },
    'settings/get': () => settings.get(),
    'settings/set': async (change) => {
      const changed = await settings.set(change);
      events.emit('settings/changed', changed);
      return changed;
    },

    'cluster/get': () => Promise.resolve(state.current.cluster.status()),
    'cluster/start': async ({ nodes }) => {
      try {
        return await state.current.cluster.start(nodes);
      } finally {
        // A busbar.yaml that could not be read is now among the problems, one that was corrected no longer.
        events.emit('project/changed', state.current.project.info);
      }
    },
    'cluster/stop': () => state.current.cluster.stop(),
    'cluster/frames': ({ sinceMs }) => Promise.resolve(state.current.cluster.frames(sinceMs)),
    'cluster/events': ({ sinceMs }) => Promise.resolve(state.current.cluster.events(sinceMs)),
    'node/add': () => state.current.cluster.addNode(),
    'node/start': ({ node }) => state.current.cluster.startNode(node),
    'node/stop': ({ node }) => state.current.cluster.stopNode(node),
    'node/kill': ({ node }) => state.current.cluster.killNode(node),
    'node/restart': ({ node }) => state.current.cluster.restartNode(node),
    'node/freeze': ({ node }) => Promise.resolve(state.current.cluster.freezeNode(node)),
    'node/thaw': ({ node }) => Promise.resolve(state.current.cluster.thawNode(node)),
    'fault/list': () => listFaults(state.current.cluster),
    'fault/set': (request) => setFault(state.current.cluster, request),
    'fault/reset': ({ node, peer }) => resetLink(state.current.cluster, node, peer),
    'fault/heal': (request) => healFaults(state.current.cluster, request),
    'node/log': (query) => Promise.resolve(state.current.cluster.log(query)),

    'connection/list': () => Promise.resolve(state.current.clients.list()),
    'connection/save': (spec) => state.current.clients.save(spec),
    'connection/remove': async ({ id }) => void (await state.current.clients.remove(id)),
    'client/states': () => state.current.clients.states(),
    'client/connect': ({ id, ...secrets }) => state.current.clients.connect(id, secrets),
    'client/disconnect': ({ id }) => state.current.clients.disconnect(id),
    'client/subscribe': ({ id, ...subscription }) => state.current.clients.subscribe(id, subscription),
    'client/unsubscribe': ({ id, topicFilter }) => state.current.clients.unsubscribe(id, topicFilter),
    'client/publish': (request) => state.current.clients.publish(request),
    'client/send': (draft) => state.current.clients.send(draft),
    'client/repeat': async (request) => state.current.clients.repeat(request),
    'client/repeatStop': async ({ id }) => state.current.clients.stopRepeat(id),
    'client/messages': ({ id, ...query }) => state.current.clients.messages(id, query),
    'client/clear': async ({ id }) => void (await state.current.clients.clear(id)),

    'acl/get': () => state.current.acl.get(),
    'acl/save': ({ text }) => state.current.acl.save(text),
    'rest/request': async (request) => callRest(state.current.project.layout, state.current.cluster.address(request.node, 'api'), request),
  };
}

/** Opens the new project before it closes the old one: a folder that cannot be opened costs nothing. */
async function switchProject(state: State, path: string, events: HostEvents, open: (dir: string) => Promise<Workbench>) {
  const before = state.current;
  if (resolve(path) === before.project.layout.root) return before.project.info;
  const next = await open(path);
  state.current = next;
  await before.close();
  events.emit('project/changed', next.project.info);
  events.emit('cluster/changed', next.cluster.status());
  events.emit('connection/changed', next.clients.list());
  for (const client of await next.clients.states()) events.emit('client/changed', client);
  events.emit('acl/changed', await next.acl.get());
  return next.project.info;
}
