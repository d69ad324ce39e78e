import { describe, expect, it } from 'vitest';
import { FlappingDetector, MAX_COUNTED } from './flapping.ts';

const detector = (maxCount = 3) => new FlappingDetector({ enable: true, windowTimeMs: 1_000, maxCount, banTimeMs: 5_000 });

describe('flapping', () => {
  it('is the CONNECT that makes it too many within the window, and counting begins anew', () => {
    const flapping = detector();
    expect([0, 400, 999, 1_000, 1_001, 1_002].map((nowMs) => flapping.connects('c', 10_000 + nowMs))).toEqual([false, false, true, false, false, true]);
  });

  it('is not what takes longer than the window', () => {
    const flapping = detector();
    expect([0, 500, 1_000, 1_500].map((nowMs) => flapping.connects('c', 10_000 + nowMs))).toEqual([false, false, false, false]);
  });

  it('is counted by client id', () => {
    const flapping = detector(2);
    expect(['a', 'b', 'b', 'a'].map((clientId) => flapping.connects(clientId, 10_000))).toEqual([false, false, true, true]);
  });

  it('is nothing unless it is enabled', () => {
    const off = new FlappingDetector({ enable: false, windowTimeMs: 1_000, maxCount: 1, banTimeMs: 1 });
    expect([off.connects('c', 0), off.counted]).toEqual([false, 0]);
  });

  it('is counted for a bounded number of client ids, until a window has passed', () => {
    const flapping = detector();
    for (let index = 0; index < MAX_COUNTED + 5; index += 1) flapping.connects(`c${index}`, 10_000);
    expect([flapping.counted, flapping.uncounted]).toEqual([MAX_COUNTED, 5]);
    flapping.connects('late', 11_000);
    expect(flapping.counted).toBe(1);
  });
});
