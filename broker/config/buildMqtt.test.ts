import { describe, expect, it } from 'vitest';
import { loadConfig } from './load.ts';

const mqttOf = (text: string) => loadConfig({ text }).config?.mqtt;

describe('mqtt keys', () => {
  it.each([
    ['mqtt.keepalive_backoff = 0.75', 1.5],
    ['mqtt.keepalive_backoff = 1.0', 2],
    ['mqtt { keepalive_backoff = 1.0, keepalive_multiplier = 3 }', 3],
    ['', 1.5],
  ])('keepalive_backoff is half of keepalive_multiplier, which wins: %s', (text, multiplier) => {
    expect(mqttOf(text)?.keepaliveMultiplier).toBe(multiplier);
  });

  it('retry_interval is a duration or infinity', () => {
    expect([mqttOf('mqtt.retry_interval = 30s')?.retryIntervalMs, mqttOf('mqtt.retry_interval = infinity')?.retryIntervalMs]).toEqual([30_000, Infinity]);
  });
});
