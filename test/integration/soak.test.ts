/** The soak of `npm run soak` for a short while. */
import { expect, it } from 'vitest';
import { runSoak } from '../soak/soak.ts';

const SOAK_S = 12;

it('memory stays level under mixed traffic with clients that come and go, and no message is lost, doubled or reordered', { timeout: 60_000 }, async () => {
  const { flat, lost, disorder, delivered, visits, samples, heapGrowthBytes, rssGrowthBytes } = await runSoak({
    seconds: SOAK_S,
    perSecond: 3_000,
    visitsPerSecond: 40,
    samples: 12,
  });
  expect({ flat, lost, disorder }, JSON.stringify({ heapGrowthBytes, rssGrowthBytes, samples })).toEqual({ flat: true, lost: 0, disorder: 0 });
  expect(delivered).toBeGreaterThan(SOAK_S * 1_000);
  expect(visits).toBeGreaterThan(SOAK_S);
});
