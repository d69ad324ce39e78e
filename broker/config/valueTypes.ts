/**
 * The forms a configuration value can have, in EMQX's notation (broker-contract 3.1). A form reads what HOCON found and says
 * in words what it expects: the words go into error messages and into the documentation alike.
 */
import { parseNodeName, defaultClusterPort, type NodeName } from '../base/ids.ts';
import { UNLIMITED, type Rate } from '../base/tokenBucket.ts';
import { parseBind, type HostPort } from './address.ts';
import type { Seed } from './clusterConfig.ts';
import type { HoconValue } from './hocon.ts';

export type Reading<T> =
  | { readonly ok: true; readonly value: T }
  /** `unsupported`: EMQX knows this value, Busbar does not yet; says what. */
  /** `problem`: what is wrong in a value of many parts, without secrets. */
  | { readonly ok: false; readonly unsupported?: string; readonly problem?: string };

export interface ValueType<T> {
  /** Completes "expected …". */
  readonly form: string;
  read(value: HoconValue): Reading<T>;
}

export const REFUSED = { ok: false } as const;
export const accepted = <T>(value: T): Reading<T> => ({ ok: true, value });

/** A form whose values are one scalar. `undefined` from `read` refuses. */
export function scalar<T>(form: string, read: (text: string) => T | undefined): ValueType<T> {
  return {
    form,
    read(value) {
      const result = value.type === 'scalar' ? read(value.text) : undefined;
      return result === undefined ? REFUSED : accepted(result);
    },
  };
}

export const text = (maxChars: number): ValueType<string> =>
  scalar(`text of 1 to ${maxChars} characters`, (given) => (given.length > 0 && given.length <= maxChars ? given : undefined));

export const path: ValueType<string> = scalar('a file path', (given) =>
  given.length > 0 && given.length <= 4096 ? given : undefined,
);

export function parseBoolean(given: string): boolean | undefined {
  return given === 'true' || given === 'on' ? true : given === 'false' || given === 'off' ? false : undefined;
}

export const switchType: ValueType<boolean> = scalar('true or false', parseBoolean);

/** A whole number. `words` are accepted beside it, each standing for a number. */
export function integer<W = never>(
  min: number,
  max: number,
  words: Readonly<Record<string, number | W>> = {},
): ValueType<number | W> {
  const limit = max === Number.MAX_SAFE_INTEGER ? `a whole number from ${min}` : `a whole number from ${min} to ${max}`;
  return {
    form: [limit, ...Object.keys(words).filter((word) => !/^\d+$/.test(word))].join(' or '),
    read(value) {
      if (value.type !== 'scalar') return REFUSED;
      if (Object.hasOwn(words, value.text)) return accepted(words[value.text] as number | W);
      const number = /^\d{1,16}$/.test(value.text) ? Number(value.text) : Number.NaN;
      return number >= min && number <= max ? accepted(number) : REFUSED;
    },
  };
}

/** A count for which both `infinity` and EMQX 4's `0` mean no limit. */
export const countOrInfinity: ValueType<number> = {
  ...integer(0, Number.MAX_SAFE_INTEGER, { infinity: Number.POSITIVE_INFINITY, '0': Number.POSITIVE_INFINITY }),
  form: 'a whole number, 0 or infinity for no limit',
};

export const decimal = (min: number, max: number): ValueType<number> =>
  scalar(`a number from ${min} to ${max}`, (given) => {
    const number = /^\d{1,9}(?:\.\d{1,9})?$/.test(given) ? Number(given) : Number.NaN;
    return number >= min && number <= max ? number : undefined;
  });

const MS_PER: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
/** Longest finite duration: 100 years, far below where milliseconds stop being exact. */
const MAX_DURATION_MS = 3_155_760_000_000;

/** `1h30m`, `500ms`; a bare whole number is milliseconds. Undefined when the text has another form. */
export function parseDurationMs(given: string): number | undefined {
  if (/^\d{1,13}$/.test(given)) return Number(given);
  if (!/^(?:\d{1,13}(?:ms|[smhdw]))+$/i.test(given)) return undefined;
  let total = 0;
  for (const [, amount, unit] of given.toLowerCase().matchAll(/(\d+)(ms|[smhdw])/g))
    total += Number(amount) * (MS_PER[unit ?? ''] ?? 0);
  return total;
}

export function duration(minMs: number, infinity: 'infinity' | 'finite' = 'finite'): ValueType<number> {
  const form = minMs > 0 ? `a duration of at least ${minMs}ms such as 15s or 1h30m` : 'a duration such as 15s, 5m or 1h30m';
  return scalar(infinity === 'infinity' ? `${form}, or infinity` : form, (given) => {
    if (infinity === 'infinity' && given === 'infinity') return Number.POSITIVE_INFINITY;
    const ms = parseDurationMs(given);
    return ms !== undefined && ms >= minMs && ms <= MAX_DURATION_MS ? ms : undefined;
  });
}

/** A duration, or `disabled`, which reads as Number.POSITIVE_INFINITY. */
export const durationOrDisabled = (minMs: number): ValueType<number> => {
  const { form, read } = duration(minMs);
  return {
    form: `${form}, or disabled`,
    read: (value) => (value.type === 'scalar' && value.text === 'disabled' ? accepted(Number.POSITIVE_INFINITY) : read(value)),
  };
};

const BYTES_PER: Readonly<Record<string, number>> = { '': 1, b: 1, kb: 1024, mb: 1_048_576, gb: 1_073_741_824 };

/** `64KB`, `1MB`; a bare whole number is bytes. Undefined when the text has another form. */
export function parseByteSize(given: string): number | undefined {
  const match = /^(\d{1,13})(b|kb|mb|gb)?$/i.exec(given);
  const unit = BYTES_PER[match?.[2]?.toLowerCase() ?? ''];
  return match && unit !== undefined ? Number(match[1]) * unit : undefined;
}

export const byteSize = (maxBytes: number): ValueType<number> =>
  scalar(`a size such as 64KB or 1MB, at most ${maxBytes / 1_048_576}MB`, (given) => {
    const bytes = parseByteSize(given);
    return bytes !== undefined && bytes >= 1 && bytes <= maxBytes ? bytes : undefined;
  });

/** `1000/s`, `100KB/10s`, EMQX 4's `100KB,10s`; `infinity` and `disabled` mean no limit. */
export const rate: ValueType<Rate> = scalar('a rate such as 1000/s or 1MB/10s, or infinity', (given) => {
  if (given === 'infinity' || given === 'disabled') return UNLIMITED;
  const match = /^(\d{1,13})\s*(b|kb|mb|gb)?\s*[/,]\s*(\d{0,13})(ms|[smhdw])$/i.exec(given);
  if (match === null) return undefined;
  const tokens = Number(match[1]) * (BYTES_PER[match[2]?.toLowerCase() ?? ''] ?? Number.NaN);
  const intervalMs = (match[3] === '' ? 1 : Number(match[3])) * (MS_PER[match[4]?.toLowerCase() ?? ''] ?? Number.NaN);
  return tokens > 0 && intervalMs > 0 && intervalMs <= MAX_DURATION_MS ? { tokens, intervalMs } : undefined;
});

/** One of some words. `later` are words of EMQX that Busbar does not know yet. */
export function oneOf<T>(words: Readonly<Record<string, T>>, later: readonly string[] = []): ValueType<T> {
  return {
    form: `one of ${Object.keys(words).join(', ')}`,
    read(value) {
      if (value.type !== 'scalar') return REFUSED;
      if (Object.hasOwn(words, value.text)) return accepted(words[value.text] as T);
      return later.includes(value.text) ? { ok: false, unsupported: value.text } : REFUSED;
    },
  };
}

export const bind: ValueType<HostPort> = scalar(
  'a port such as 1883 (on loopback), or an address and port such as 0.0.0.0:1883 or [::1]:1883',
  parseBind,
);

export type Qos012 = 0 | 1 | 2;
export const qos: ValueType<Qos012> = oneOf({ '0': 0, '1': 1, '2': 2 } as const);

export const host: ValueType<string> = scalar('an address such as 127.0.0.1, 0.0.0.0 or ::1', (given) =>
  /^[A-Za-z0-9._:-]{1,255}$/.test(given) ? given : undefined,
);

/** `name@host` without a port: a node's own name. */
export const nodeName: ValueType<NodeName> = scalar('name@host, such as emqx1@127.0.0.1', (given) =>
  /^[^:]*:\d+$/.test(given) || given.includes(']:') ? undefined : parseNodeName(given),
);

export const seeds: ValueType<readonly Seed[]> = {
  form: 'a list of name@host or name@host:port, such as [emqx1@127.0.0.1, emqx2@127.0.0.1:4372]',
  read(value) {
    const texts = listOfTexts(value);
    const result: Seed[] = [];
    for (const item of texts ?? []) {
      const seed = parseSeed(item);
      if (!seed) return REFUSED;
      result.push(seed);
    }
    return texts ? accepted(result) : REFUSED;
  },
};

/** `name@host` or `name@host:port`; the port of the first form follows from the name (4370 plus its trailing digits). */
export function parseSeed(given: string): Seed | undefined {
  const withPort = /^([^@:]+@(?:[^:[\]]+|\[[^[\]]+\])):(\d{1,5})$/.exec(given);
  const node = parseNodeName(withPort?.[1] ?? given);
  const port = withPort ? Number(withPort[2]) : node && defaultClusterPort(node);
  if (!node || port === undefined || port < 1 || port > 65_535) return undefined;
  return { node, host: node.slice(node.indexOf('@') + 1).replace(/^\[|\]$/g, ''), port };
}

/** The texts of a list, in brackets or with commas between them; undefined when it is another thing. */
export function listOfTexts(value: HoconValue): readonly string[] | undefined {
  if (value.type === 'object') return undefined;
  if (value.type === 'scalar') {
    return value.text === '' ? [] : value.text.split(',').map((item) => item.trim());
  }
  const texts: string[] = [];
  for (const item of value.items) {
    if (item.type !== 'scalar') return undefined;
    texts.push(item.text);
  }
  return texts;
}

/** `authorization.sources`: of EMQX's kinds of source the file, at most once. */
export const authorizationSources: ValueType<string | undefined> = {
  form: 'a list with at most one file source, such as [{type = file, path = "etc/acl.conf"}]',
  read(value) {
    if (value.type !== 'array') return REFUSED;
    let file: string | undefined;
    for (const item of value.items) {
      const source = readSource(item);
      if (!source) return REFUSED;
      if (source.type !== 'file') return { ok: false, unsupported: `a source of type ${source.type}` };
      if (!source.enabled) continue;
      if (file !== undefined) return REFUSED;
      file = source.path;
    }
    return accepted(file);
  },
};

function readSource(value: HoconValue): { type: string; path: string; enabled: boolean } | undefined {
  if (value.type !== 'object') return undefined;
  const fields = new Map<string, string>();
  for (const field of value.fields) {
    if (field.value.type === 'scalar') fields.set(field.path.join('.'), field.value.text);
  }
  const { type = '', path: file = '', enable = fields.get('enabled') ?? 'true' } = Object.fromEntries(fields);
  if (type === '' || (type === 'file' && file === '') || !['true', 'false'].includes(enable)) return undefined;
  const known = ['type', 'path', 'enable', 'enabled'];
  if (type === 'file' && value.fields.some((field) => !known.includes(field.path.join('.')))) return undefined;
  return { type, path: file, enabled: enable === 'true' };
}
