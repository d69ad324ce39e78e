import { describe, expect, it } from 'vitest';
import { loadConfig } from './load.ts';
import { durationText, mergeJson, rateText, readServiceJson, serviceJson, sizeText, type Json, type ServiceName } from './serviceJson.ts';

const FIELDS = { sys_topics: 'sysTopics', retainer: 'retainer', delayed: 'delayed', rewrite: 'rewrite', auto_subscribe: 'autoSubscribe', limiter: 'limiter', alarm: 'alarm' } as const;
const defaults = loadConfig({}).config;

describe('settings of a service as JSON', () => {
  it.each(Object.keys(FIELDS) as ServiceName[])('of %s read back to what was written', (service) => {
    if (defaults === undefined) throw new Error('no configuration');
    const config = defaults[FIELDS[service]];
    expect(readServiceJson(service, serviceJson(service, config as never))).toEqual({ ok: true, config });
  });

  it('are refused with the key and the form it must have', () => {
    expect(readServiceJson('retainer', { max_payload_size: 'much', nonsense: 1 })).toEqual({
      ok: false,
      message: 'retainer.max_payload_size is much; expected a size such as 64KB or 1MB, at most 256MB; there is no key retainer.nonsense',
    });
    expect(readServiceJson('retainer', { backend: { storage_type: 'disc' } })).toEqual({
      ok: false,
      message: 'retainer.backend.storage_type is a key of EMQX that is not supported yet. Retained messages are kept in memory',
    });
  });

  it('that are left out keep their values when merged', () => {
    const base: Json = { a: 1, b: { c: 2, d: [1, 2] }, e: 'x' };
    expect(mergeJson(base, { b: { d: [3], f: null }, e: { g: 1 } })).toEqual({ a: 1, b: { c: 2, d: [3], f: null }, e: { g: 1 } });
  });

  it('are written in notations that EMQX reads', () => {
    expect([durationText(90_000, ''), durationText(3_600_000, ''), durationText(1500, ''), durationText(Infinity, 'disabled')]).toEqual(['90s', '1h', '1500ms', 'disabled']);
    expect([sizeText(1_048_576), sizeText(1536), sizeText(2048), sizeText(1)]).toEqual(['1MB', '1536B', '2KB', '1B']);
    expect([rateText({ tokens: 5, intervalMs: 1000 }), rateText({ tokens: 5, intervalMs: 10_000 }), rateText({ tokens: Infinity, intervalMs: 1 })]).toEqual(['5/s', '5/10s', 'infinity']);
  });
});
