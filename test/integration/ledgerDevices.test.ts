import { describe, expect, it } from 'vitest';
import { runLedger } from '../ledger/ledger.ts';

describe('every message per subscriber is accounted for', () => {
  it('on one node, while connections of devices break', { timeout: 60_000 }, async () => {
    const { published, acknowledged, owed, delivered, explainedRepeats, faults, ...wrong } = await runLedger({
      nodes: 1,
      settings: [],
      subscribers: 20,
      publishers: 10,
      mosquitto: 1,
      perSecond: 20,
      seconds: 6,
      faults: ['drop'],
      seed: 1,
      say: () => {},
    });
    expect(wrong).toEqual({ lost: [], outOfOrder: [], unexplainedRepeats: [], open: [], sessionsMissed: 0 });
    expect(faults).toBeGreaterThan(0);
    expect(acknowledged).toBeGreaterThan(500);
    expect(published).toBeGreaterThanOrEqual(acknowledged);
    expect(delivered).toBeGreaterThanOrEqual(owed + explainedRepeats);
  });
});
