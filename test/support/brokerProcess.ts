/** Real broker processes for integration tests: free ports on loopback, a data directory of their own, ended by pid. */
import { fileURLToPath } from 'node:url';
import type { ReadyEvent } from '../../broker/api/schema/control.ts';
import { startProcess, type StartOptions, type TestProcess } from './processes.ts';
import { createTempDir, removeTempDir } from './tempDir.ts';

export const BROKER_MAIN = fileURLToPath(new URL('../../broker/main.ts', import.meta.url));

/** Ports of the system's choice, and nothing that a machine's other nodes could be disturbed by. */
const PRIVATE = [
  'listeners.tcp.default.bind=127.0.0.1:0',
  'listeners.ws.default.enable=false',
  'dashboard.listeners.http.bind=127.0.0.1:0',
  'cluster.port=0',
  'node.cookie=test',
];
const DATA_DIR = 'node.data_dir=';
/** Long for a machine that runs other things beside. */
const READY_LIMIT_MS = 60_000;
/** Compiled code of earlier starts: a start costs a third of the time with it. */
const COMPILE_CACHE = fileURLToPath(new URL('../../.cache/compile', import.meta.url));

export interface BrokerProcess {
  readonly process: TestProcess;
  readonly ready: ReadyEvent;
  readonly port: number;
  readonly dataDir: string;
  /** SIGTERM, then the end, then the data directory goes if it was made here. */
  readonly end: () => Promise<void>;
}

export function setArguments(sets: readonly string[]): string[] {
  return sets.flatMap((set) => ['--set', set]);
}

export interface StartBrokerOptions extends StartOptions {
  /** For Node itself, such as `--inspect=127.0.0.1:0`. */
  readonly nodeArguments?: readonly string[];
  /** Gets the process before it is ready. */
  readonly started?: (process: TestProcess) => void;
}

/** `node.data_dir=…` among the sets names a folder of the caller's, who removes it. */
export async function startBroker(sets: readonly string[] = [], { nodeArguments = [], started, ...options }: StartBrokerOptions = {}): Promise<BrokerProcess> {
  const given = sets.findLast((set) => set.startsWith(DATA_DIR))?.slice(DATA_DIR.length);
  const dataDir = given ?? (await createTempDir('busbar-node-'));
  const node = startProcess(process.execPath, [...nodeArguments, BROKER_MAIN, ...setArguments([...PRIVATE, `${DATA_DIR}${dataDir}`, ...sets])], {
    ...options,
    env: { ...(options.env ?? process.env), NODE_COMPILE_CACHE: COMPILE_CACHE },
  });
  started?.(node);
  const end = async () => {
    await node.end();
    if (given === undefined) await removeTempDir(dataDir);
  };
  try {
    const ready = JSON.parse(await node.line((line) => line.startsWith('{"event":"ready"'), READY_LIMIT_MS)) as ReadyEvent;
    return { process: node, ready, port: Number(ready.listeners['tcp:default']?.split(':').at(-1)), dataDir, end };
  } catch (error) {
    await end();
    throw error;
  }
}
