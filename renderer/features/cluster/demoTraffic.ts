/**
 * The first run: a cluster, two test clients on different nodes, and messages that cross between them for as long as the window
 * lives or until they are stopped. The messages are sent by this window through the same calls a person's clicks use.
 */
import { defineStore } from 'pinia';
import { ref } from 'vue';
import { useClientsStore } from '../../stores/clients.ts';
import { useClusterStore } from '../../stores/cluster.ts';
import { useConnectionsStore } from '../../stores/connections.ts';
import { newConnection } from './newConnection.ts';
import { byNumber } from './polygon.ts';

const NODES = 3;
const TELEMETRY = 'plant/line-1/press-07/telemetry';
const COMMAND = 'plant/line-1/press-07/cmd/setpoint';
const TELEMETRY_MS = 1_000;
/** Every so many telemetry messages the dashboard answers with a command. */
const COMMAND_EVERY = 4;

interface Pair {
  readonly device: string;
  readonly dashboard: string;
}

export const useDemoStore = defineStore('demo', () => {
  const clients = useClientsStore();
  const cluster = useClusterStore();
  const connections = useConnectionsStore();
  const running = ref(false);
  /** The whole story is under way. */
  const starting = ref(false);
  let timer: ReturnType<typeof setInterval> | undefined;
  let count = 0;

  function stop(): void {
    clearInterval(timer);
    timer = undefined;
    running.value = false;
  }

  const isConnected = (id: string) => connections.states.get(id)?.state === 'connected';
  const send = (id: string, topic: string, body: Record<string, unknown>) =>
    clients.publish({ id, topic, payload: new TextEncoder().encode(JSON.stringify(body)), qos: 1, retain: false });

  /** One second of test traffic. A client that is away is waited for; one that was removed ends it. */
  async function beat({ device, dashboard }: Pair): Promise<void> {
    if (![device, dashboard].every((id) => connections.specs.some((spec) => spec.id === id))) {
      stop();
      return;
    }
    count += 1;
    const jobs: Promise<unknown>[] = [];
    if (isConnected(device)) jobs.push(send(device, TELEMETRY, { force: Math.round(1_800 + 60 * Math.sin(count / 5)) / 10, unit: 'kN', cycle: count }));
    if (isConnected(dashboard) && count % COMMAND_EVERY === 0) jobs.push(send(dashboard, COMMAND, { setpoint: 184.5, seq: count / COMMAND_EVERY }));
    // A node that goes away in this second is seen in the picture; the next beat tries again.
    await Promise.allSettled(jobs);
  }

  function keepSending(pair: Pair): void {
    stop();
    running.value = true;
    void beat(pair);
    timer = setInterval(() => void beat(pair), TELEMETRY_MS);
  }

  async function join(name: string, node: string, topicFilter: string): Promise<string> {
    const known = connections.specs.find((spec) => spec.name === name);
    const spec = known ?? newConnection(node, connections.specs, name);
    if (!known) await clients.save(spec);
    await clients.connect(spec.id);
    await clients.subscribe(spec.id, { topicFilter, qos: 1 });
    return spec.id;
  }

  /** Starts three nodes, connects a device to the first and a dashboard to the last, and lets them talk. */
  async function startEverything(): Promise<void> {
    starting.value = true;
    try {
      await cluster.start(NODES);
      const names = cluster.status.nodes.filter((node) => node.state === 'running').map((node) => node.name).sort(byNumber);
      const [first, last] = [names[0], names.at(-1)];
      // Nodes that did not start say so on the page; there is nobody to connect to.
      if (first === undefined || last === undefined) return;
      const [device, dashboard] = await Promise.all([join('device', first, 'plant/line-1/press-07/cmd/#'), join('dashboard', last, 'plant/#')]);
      keepSending({ device, dashboard });
    } finally {
      starting.value = false;
    }
  }

  return { running, starting, startEverything, keepSending, stop };
});
