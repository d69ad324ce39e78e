/**
 * `npm test`: everything a change must pass, from a checkout with `npm ci` done. Finds or installs what the tests need
 * (a Chromium, mosquitto, paho, haproxy, etcd), builds, checks types, lint and import rules, runs every test project. Full output of each
 * step is in test-results/; the last line is `N passed, N failed`. `npm test -- unit types` runs only the named steps.
 */
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { canInstallPackages, DEBIAN_PYTHON, findProgram, installPackages } from '../test/support/debianPackages.ts';
import { C_COMPILER } from '../test/bench/brokers.ts';
import { requireChromium } from '../test/support/chromium.ts';
import { runProcess } from '../test/support/processes.ts';
import type { TestSummary } from './summaryReporter.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const RESULTS = join(ROOT, 'test-results');
/** The swarm's part of every run: at least 500 seeds, in less than two minutes on two processors. */
const SWARM = ['--', '--held', '--seeds', '600', '--seconds', '110'];
/** One step never takes longer than this; the whole has fifteen minutes on two cores. */
const STEP_LIMIT_MS = 420_000;
const TAIL_LINES = 60;

const CHECKS = ['build', 'types', 'lint', 'imports'];
const PROJECTS = ['unit', 'renderer', 'integration', 'conformance', 'rails', 'desktop', 'e2e'];
const SWARM_STEP = 'simulate';

interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: TestSummary['skipped'];
  readonly trouble: readonly string[];
}

async function main(): Promise<number> {
  const chosen = process.argv.slice(2);
  const steps = [...CHECKS, SWARM_STEP, ...PROJECTS];
  const unknown = chosen.filter((name) => !steps.includes(name));
  if (unknown.length > 0) {
    console.error(`Unknown step ${unknown.join(', ')}. The steps are: ${steps.join(' ')}`);
    return 2;
  }
  const wanted = (name: string) => chosen.length === 0 || chosen.includes(name);
  await mkdir(RESULTS, { recursive: true });
  const PATH = `${join(ROOT, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`; // its node is the one all steps run on
  const env = { ...process.env, PATH, CHROME_PATH: await prepareTools() };
  let passed = 0;
  let failed = 0;
  const skipped: { test: string; reason: string }[] = [];
  const runStep = async (name: string) => {
    const startedMs = performance.now();
    const outcome = await (PROJECTS.includes(name) ? runProject(name, env) : runCheck(name, env));
    passed += outcome.passed;
    failed += outcome.failed;
    skipped.push(...outcome.skipped);
    report(name, outcome, performance.now() - startedMs);
  };
  // The type check takes one processor as long as the other checks together; tests have the machine to themselves.
  await Promise.all([inTurn(CHECKS.filter((name) => name === 'types' && wanted(name)), runStep), inTurn(CHECKS.filter((name) => name !== 'types' && wanted(name)), runStep)]);
  await inTurn([SWARM_STEP, ...PROJECTS].filter(wanted), runStep);
  for (const { test, reason } of skipped) console.log(`skipped: ${test}: ${reason}`);
  console.log(`${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`);
  return failed === 0 ? 0 : 1;
}

async function inTurn(names: readonly string[], run: (name: string) => Promise<void>): Promise<void> {
  for (const name of names) await run(name);
}

/** Installs what is missing where that is possible; says what to install where it is not. Returns the Chromium. */
async function prepareTools(): Promise<string> {
  const missing: string[] = [];
  if (!(await findProgram('mosquitto'))) missing.push('mosquitto');
  if (!(await findProgram('mosquitto_pub'))) missing.push('mosquitto-clients');
  if (!(await findProgram('haproxy'))) missing.push('haproxy');
  if (!(await findProgram(C_COMPILER))) missing.push('gcc', 'libc6-dev');
  if (!(await findProgram('etcd'))) missing.push('etcd-server');
  if (!(await findProgram('redis-server'))) missing.push('redis-server');
  const paho = await runProcess(DEBIAN_PYTHON, ['-c', 'import paho.mqtt.client']).catch(() => null);
  if (paho?.code !== 0) missing.push('python3-paho-mqtt');
  if (missing.length > 0 && (await canInstallPackages())) {
    console.log(`installing ${missing.join(', ')}`);
    await installPackages(missing);
  } else if (missing.length > 0) {
    console.log(`Not found: ${missing.join(', ')}. Tests that need them will fail; install them with: sudo apt-get install ${missing.join(' ')}`);
  }
  return requireChromium();
}

async function runCheck(name: string, env: NodeJS.ProcessEnv): Promise<Outcome> {
  const { code, tail } = await runLogged(name, 'npm', ['run', '--silent', name, ...(name === SWARM_STEP ? SWARM : [])], env);
  return code === 0 ? { passed: 1, failed: 0, skipped: [], trouble: [] } : { passed: 0, failed: 1, skipped: [], trouble: [tail] };
}

async function runProject(name: string, env: NodeJS.ProcessEnv): Promise<Outcome> {
  const summaryFile = join(RESULTS, `${name}.json`);
  await rm(summaryFile, { force: true });
  const reporters = ['--reporter=default', '--reporter=./build/summaryReporter.ts'];
  const args = ['run', '--config', 'build/vitest.config.ts', '--project', name, ...reporters];
  const { code, tail } = await runLogged(name, join(ROOT, 'node_modules/.bin/vitest'), args, { ...env, BUSBAR_TEST_SUMMARY: summaryFile });
  const text = await readFile(summaryFile, 'utf8').catch(() => null);
  if (text === null) return { passed: 0, failed: 1, skipped: [], trouble: [`vitest ended (${code}) without a summary\n${tail}`] };
  const summary = JSON.parse(text) as TestSummary;
  const bad = summary.failed.length + summary.errors.length;
  // Exit code ≠ 0 without a failed test is a failure all the same (a worker that crashed, no test found).
  const failed = bad === 0 && code !== 0 ? 1 : bad;
  const trouble = failed === 0 ? [] : [...summary.failed.map((test) => `failed: ${test}`), ...summary.errors, tail];
  return { passed: summary.passed, failed, skipped: summary.skipped, trouble };
}

/** Runs with output to test-results/NAME.log; answers the exit code (null: killed at the limit) and the last lines. */
function runLogged(name: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<{ code: number | null; tail: string }> {
  return new Promise((resolve, reject) => {
    const log = createWriteStream(join(RESULTS, `${name}.log`));
    const child = spawn(command, [...args], { cwd: ROOT, env: { ...env, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] });
    const limit = setTimeout(() => child.kill('SIGKILL'), STEP_LIMIT_MS);
    let tail: string[] = [];
    const keep = (chunk: Buffer) => {
      log.write(chunk);
      tail = [...tail, ...chunk.toString().split('\n')].slice(-TAIL_LINES);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', reject);
    // 'exit', not 'close': a grandchild that inherited the pipes must not hold the whole run up.
    child.once('exit', (code) => {
      clearTimeout(limit);
      setImmediate(() => log.end(() => resolve({ code, tail: tail.join('\n') })));
    });
  });
}

function report(name: string, outcome: Outcome, tookMs: number): void {
  const skips = outcome.skipped.length > 0 ? `, ${outcome.skipped.length} skipped` : '';
  console.log(`${outcome.failed === 0 ? 'ok  ' : 'FAIL'} ${name}: ${outcome.passed} passed, ${outcome.failed} failed${skips} (${(tookMs / 1000).toFixed(1)} s)`);
  for (const text of outcome.trouble) console.log(text.replace(/^/gm, '    '));
}

process.exitCode = await main();
