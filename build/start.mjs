// `npm start`: opens the workbench. In Electron where its binary can be had, in the browser where it cannot, and says why.
// Plain JavaScript for Node 20: it runs before anything else of the project and brings the project's own Node 24 into play.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { whyBuild } from './freshness.mjs';
import { watchNpm } from './npmWatch.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const HEADLESS = join(ROOT, 'out', 'headless', 'index.js');
/** The release host has this long to answer; a firewall that drops packets would hang for minutes. */
const PROBE_LIMIT_MS = 3_000;
/** For fetching Electron, some hundred megabytes. */
const INSTALL_LIMIT_MS = 180_000;
/** Electron that ends with an error within this time could not open its window (missing libraries, no display). */
const EARLY_EXIT_MS = 5_000;
/** What the host may take to stop its nodes before it is ended by force. */
const STOP_LIMIT_MS = 10_000;

const HELP = `npm start -- [flags]

  --headless       serve the workbench to a browser instead of opening a window
  --port N         port of the headless mode on 127.0.0.1 (default: the one of last time, else any free one)
  --project DIR    project folder (default: ~/busbar/first)
  --help           this text
`;

/** @returns {{ headless: boolean, help: boolean, passed: string[] }} */
function readFlags() {
  try {
    const { values } = parseArgs({
      options: { headless: { type: 'boolean' }, port: { type: 'string' }, project: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    const passed = [...(values.port === undefined ? [] : ['--port', values.port]), ...(values.project === undefined ? [] : ['--project', values.project])];
    return { headless: values.headless ?? false, help: values.help ?? false, passed };
  } catch (error) {
    return fail(`${error.message.split('. ')[0]}.`, 'npm start -- --help lists the flags.');
  }
}

/** Node 24: this one, or the one that `npm ci` brought. */
function projectNode() {
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  const brought = join(ROOT, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  return existsSync(brought) ? brought : fail('Busbar needs Node 24, and the one it brings is not installed.', 'Run npm ci first.');
}

/** Why Electron cannot be used without asking anybody; null when it may. */
function noWindowReason() {
  const { platform, env } = process;
  return platform === 'linux' && !env['DISPLAY'] && !env['WAYLAND_DISPLAY'] ? 'There is no display' : null;
}

/** Electron's program by file test: importing `electron` would download it, without a limit of time. */
function electronBinary() {
  const home = join(ROOT, 'node_modules', 'electron');
  const nameFile = join(home, 'path.txt');
  const name = existsSync(nameFile) ? readFileSync(nameFile, 'utf8').trim() : 'electron';
  const path = join(process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(home, 'dist'), name);
  return existsSync(path) ? path : null;
}

/** Fetches Electron when its host answers. @returns {Promise<string | null>} why not, or null when it is there now */
async function fetchElectron(node) {
  const mirror = process.env['ELECTRON_MIRROR'] ?? process.env['npm_config_electron_mirror'] ?? 'https://github.com/electron/electron/releases/';
  try {
    await fetch(mirror, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(PROBE_LIMIT_MS) });
  } catch {
    return 'Electron is not installed and its download host cannot be reached';
  }
  say('Fetching Electron, once.');
  const done = await run(node, [join(ROOT, 'node_modules', 'electron', 'install.js')], INSTALL_LIMIT_MS);
  return done && electronBinary() ? null : 'Electron could not be fetched';
}

/** Runs a program to its end with its output shown. */
function run(command, args, limitMs) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
    track(child);
    const limit = setTimeout(() => child.kill('SIGKILL'), limitMs ?? 0x7fff_ffff);
    child.once('error', () => resolve(false));
    child.once('exit', (code) => {
      clearTimeout(limit);
      resolve(code === 0);
    });
  });
}

/** Builds when a source is newer than the last build; its output is shown only when it fails. */
function buildIfStale(node) {
  const reason = whyBuild(ROOT);
  if (reason === null) return Promise.resolve();
  say(`Building (${reason}).`);
  return new Promise((resolve) => {
    const child = spawn(node, [join(ROOT, 'build', 'build.ts')], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    track(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
    child.once('error', (error) => fail(`The build could not be started: ${error.message}`, 'Run npm ci first.'));
    child.once('close', (code) => (code === 0 || stopping ? resolve() : fail(`${output}\nThe build failed.`, 'Correct the error above, or run npm ci if a module is missing.')));
  });
}

// ------------------------------------------------------------------ children

/** Whatever runs now; it hears of our end. The last one's exit code is ours. */
let current = null;
let stopping = false;

function track(child) {
  current = child;
  if (stopping) child.kill('SIGTERM');
}

function stop(signal) {
  if (stopping) return;
  stopping = true;
  if (current === null || current.exitCode !== null || current.signalCode !== null) process.exit(0);
  // A terminal's Ctrl+C has reached the whole process group already, `kill -INT` only this process: the closed channel tells
  // the workbench in both cases, and is no second signal, which would read as an impatient person.
  if (signal !== 'SIGINT') current.kill('SIGTERM');
  else if (current.connected) current.disconnect();
  setTimeout(() => current.kill('SIGKILL'), STOP_LIMIT_MS).unref();
}

/** Starts the workbench and answers `{ code, early }` when it has ended. Its channel closes when this process dies in whatever way. */
function startWorkbench(command, args) {
  return new Promise((resolve) => {
    const startedMs = Date.now();
    const child = spawn(command, args, { cwd: process.cwd(), stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
    track(child);
    const ended = (code) => resolve({ code, early: Date.now() - startedMs < EARLY_EXIT_MS });
    child.once('error', () => ended(1));
    child.once('exit', (code, signal) => ended(code ?? (signal === 'SIGINT' ? 130 : 1)));
  });
}

function say(text) {
  process.stdout.write(`${text}\n`);
}

function fail(message, hint) {
  process.stderr.write(`busbar: ${message}\n${hint}\n`);
  process.exit(1);
}

async function serveHeadless(node, flags, reason) {
  if (reason !== null) say(`${reason}: the workbench is served to your browser instead.`);
  await flags.built;
  if (stopping) return 0;
  return (await startWorkbench(node, [HEADLESS, ...flags.passed])).code;
}

async function main() {
  const flags = readFlags();
  if (flags.help) return void process.stdout.write(HELP);
  const node = projectNode();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(signal));
  watchNpm(() => stop('SIGTERM'));
  // The build and the question whether Electron can be had take their time side by side.
  const withBuild = { ...flags, built: buildIfStale(node) };
  if (flags.headless) return serveHeadless(node, withBuild, null);
  const reason = noWindowReason() ?? (electronBinary() ? null : await fetchElectron(node));
  if (reason !== null) return serveHeadless(node, withBuild, reason);
  await withBuild.built;
  const { code, early } = await startWorkbench(electronBinary(), [ROOT, ...flags.passed]);
  if (code === 0 || !early || stopping) return code;
  return serveHeadless(node, withBuild, `Electron ended at once with exit code ${code}`);
}

process.exitCode = await main();
