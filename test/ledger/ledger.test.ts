import { describe, expect, it } from 'vitest';
import { runLedger } from './ledger.ts';

describe('every message per subscriber is accounted for', () => {
  it('on three nodes that keep every session twice, while they are killed, stand still and are cut off, one after the other', { timeout: 180_000 }, async () => {
    const { published, acknowledged, owed, delivered, explainedRepeats: _explained, faults, ...wrong } = await runLedger({
      nodes: 3,
      settings: ['durability=replicated'],
      subscribers: 10,
      publishers: 10,
      mosquitto: 0,
      perSecond: 4,
      seconds: 10,
      faults: ['kill', 'pause', 'split'],
      seed: 1,
      say: () => {},
    });
    expect(wrong).toEqual({ lost: [], outOfOrder: [], unexplainedRepeats: [], open: [], sessionsMissed: 0 });
    expect(faults).toBeGreaterThan(0);
    expect(acknowledged).toBe(published);
    expect(delivered).toBeGreaterThanOrEqual(owed);
  });
});
