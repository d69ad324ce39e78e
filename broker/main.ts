/**
 * A broker node as a process: reads arguments and configuration, starts the node, prints one ready line on stdout (or one failed line on
 * stderr), obeys signals and its supervisor. Everything about MQTT begins at core/brokerNode.ts; what joins it to sockets is
 * io/nodeRuntime.ts.
 */
import './io/heapFlags.ts';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FailedEvent, FaultResult, ReadyEvent } from './api/schema/control.ts';
import type { FaultAction } from './api/schema/fault.ts';
import { BusbarError, messageOf } from './base/errors.ts';
import type { Log } from './base/log.ts';
import { BUSBAR_VERSION } from './base/version.ts';
import type { BrokerConfig } from './config/config.ts';
import { describeKeys } from './config/describe.ts';
import { loadConfig } from './config/load.ts';
import { parseNodeArguments, USAGE, type NodeArguments } from './io/commandLine.ts';
import { openControlChannel, type ControlChannel } from './io/controlChannel.ts';
import { createLog, type NodeLog } from './io/logSinks.ts';
import { RUNTIME_CONFIG, readRuntimeConfig } from './io/listeners/listenerStore.ts';
import { NodeRuntime } from './io/nodeRuntime.ts';

const SNAPSHOT_INTERVAL_MS = 1_000;
/** Longer than the grace of connections; after it the process ends whatever is still open. */
const STOP_LIMIT_MS = 5_000;

/** Reads the file named on the command line and all other sources; throws the first problem with all of them in its details. */
async function readConfig(args: NodeArguments): Promise<{ config: BrokerConfig; log: NodeLog }> {
  const { configFile, sets } = args;
  const file = configFile === undefined ? {} : { text: await readConfigFile(configFile), fileName: configFile };
  const first = loadConfig({ ...file, env: process.env, sets });
  const runtimeText = first.config && (await readRuntimeConfig(join(first.config.node.dataDir, RUNTIME_CONFIG)));
  const { config, problems, warnings } = runtimeText === undefined ? first : loadConfig({ ...file, runtimeText, env: process.env, sets });
  const [problem] = problems;
  if (config === undefined) {
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
    throw new BusbarError(problem?.code ?? 'CONFIG_BAD_VALUE', `${problem?.message ?? 'The configuration is not valid'}${more}`, {
      ...(problem === undefined ? {} : { hint: problem.hint }),
      details: { problems: problems.map(({ code, message, hint, key }) => ({ code, message, hint, key })) },
    });
  }
  const log = createLog(config.log);
  for (const { event, message, key } of warnings) log.warn(event, { message, key });
  return { config, log };
}

async function readConfigFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new BusbarError('CONFIG_FILE_UNREADABLE', `Cannot read ${path}: ${messageOf(cause)}`, { details: { path }, cause });
  }
}

/** Ends the process when the node is stopped, whoever asks first; a second signal does not wait. */
function stopper(runtime: NodeRuntime, control: ControlChannel | undefined, log: Log): (why: string) => void {
  let stopping = false;
  return (why) => {
    if (stopping) return process.exit(1);
    stopping = true;
    log.info('node_stopping', { reason: why });
    control?.send({ event: 'stopping' });
    const limit = setTimeout(() => {
      log.error('node_stop_timed_out', { after_ms: STOP_LIMIT_MS });
      process.exit(1);
    }, STOP_LIMIT_MS);
    void runtime.stop().then(() => {
      clearTimeout(limit);
      log.info('node_stopped');
      control?.close();
      process.exit(0);
    });
  };
}

async function run(args: NodeArguments, control: ControlChannel | undefined): Promise<void> {
  const { config, log } = await readConfig(args);
  process.on('exit', () => log.flush());
  const runtime = await NodeRuntime.start(config, log);
  const stop = stopper(runtime, control, log);
  process.on('uncaughtException', (error) => {
    log.error('node_crashed', { reason: error.message, stack: error.stack });
    process.exit(1);
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop(signal));
  // A node started by a supervisor ends with it: no orphans.
  control?.onClose(() => stop('supervisor_gone'));
  control?.onMessage((message) => {
    if (message.command === 'stop') stop('supervisor');
    else if (message.command === 'fault') control.send({ event: 'faultDone', requestId: message.requestId, result: faultResult(runtime, message.action) });
    else control.send({ event: 'aclApplied', requestId: message.requestId, result: runtime.acl.apply(message.text) });
  });
  const ready: ReadyEvent = {
    event: 'ready',
    node: config.node.name,
    listeners: runtime.listenerBinds,
    api: runtime.apiUrl,
    cluster: runtime.clusterBind,
    pid: process.pid,
  };
  log.info('node_ready', { node: ready.node, listeners: ready.listeners, version: BUSBAR_VERSION });
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  control?.send(ready);
  if (control !== undefined) setInterval(() => control.send({ event: 'snapshot', snapshot: runtime.snapshot() }), SNAPSHOT_INTERVAL_MS).unref();
}

function faultResult(runtime: NodeRuntime, action: FaultAction): FaultResult {
  try {
    return { ok: true, faults: runtime.fault(action) };
  } catch (error) {
    const { code, message, hint } = error instanceof BusbarError ? error : new BusbarError('INTERNAL', messageOf(error));
    return { ok: false, code, message, hint };
  }
}

function fail(error: unknown, control: ControlChannel | undefined): void {
  const known = error instanceof BusbarError ? error : new BusbarError('INTERNAL', messageOf(error), { cause: error });
  const { code, message, hint, details } = known;
  const failed: FailedEvent = { event: 'failed', code, message, hint, details };
  const trace = known.code === 'INTERNAL' && error instanceof Error ? `${error.stack}\n` : '';
  process.stderr.write(`${JSON.stringify(failed)}\n${message}. ${hint}\n${trace}`);
  control?.send(failed);
  control?.close();
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const control = openControlChannel();
  try {
    const args = parseNodeArguments(process.argv.slice(2));
    if (args.version) process.stdout.write(`${BUSBAR_VERSION}\n`);
    else if (args.help) process.stdout.write(`${USAGE}\nKeys:\n\n${describeKeys()}\n`);
    else return await run(args, control);
    control?.close();
  } catch (error) {
    fail(error, control);
  }
}

await main();
