import { describe, expect, it } from 'vitest';
import type { BrokerName } from './brokers.ts';
import { FLOODS, LOADS, type Load } from './loads.ts';
import type { Measured, Outcome } from './measure.ts';
import { costRow, floodRow } from './report.ts';

const measured: Measured = {
  units: 1000,
  elapsedMs: 1000,
  generatorCpu: 0.25,
  lost: 0,
  disorder: 0,
  microsPerUnit: 2,
  perSecond: 20_000,
  brokerCpu: 0.9,
  rssBytes: 100e6,
  peakRssBytes: 120e6,
  bytesPerUnit: 0,
  laterCpu: 0,
};
const load: Load = { name: 'a load', work: (LOADS[0] as Load).work, targets: { mosquitto: { least: 4, aim: 8 }, aedes: { least: 5 } } };
const outcome = (change: Partial<Measured>): Outcome => ({ ok: true, measured: { ...measured, ...change } });
const outcomes = (busbar: Outcome, mosquitto: Outcome, aedes: Outcome): Map<BrokerName, Outcome> => new Map([['busbar', busbar], ['mosquitto', mosquitto], ['aedes', aedes]]);

describe('rows of the bench', () => {
  it('show cost, ratio and what was asked', () => {
    expect(costRow(load, outcomes(outcome({}), outcome({ microsPerUnit: 10 }), outcome({ microsPerUnit: 12.34, perSecond: 900 })))).toEqual({
      cells: ['a load', '2.00 (20k)', '10.0 (20k)', '12.3 (0.9k)', '5.00× ok (4.00×, aim 8.00×)', '6.17× ok (5.00×)', 'all once, in order', '25 %', '100 MB'],
      passed: true,
    });
  });

  it('fail when a required ratio is missed', () => {
    const row = costRow(load, outcomes(outcome({}), outcome({ microsPerUnit: 7 }), outcome({ microsPerUnit: 20 })));
    expect([row.cells[4], row.passed]).toEqual(['3.50× **missed** (4.00×, aim 8.00×)', false]);
  });

  it('fail when a message was lost, however fast the others came', () => {
    const row = costRow(load, outcomes(outcome({ lost: 1 }), outcome({ microsPerUnit: 100 }), outcome({ microsPerUnit: 100 })));
    expect([row.cells[6], row.passed]).toEqual(['**1 lost, 0 doubled or reordered**', false]);
  });

  it('say what a broker does not support, and fail only for Busbar', () => {
    const missing: Outcome = { ok: false, notSupported: true, reason: 'refused' };
    const withoutOwn = costRow(load, outcomes(missing, outcome({}), outcome({})));
    expect([withoutOwn.cells[1], withoutOwn.passed]).toEqual(['not supported', false]);
    const group = { ...load, targets: { mosquitto: { least: 4 } } };
    const withoutPeer = costRow(group, new Map([['busbar', outcome({})], ['mosquitto', outcome({ microsPerUnit: 10 })]]));
    expect([withoutPeer.cells[3], withoutPeer.passed]).toEqual(['–', true]);
  });

  it('judge overload by rate, losses and memory', () => {
    const flood = FLOODS[0] as Load;
    const verdicts = [{}, { lost: 1 }, { peakRssBytes: 1e9 }, { perSecond: 299_999 }].map((change) => floodRow(flood, 'busbar', outcome({ perSecond: 400_000, ...change })).passed);
    expect(verdicts).toEqual([true, false, false, false]);
  });
});
