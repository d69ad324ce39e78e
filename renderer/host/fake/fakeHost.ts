/**
 * An invented host in the window itself, for developing pages and for component tests: answers every call of the contract from
 * memory and tells events like the real one. Not part of the product build.
 */
import { HostError } from '../../../electron/contract/errors.ts';
import type { AclFile } from '../../../electron/contract/access.ts';
import type { ClientMessage, ClientState, ConnectionSpec } from '../../../electron/contract/clients.ts';
import type { ClusterEvent, ClusterStatus, LinkFault, LogLine, NodeStatus, TopologyFrame } from '../../../electron/contract/cluster.ts';
import type { EventOf, HostEvent, HostHandlers } from '../../../electron/contract/host.ts';
import type { Settings } from '../../../electron/contract/workbench.ts';
import { Listeners } from '../../../electron/contract/pipe.ts';
import type { HostPort, HostState } from '../hostPort.ts';
import { fakeLink, fakeNode, sceneOf, type Scene, type SceneName } from './fakeScenes.ts';
import { frameAt } from './fakeTraffic.ts';

export interface FakeHostOptions {
  readonly scene: SceneName;
  readonly settings?: Settings;
  readonly nowMs: () => number;
  /** How long starting a node takes; 0 in tests. */
  readonly startMs?: number;
}
type SceneNode = Scene['nodes'][number];

const HISTORY_FRAMES = 899;
const FRAME_MS = 1_000;

export function createFakeHost({ scene: sceneName, settings: given, nowMs, startMs = 700 }: FakeHostOptions) {
  const scene = sceneOf(sceneName, nowMs());
  const listeners = new Map<string, Listeners<[never]>>();
  const states = new Listeners<[HostState]>();
  const clientStates = new Map<string, ClientState>();
  const messages = new Map<string, ClientMessage[]>();
  const log: LogLine[] = [];
  const events: ClusterEvent[] = [...scene.events];
  let hostState: HostState = 'online';
  let settings: Settings = given ?? { theme: 'light', language: 'en', density: 'normal' };
  let nodes: SceneNode[] = [...scene.nodes];
  let links = [...scene.links];
  let connections: ConnectionSpec[] = [...scene.connections];
  let frames: TopologyFrame[] = [];
  let timer: ReturnType<typeof setInterval> | undefined;
  let acl: AclFile = { path: 'acl/acl.conf', text: '%% Who may do what. The first rule that matches decides.\n{allow, all}.\n', hash: '9f3c61a4d2e85b70', savedAtMs: nowMs(), nodes: [] };

  const tell = <K extends HostEvent>(name: K, payload: EventOf<K>) => listeners.get(name)?.tell(payload as never);
  const running = () => nodes.filter((node) => node.state === 'running');
  const picture = (timeMs: number) => frameAt(timeMs, running(), nodes.map((node) => node.name), links);
  const pause = () => (startMs === 0 ? Promise.resolve() : new Promise<void>((resolve) => setTimeout(resolve, startMs)));

  const statusOf = (node: SceneNode): NodeStatus => ({
    name: node.name, node: `${node.name}@127.0.0.1`, state: node.state, sinceMs: node.startedAtMs, pid: node.state === 'running' ? node.pid : null, ports: node.ports,
    reason: node.reason, hint: node.hint, exitCode: node.exitCode,
  });
  const status = (): ClusterStatus => {
    const alive = nodes.filter((node) => node.state === 'running').length;
    const busy = nodes.some((node) => node.state === 'starting' || node.state === 'joining');
    const state = nodes.length === 0 ? 'none' : busy ? 'starting' : alive === nodes.length ? 'running' : alive > 0 ? 'degraded' : 'stopped';
    return { name: scene.clusterName, state, nodes: nodes.map(statusOf) };
  };
  const happen = (kind: ClusterEvent['kind'], node: string, key: string) => {
    const event: ClusterEvent = { timeMs: nowMs(), kind, node, key, values: {} };
    events.push(event);
    tell('cluster/event', event);
  };
  const write = (node: string, level: LogLine['level'], msg: string, fields: Record<string, unknown>) => {
    const line: LogLine = { seq: log.length + 1, timeMs: nowMs(), node, level, msg, fields: JSON.stringify(fields) };
    log.push(line);
    tell('node/log', [line]);
  };
  const find = (name: string): SceneNode => {
    const node = nodes.find((other) => other.name === name);
    if (!node) throw new HostError({ code: 'NODE_UNKNOWN', message: `There is no node ${name}.`, hint: 'Choose one of the nodes of the cluster.', details: {} });
    return node;
  };
  const change = (name: string, part: Partial<SceneNode>) => {
    nodes = nodes.map((node) => (node.name === name ? { ...node, ...part } : node));
    tell('cluster/changed', status());
  };
  const startNode = async (name: string) => {
    change(name, { state: 'starting', startedAtMs: nowMs(), reason: null, hint: null, exitCode: null });
    write(name, 'info', 'node_starting', { pid: find(name).pid });
    await pause();
    change(name, { state: 'joining' });
    write(name, 'info', 'cluster_joining', { seeds: nodes.length - 1 });
    await pause();
    change(name, { state: 'running', startedAtMs: nowMs() });
    write(name, 'info', 'node_ready', { listeners: `tcp:default 127.0.0.1:${find(name).ports.mqtt}` });
    happen('lifecycle', name, 'node.running');
  };
  let faults: LinkFault[] = [];
  const stopNode = (name: string, key: string, part: Partial<SceneNode>) => {
    find(name);
    change(name, { state: 'stopped', startedAtMs: nowMs(), ...part });
    write(name, key === 'node.killed' ? 'warning' : 'info', key.replace('.', '_'), {});
    happen(key === 'node.killed' ? 'fault' : 'lifecycle', name, key);
    for (const spec of connections) {
      if (spec.target.kind === 'node' && spec.target.node === name && clientStates.get(spec.id)?.state === 'connected') setClient(spec.id, { state: 'reconnecting', attempt: 1 });
    }
    return statusOf(find(name));
  };
  const addNode = () => {
    const index = nodes.length + 1;
    nodes = [...nodes, { ...fakeNode(index, nowMs(), [0, 0, 0, 0, 0.02, 0.05, 1.2, 0, 0]), state: 'stopped' }];
    for (let other = 1; other < index; other += 1) links = [...links, ...fakeLink(other, index, 0, 0)];
  };

  const offline = (id: string): ClientState => ({
    id, state: 'offline', sinceMs: nowMs(), attempt: 0, reasonCode: null, reason: null, sessionPresent: false, assignedClientId: null, received: 0, sent: 0,
    subscriptions: (connections.find((spec) => spec.id === id)?.subscriptions ?? []).map(({ topicFilter, qos }) => ({ topicFilter, qos, granted: null, count: 0 })),
  });
  const setClient = (id: string, part: Partial<ClientState>): ClientState => {
    const next = { ...(clientStates.get(id) ?? offline(id)), ...part, sinceMs: nowMs() };
    clientStates.set(id, next);
    tell('client/changed', next);
    return next;
  };
  const connect = (id: string) => setClient(id, { state: 'connected', subscriptions: (clientStates.get(id) ?? offline(id)).subscriptions.map((one) => ({ ...one, granted: one.qos })) });

  const handlers: HostHandlers = {
    'app/info': async () => ({ version: '0.1.0', mode: 'headless', platform: 'linux', nodeVersion: '24.21.0' }),
    'project/get': async () => ({ name: scene.clusterName, path: `/home/me/busbar/${scene.clusterName}`, displayPath: `~/busbar/${scene.clusterName}`, problems: [] }),
    'project/open': async ({ path }) => ({ name: path.split('/').at(-1) ?? path, path, displayPath: path, problems: [] }),
    'settings/get': async () => settings,
    'settings/set': async (part) => {
      settings = { ...settings, ...part };
      return settings;
    },
    'cluster/get': async () => status(),
    'cluster/start': async ({ nodes: count = 3 }) => {
      if (nodes.length === 0) for (let index = 0; index < count; index += 1) addNode();
      await Promise.all(nodes.filter((node) => node.state !== 'running').map((node) => startNode(node.name)));
      return status();
    },
    'cluster/stop': async () => {
      for (const node of running()) stopNode(node.name, 'node.stopped', {});
      return status();
    },
    'cluster/frames': async ({ sinceMs }) => frames.filter((frame) => frame.timeMs >= sinceMs),
    'cluster/events': async ({ sinceMs }) => events.filter((event) => event.timeMs >= sinceMs),
    'node/add': async () => {
      addNode();
      await startNode(nodes.at(-1)!.name);
      return status();
    },
    'node/start': async ({ node }) => {
      await startNode(node);
      return statusOf(find(node));
    },
    'node/stop': async ({ node }) => stopNode(node, 'node.stopped', {}),
    'node/kill': async ({ node }) => stopNode(node, 'node.killed', { state: 'failed', reason: 'killed', exitCode: 137 }),
    'node/restart': async ({ node }) => {
      stopNode(node, 'node.stopped', {});
      await startNode(node);
      return statusOf(find(node));
    },
    'node/freeze': async ({ node }) => (happen('fault', node, 'node.frozen'), statusOf(find(node))),
    'node/thaw': async ({ node }) => (happen('healed', node, 'node.thawed'), statusOf(find(node))),
    'fault/list': async () => faults,
    'fault/set': async ({ node, peer, direction, kind, delayMs = null, bytesPerSecond = null }) => {
      const directions = direction === 'both' ? (['out', 'in'] as const) : [direction];
      const others = faults.filter((fault) => fault.node !== node || fault.peer !== peer || !(directions as readonly string[]).includes(fault.direction));
      faults = [...others, ...directions.map((one) => ({ node, peer, direction: one, kind, delayMs, bytesPerSecond, sinceMs: nowMs(), heldBytes: 0 }))];
      return faults.filter((fault) => fault.node === node);
    },
    'fault/reset': async ({ node }) => faults.filter((fault) => fault.node === node),
    'fault/heal': async ({ node, peer }) => {
      faults = faults.filter((fault) => (node !== undefined && fault.node !== node) || (peer !== undefined && fault.peer !== peer));
      return faults;
    },
    'node/log': async ({ node, beforeSeq, limit }) =>
      log.filter((line) => (node === undefined || line.node === node) && (beforeSeq === undefined || line.seq < beforeSeq)).slice(-limit),
    'connection/list': async () => connections,
    'connection/save': async (spec) => {
      connections = [...connections.filter((other) => other.id !== spec.id), spec];
      tell('connection/changed', connections);
      return spec;
    },
    'connection/remove': async ({ id }) => {
      connections = connections.filter((spec) => spec.id !== id);
      clientStates.delete(id);
      tell('connection/changed', connections);
      return undefined;
    },
    'client/states': async () => connections.map((spec) => clientStates.get(spec.id) ?? offline(spec.id)),
    'client/connect': async ({ id }) => connect(id),
    'client/disconnect': async ({ id }) => setClient(id, { state: 'offline' }),
    'client/subscribe': async ({ id, ...wanted }) => {
      const { topicFilter, qos, disabled } = wanted;
      const before = clientStates.get(id) ?? offline(id);
      const subscription = { topicFilter, qos, granted: disabled ? null : qos, count: 0 };
      setClient(id, { subscriptions: [...before.subscriptions.filter((one) => one.topicFilter !== topicFilter), subscription] });
      return subscription;
    },
    'client/unsubscribe': async ({ id, topicFilter }) =>
      setClient(id, { subscriptions: (clientStates.get(id) ?? offline(id)).subscriptions.filter((one) => one.topicFilter !== topicFilter) }),
    'client/publish': async ({ id, properties: _properties, ...request }) => {
      const list = messages.get(id) ?? [];
      const message: ClientMessage = { ...request, seq: list.length + 1, timeMs: nowMs(), direction: 'out', dup: false, matched: [], ack: 0, properties: {} };
      messages.set(id, [...list, message]);
      tell('client/messages', { id, firstSeq: message.seq, lastSeq: message.seq, messages: [message] });
      return message;
    },
    'client/send': async ({ content, properties: _properties, ...request }) =>
      handlers['client/publish']({ ...request, payload: content.kind === 'file' ? content.bytes : new TextEncoder().encode(content.text) }),
    'client/repeat': async ({ draft, count, periodMs }) => ({ id: draft.id, running: true, sent: 1, failed: 0, missed: 0, count, periodMs, problem: null }),
    'client/repeatStop': async ({ id }) => ({ id, running: false, sent: 1, failed: 0, missed: 0, count: null, periodMs: 1_000, problem: null }),
    'client/messages': async ({ id, afterSeq = 0, beforeSeq = Infinity, limit }) =>
      (messages.get(id) ?? []).filter((message) => message.seq > afterSeq && message.seq < beforeSeq).slice(-limit),
    'client/clear': async ({ id }) => {
      messages.delete(id);
      return undefined;
    },
    'acl/get': async () => acl,
    'acl/save': async ({ text }) => {
      acl = { ...acl, text, savedAtMs: nowMs(), nodes: nodes.map((node) => ({ node: node.name, state: node.state === 'running' ? 'applied' : 'notRunning', hash: acl.hash, message: null })) };
      tell('acl/changed', acl);
      return { ok: true, file: acl };
    },
    'rest/request': async () => ({ status: 200, body: { data: [], meta: { page: 1, limit: 100, count: 0, hasnext: false } } }),
  };

  const port: HostPort = {
    get state() {
      return hostState;
    },
    onState: (listener) => states.add(listener),
    call: (async (name: keyof HostHandlers, request?: unknown) => {
      if (hostState !== 'online') throw new HostError({ code: 'HOST_GONE', message: 'The connection to the workbench host ended before it answered.', hint: '', details: {} });
      return (handlers[name] as (request: unknown) => Promise<unknown>)(request);
    }) as HostPort['call'],
    on: (name, listener) => {
      const set = listeners.get(name) ?? new Listeners<[never]>();
      listeners.set(name, set);
      return set.add(listener as (payload: never) => void);
    },
  };

  /** One second passes: a picture of the cluster and a line of somebody's log. */
  function tick(): void {
    if (running().length === 0) return;
    const frame = picture(nowMs());
    frames = [...frames, frame].slice(-HISTORY_FRAMES - 1);
    tell('cluster/frame', frame);
    const node = running()[frames.length % running().length]!;
    write(node.name, frames.length % 7 === 0 ? 'warning' : 'info', frames.length % 7 === 0 ? 'publish_not_authorized' : 'client_connected', { clientid: `press-${frames.length % 40}`, peername: '127.0.0.1:50412' });
  }

  function setHostState(next: HostState): void {
    hostState = next;
    states.tell(next);
  }

  // The past of the scene.
  for (const spec of connections) connect(spec.id);
  if (running().length > 0) {
    for (let back = HISTORY_FRAMES; back > 0; back -= 1) frames.push(picture(nowMs() - back * FRAME_MS));
    for (let line = 0; line < 240; line += 1) tickLog(line);
  }
  function tickLog(line: number): void {
    const node = running()[line % running().length]!;
    const level = line % 29 === 0 ? 'error' : line % 7 === 0 ? 'warning' : line % 3 === 0 ? 'debug' : 'info';
    const msg = { error: 'link_lost', warning: 'publish_not_authorized', debug: 'route_added', info: 'client_connected' }[level];
    log.push({ seq: log.length + 1, timeMs: nowMs() - (240 - line) * 1_700, node: node.name, level, msg, fields: JSON.stringify({ clientid: `press-${line % 40}`, topic: `plant-a/line-3/press-${line % 40}/telemetry` }) });
  }

  return {
    port,
    tick,
    setHostState,
    run: () => {
      timer = setInterval(tick, FRAME_MS);
    },
    stop: () => clearInterval(timer),
  };
}

export type FakeHost = ReturnType<typeof createFakeHost>;
