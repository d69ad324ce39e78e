/** The form of `authentication`: groups of a list, handed on as plain data. */
import { readAuthentication, type AuthenticatorConfig } from './authenticators.ts';
import type { HoconValue } from './hocon.ts';
import { accepted, type ValueType } from './valueTypes.ts';

export const authentication: ValueType<readonly AuthenticatorConfig[]> = {
  form: 'a list of authenticators, such as [{mechanism = password_based, backend = built_in_database}]',
  read(value) {
    const read = readAuthentication(plainData(value));
    if (read.ok) return accepted(read.value);
    return read.unsupported ? { ok: false, unsupported: read.problem.replace(/ is not supported yet$/, '') } : { ok: false, problem: read.problem };
  },
};

/** Scalars stay text; of two fields with one path the later wins, as everywhere in HOCON. */
function plainData(value: HoconValue): unknown {
  if (value.type === 'scalar') return value.text;
  if (value.type === 'array') return value.items.map(plainData);
  const data = emptyGroup();
  for (const { path, value: inner } of value.fields) {
    let group = data;
    for (const segment of path.slice(0, -1)) {
      const next = group[segment];
      group = group[segment] = typeof next === 'object' && next !== null && !Array.isArray(next) ? (next as Record<string, unknown>) : emptyGroup();
    }
    group[path.at(-1) ?? ''] = plainData(inner);
  }
  return data;
}

/** Without a prototype: a field may have any name. */
function emptyGroup(): Record<string, unknown> {
  return Object.create(null) as Record<string, unknown>;
}
