/** The workbench without Electron: host, web server and WebSocket in one process. `node electron/host/main.ts [--port N] [--project DIR]` */
import { join } from 'node:path';
import { BusbarError, messageOf } from '../../broker/base/errors.ts';
import { appVersion, rendererDir } from './appFiles.ts';
import { readIfExists, writeFileAtomic } from './atomicFile.ts';
import { HEADLESS_HELP, parseHeadlessFlags } from './headlessFlags.ts';
import { startHeadlessServer } from './headlessServer.ts';
import type { HeadlessServer } from './headlessServer.ts';
import { createHost } from './host.ts';
import type { Host } from './host.ts';
import { lineLog } from './lineLog.ts';
import { childProcessLauncher } from './nodeLauncher.ts';
import { projectLayout } from './projectLayout.ts';
import { defaultSettingsFile } from './settings.ts';

/** All that Busbar started must have ended by then, or it ends without them: their channel closes and they stop alone. */
const STOP_LIMIT_MS = 8_000;

const log = lineLog(process.stderr);

async function main(): Promise<void> {
  const flags = parseHeadlessFlags(process.argv.slice(2));
  if (flags.help) return void process.stdout.write(HEADLESS_HELP);
  const host = await createHost({
    ...{ mode: 'headless', version: appVersion(), projectDir: flags.projectDir, settingsFile: defaultSettingsFile() },
    ...{ launcher: childProcessLauncher(), log },
  });
  const started: { server?: HeadlessServer } = {};
  stopOnSignals(() => Promise.all([host.stop(), started.server?.stop()]));
  try {
    started.server = await serve(host, flags.port);
    process.stdout.write(`Busbar is ready: ${started.server.url}\n`);
  } catch (error) {
    await host.stop();
    throw error;
  }
}

/** The port of last time keeps open browser tabs working; a port that was asked for is used or refused. */
async function serve(host: Host, asked: number | undefined): Promise<HeadlessServer> {
  const portFile = join(projectLayout(host.projectDir).privateDir, 'window-port');
  const last = Number((await readIfExists(portFile)) ?? '0');
  const ports = asked === undefined ? (last > 0 && last < 65_536 ? [last, 0] : [0]) : [asked];
  const server = await startHeadlessServer({ host, token: await host.windowToken(), ports, rendererDir: rendererDir(), log });
  await writeFileAtomic(portFile, `${server.port}\n`);
  return server;
}

/** Signals closer together than this are one key press. */
const SECOND_PRESS_MS = 500;

/** Ctrl+C, a service manager's SIGTERM, a closed terminal, and the end of the process that started this one. */
function stopOnSignals(stopAll: () => Promise<unknown>): void {
  let stoppingSinceMs: number | undefined;
  const stop = (code: number) => {
    if (stoppingSinceMs !== undefined) return;
    stoppingSinceMs = performance.now();
    setTimeout(() => process.exit(code), STOP_LIMIT_MS).unref();
    void stopAll()
      .catch((error: unknown) => log.error('stop_failed', { reason: messageOf(error) }))
      .finally(() => process.exit(code));
  };
  process.on('SIGINT', () => {
    // A second Ctrl+C is a person who will not wait; the nodes see their channel close and stop. One key press may come
    // to us twice, as a signal and as the end of the channel.
    if (stoppingSinceMs !== undefined && performance.now() - stoppingSinceMs > SECOND_PRESS_MS) process.exit(130);
    stop(130);
  });
  process.on('SIGTERM', () => stop(0));
  process.on('SIGHUP', () => stop(0));
  if (process.connected) process.on('disconnect', () => stop(0));
}

main().catch((error: unknown) => {
  if (error instanceof BusbarError) process.stderr.write(`busbar: ${error.message}\n${error.hint}\n`);
  else process.stderr.write(`busbar: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
  if (process.connected) process.disconnect();
});
