import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SupervisorMessage } from '../../broker/api/schema/control.ts';
import { toDisposable } from '../../broker/base/disposable.ts';
import type { NodeChild, NodeExit } from './nodeLauncher.ts';
import { NodeProcess, READY_LIMIT_MS, SLOW_START_MS, STOP_GRACE_MS } from './nodeProcess.ts';

const READY = { event: 'ready', node: 'busbar-1@127.0.0.1', listeners: {}, api: '', cluster: '', pid: 7 };

/** A child that does what the test says. */
class FakeChild implements NodeChild {
  readonly pid = 7;
  readonly stdout = null;
  readonly stderr = null;
  readonly sent: SupervisorMessage[] = [];
  readonly args: readonly string[];
  kills = 0;
  #tell: (message: unknown) => void = () => undefined;
  #exit: (exit: NodeExit) => void = () => undefined;

  constructor(args: readonly string[]) {
    this.args = args;
  }

  send(message: SupervisorMessage): void {
    this.sent.push(message);
  }
  kill(): void {
    this.kills += 1;
    this.exit(null, 'SIGKILL');
  }
  onMessage(listener: (message: unknown) => void) {
    this.#tell = listener;
    return toDisposable(() => undefined);
  }
  onExit(listener: (exit: NodeExit) => void) {
    this.#exit = listener;
    return toDisposable(() => undefined);
  }
  says(message: unknown): void {
    this.#tell(message);
  }
  exit(code: number | null, signal: string | null = null, error: string | null = null): void {
    this.#exit({ code, signal, error });
  }
}

let children: FakeChild[];
let ends: string[];
let node: NodeProcess;

beforeEach(() => {
  vi.useFakeTimers();
  children = [];
  ends = [];
  node = new NodeProcess({
    name: 'busbar-1',
    launcher: {
      launch: (args) => {
        const child = new FakeChild(args);
        children.push(child);
        return child;
      },
    },
    now: () => 1_000,
    keepOutput: () => undefined,
    events: { onChange: () => undefined, onSnapshot: () => undefined, onEnd: (end) => ends.push(end) },
  });
});
afterEach(() => vi.useRealTimers());

const last = () => children.at(-1) as FakeChild;
const outcome = (start: Promise<void>) => start.then(() => 'ready', (error: unknown) => error);

describe('the start of a node', () => {
  it('is over with its ready line; then it joins, and runs when told so', async () => {
    const start = node.start([]);
    expect(node.status).toEqual({ state: 'starting', sinceMs: 1_000, pid: 7, reason: null, hint: null, exitCode: null });
    last().says(READY);
    await start;
    expect(node.state).toBe('joining');
    node.markRunning('Not linked to b.');
    expect(node.status).toMatchObject({ state: 'running', reason: 'Not linked to b.' });
  });

  it('launches one process however often it is asked for', () => {
    void node.start([]);
    void node.start([]);
    expect(children).toHaveLength(1);
  });

  it("fails with the node's own words", async () => {
    const start = outcome(node.start([]));
    last().says({ event: 'failed', code: 'LISTENER_PORT_IN_USE', message: 'Port 1883 is taken.', hint: 'Stop the other.', details: {} });
    last().exit(1);
    expect(await start).toMatchObject({ code: 'NODE_START_FAILED', message: 'Port 1883 is taken.', hint: 'Stop the other.', details: { cause: 'LISTENER_PORT_IN_USE' } });
    expect(node.status).toMatchObject({ state: 'failed', reason: 'Port 1883 is taken.', hint: 'Stop the other.', exitCode: 1, pid: null });
    expect(ends).toEqual(['failed']);
  });

  it('fails when there is no ready line in time, and the process is killed', async () => {
    const start = outcome(node.start([]));
    vi.advanceTimersByTime(READY_LIMIT_MS);
    expect(await start).toMatchObject({ message: 'The node was not ready after 90 s.' });
    expect(last().kills).toBe(1);
  });

  it('says that it takes long, and is ready all the same', async () => {
    const start = node.start([]);
    vi.advanceTimersByTime(SLOW_START_MS);
    expect(node.status).toMatchObject({ state: 'starting', reason: 'Not ready after 15 s; this machine may be busy.' });
    vi.advanceTimersByTime(45_000);
    last().says(READY);
    await start;
    expect(node.status).toMatchObject({ state: 'joining', reason: null });
  });

  const taken = { event: 'failed', code: 'LISTENER_PORT_IN_USE', message: 'Port 1883 is taken.', hint: 'Stop the other.', details: {} } as const;
  /** What the child does that is there now; then whatever follows from it. */
  const fails = async () => {
    last().says(taken);
    last().exit(1);
    await vi.advanceTimersByTimeAsync(0);
  };

  it('starts with other ports when one was taken meanwhile, and nobody sees a failure', async () => {
    const start = node.start(['first'], () => Promise.resolve(['second']));
    await fails();
    expect([node.state, node.isAlive, ends]).toEqual(['starting', true, []]);
    last().says(READY);
    await start;
    expect(children.map(({ args }) => args)).toEqual([['first'], ['second']]);
    expect(node.status).toMatchObject({ state: 'joining', reason: null, exitCode: null });
  });

  it('fails when that does not help either', async () => {
    const start = outcome(node.start([], () => Promise.resolve([])));
    for (let attempt = 0; attempt < 3; attempt += 1) await fails();
    expect(await start).toMatchObject({ message: 'Port 1883 is taken.', details: { cause: 'LISTENER_PORT_IN_USE' } });
    expect([children.length, ends, node.isAlive]).toEqual([3, ['failed'], false]);
  });

  it('fails at once when there are no other ports', async () => {
    const start = outcome(node.start([], () => Promise.resolve(undefined)));
    await fails();
    expect(await start).toMatchObject({ message: 'Port 1883 is taken.' });
    expect(children.length).toBe(1);
  });

  it('does not start elsewhere when it was asked to stop meanwhile', async () => {
    const { promise, resolve } = Promise.withResolvers<readonly string[]>();
    const start = outcome(node.start([], () => promise));
    await fails();
    const stop = node.stop();
    resolve([]);
    await stop;
    expect(await start).toMatchObject({ code: 'NODE_START_FAILED' });
    expect([children.length, node.status.state, node.status.reason, ends]).toEqual([1, 'stopped', null, ['stopped']]);
  });

  it('fails when no process could be made', async () => {
    const start = outcome(node.start([]));
    last().exit(null, null, 'spawn ENOENT');
    expect(await start).toMatchObject({ message: 'The process could not be started: spawn ENOENT' });
  });
});

describe('the end of a node', () => {
  beforeEach(async () => {
    const start = node.start([]);
    last().says(READY);
    await start;
  });

  it('that was asked for is a stop', async () => {
    const stop = node.stop();
    expect(last().sent).toEqual([{ command: 'stop' }]);
    expect(node.state).toBe('stopping');
    last().exit(0);
    await stop;
    expect(node.status).toMatchObject({ state: 'stopped', reason: null, exitCode: 0 });
    expect(ends).toEqual(['stopped']);
  });

  it('is forced when the grace is over', async () => {
    const stop = node.stop();
    vi.advanceTimersByTime(STOP_GRACE_MS - 1);
    expect(last().kills).toBe(0);
    vi.advanceTimersByTime(1);
    await stop;
    expect(last().kills).toBe(1);
    expect(node.state).toBe('stopped');
  });

  it('by kill says so', async () => {
    await node.kill();
    expect(node.status).toMatchObject({ state: 'stopped', reason: 'Killed.' });
    expect(ends).toEqual(['killed']);
  });

  it.each([
    [0, null, 'stopped', 'The node ended by itself.'],
    [3, null, 'failed', 'The node ended with exit code 3.'],
    [null, 'SIGSEGV', 'failed', 'The node was ended by SIGSEGV.'],
  ])('unasked, with code %s and signal %s, is %s', (code, signal, state, reason) => {
    last().exit(code, signal);
    expect(node.status).toMatchObject({ state, reason, exitCode: code, pid: null });
  });

  it('leaves no question open and lets it start again', async () => {
    const applied = node.applyAcl('{allow, all}.');
    last().exit(1);
    expect(await applied).toBeUndefined();
    void node.start([]);
    expect(children).toHaveLength(2);
    expect(node.status).toMatchObject({ state: 'starting', reason: null, exitCode: null });
  });
});

it('pairs answers about rules with their questions', async () => {
  void node.start([]);
  last().says(READY);
  const [first, second] = [node.applyAcl('a'), node.applyAcl('b')];
  last().says({ event: 'aclApplied', requestId: 2, result: { ok: true, hash: 'B', rules: 1 } });
  last().says({ event: 'aclApplied', requestId: 1, result: { ok: true, hash: 'A', rules: 1 } });
  expect([await first, await second]).toEqual([{ ok: true, hash: 'A', rules: 1 }, { ok: true, hash: 'B', rules: 1 }]);
});
