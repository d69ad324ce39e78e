import { describe, expect, it } from 'vitest';
import { LoneEngine, type Mischief } from './loneEngine.ts';
import { runSessions } from './sessionsRun.ts';

/** One node with the plainest of engines: it keeps every promise, unless it is told to break one. */
function run(seed: number, mischief?: Mischief): readonly string[] {
  const { errors } = runSessions(seed, 'calm', {
    nodes: 1,
    replicated: false,
    faultsMs: 5_000,
    engine: (parts) => new LoneEngine(parts, parts.nodeId, mischief),
  });
  return errors;
}

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];

describe('the simulated world of durable sessions', () => {
  it('finds nothing wrong with an engine that keeps its promises', () => {
    expect(SEEDS.flatMap((seed) => run(seed))).toEqual([]);
  });

  it('notices a lost message', () => {
    expect(SEEDS.flatMap((seed) => run(seed, { kind: 'lose', every: 20 }))).toContainEqual(
      expect.stringMatching(/^s\d lost p\d:\d+ /),
    );
  });

  it('notices a message delivered twice', () => {
    expect(SEEDS.flatMap((seed) => run(seed, { kind: 'repeat', every: 20 }))).toEqual(
      expect.arrayContaining([expect.stringMatching(/twice/), expect.stringMatching(/again without DUP/)]),
    );
  });

  it('notices messages that are turned round', () => {
    expect(SEEDS.flatMap((seed) => run(seed, { kind: 'swap', every: 20 }))).toContainEqual(
      expect.stringMatching(/^s\d got p\d:\d+ after /),
    );
  });

  it('is the same in every run of a seed', () => {
    const traced = () => {
      const lines: string[] = [];
      runSessions(7, 'calm', {
        nodes: 1,
        replicated: false,
        faultsMs: 2_000,
        engine: (parts) => new LoneEngine(parts, parts.nodeId),
        trace: (line) => lines.push(line),
      });
      return lines;
    };
    expect(traced()).toEqual(traced());
  });
});
