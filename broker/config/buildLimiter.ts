import type { LimiterConfig } from './limiterConfig.ts';
import { KEYS } from './schema.ts';
import type { Settings } from './settings.ts';

export function buildLimiter(settings: Settings): LimiterConfig {
  return {
    maxConnRate: settings.get(KEYS.limiterMaxConnRate),
    maxConnBurst: settings.get(KEYS.limiterMaxConnBurst),
    messagesRate: settings.get(KEYS.limiterMessagesRate),
    messagesBurst: settings.get(KEYS.limiterMessagesBurst),
    bytesRate: settings.get(KEYS.limiterBytesRate),
    bytesBurst: settings.get(KEYS.limiterBytesBurst),
    clientMessagesRate: settings.get(KEYS.limiterClientMessagesRate),
    clientBytesRate: settings.get(KEYS.limiterClientBytesRate),
  };
}
