import { describe, expect, it } from 'vitest';
import { UNLIMITED } from '../base/tokenBucket.ts';
import { loadConfig } from './load.ts';

const limiterOf = (text: string) => {
  const { config, problems } = loadConfig({ text });
  return config?.limiter ?? problems.map((problem) => problem.message);
};

describe('rates of the node', () => {
  it('have the names of EMQX 5', () => {
    expect(limiterOf('limiter { max_conn_rate = "500/s", messages_rate = "1000/10s", bytes_rate = "1MB/s", bytes_burst = "10MB/1m" }')).toEqual({
      maxConnRate: { tokens: 500, intervalMs: 1_000 },
      maxConnBurst: UNLIMITED,
      messagesRate: { tokens: 1_000, intervalMs: 10_000 },
      messagesBurst: UNLIMITED,
      bytesRate: { tokens: 1_048_576, intervalMs: 1_000 },
      bytesBurst: { tokens: 10_485_760, intervalMs: 60_000 },
      clientMessagesRate: UNLIMITED,
      clientBytesRate: UNLIMITED,
    });
  });

  it('of each client may be written as EMQX 4 did', () => {
    expect(limiterOf('zone.external.rate_limit.conn_messages_in = "100,10s"\nzone.external.rate_limit.conn_bytes_in = "100KB,10s"')).toMatchObject({
      clientMessagesRate: { tokens: 100, intervalMs: 10_000 },
      clientBytesRate: { tokens: 102_400, intervalMs: 10_000 },
    });
  });
});
