/** One key a node understands: name, form, default, meaning, and the spellings of EMQX 4 that mean the same. */
import type { ValueType } from '../valueTypes.ts';

export interface ConfigKey<T> {
  /** Dotted; `<name>` stands for a name of the user's choice. */
  readonly path: string;
  readonly type: ValueType<T>;
  /** In the notation of a file; undefined when it follows from other keys (`doc` says how). */
  readonly default: string | undefined;
  readonly doc: string;
  /** Other spellings. One without `<name>` for a key with it means the name `default`. */
  readonly aliases: readonly string[];
  /** Its value never appears in messages. */
  readonly secret: boolean;
}

type Extra = Partial<Pick<ConfigKey<unknown>, 'aliases' | 'secret'>>;
/** One row of the table of keys. `defaultText` is in the notation of a file. */
export const key = <T>(
  path: string,
  type: ValueType<T>,
  defaultText: string | undefined,
  doc: string,
  extra: Extra = {},
): ConfigKey<T> => ({
  path,
  type,
  default: defaultText,
  doc,
  aliases: extra.aliases ?? [],
  secret: extra.secret ?? false,
});

/** EMQX's own cap of an MQTT packet, also the protocol's. */
export const MAX_PACKET_BYTES = 268_435_456;
export const MAX_COUNT = Number.MAX_SAFE_INTEGER;
/** Cookie and password of EMQX's shipped files, known to everybody. */
export const DEFAULT_COOKIE = 'emqxsecretcookie';
export const DEFAULT_PASSWORD = 'public';
