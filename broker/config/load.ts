/**
 * From texts to one resolved `BrokerConfig`: defaults < run-time changes < file < environment < `--set`. Pure: who reads the file is io/ or cli/.
 * All problems are reported, not only the first; with any problem there is no configuration, so nothing starts half-understood.
 */
import { describeOrigin, fromEnvironment, fromFile, fromSets, type Assignment, type Assignments } from './assignments.ts';
import { buildConfig } from './buildConfig.ts';
import type { BrokerConfig } from './config.ts';
import type { HoconValue } from './hocon.ts';
import { canonical, lookUp, type AnyKey } from './keyIndex.ts';
import type { ConfigProblem, ConfigProblemCode, ConfigWarning } from './problems.ts';
import { Settings } from './settings.ts';

export interface ConfigInput {
  /** Text of the file, if there is one. */
  readonly text?: string;
  readonly fileName?: string;
  /** What was changed at run time; the file wins over it. */
  readonly runtimeText?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** `key=value` each; later ones win. */
  readonly sets?: readonly string[];
}

export interface ConfigResult {
  /** Present exactly when there are no problems. */
  readonly config?: BrokerConfig;
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly ConfigWarning[];
}

export function loadConfig(input: ConfigInput): ConfigResult {
  const env = input.env ?? {};
  const runtime = input.runtimeText === undefined ? { assignments: [], problems: [] } : fromFile(input.runtimeText, 'cluster.hocon');
  const layers: readonly Assignments[] = [
    runtime,
    input.text === undefined ? { assignments: [], problems: [] } : fromFile(input.text, input.fileName ?? 'configuration'),
    fromEnvironment(env),
    fromSets(input.sets ?? []),
  ];
  const problems: ConfigProblem[] = layers
    .flatMap((layer) => layer.problems)
    .map(({ message, origin }) => ({
      code: 'CONFIG_SYNTAX',
      message: `${describeOrigin(origin)}: ${message}`,
      hint: 'Correct the line named in the message.',
      origin,
    }));
  const warnings: ConfigWarning[] = [];
  const settings = new Settings();
  for (const assignment of layers.flatMap((layer) => layer.assignments)) apply(assignment, settings, problems, warnings);
  const given = settings.placesBeside(new Set(runtime.assignments.map(({ origin }) => origin)));
  warnings.push(...overridden(runtime.assignments, given));
  const config = buildConfig(settings, env, problems, warnings, given);
  return problems.length > 0 ? { problems, warnings } : { config, problems, warnings };
}

/** What was changed at run time and does not hold any more, because the configuration says it too. */
function overridden(runtime: readonly Assignment[], given: ReadonlyMap<string, string>): readonly ConfigWarning[] {
  return runtime.flatMap(({ path, origin }) => {
    const key = canonical(path.join('.'));
    const place = given.get(key);
    if (place === undefined) return [];
    return [{ event: 'runtime_setting_overridden', message: `${place}: ${key} wins over what was set at run time`, key, origin }];
  });
}

function apply(assignment: Assignment, settings: Settings, problems: ConfigProblem[], warnings: ConfigWarning[]): void {
  const { path, value, origin } = assignment;
  const written = path.join('.');
  const place = describeOrigin(origin);
  const found = lookUp(path);
  const refuse = (code: ConfigProblemCode, message: string, hint: string) =>
    problems.push({ code, message: `${place}: ${message}`, hint, key: written, origin });
  switch (found.kind) {
    case 'key': {
      const reading = found.key.type.read(value);
      if (reading.ok) settings.set(found.key, found.name, reading.value, written, origin);
      else if (reading.problem !== undefined) {
        refuse('CONFIG_BAD_VALUE', `${written}: ${reading.problem}`, 'Correct the value and start again.');
      } else if (reading.unsupported === undefined) {
        refuse(
          'CONFIG_BAD_VALUE',
          `${written} is ${show(found.key, value)}; expected ${found.key.type.form}`,
          'Correct the value and start again.',
        );
      } else {
        refuse(
          'CONFIG_UNSUPPORTED',
          `${written}: ${reading.unsupported} is not supported yet; expected ${found.key.type.form}`,
          'Choose one of the values that are supported.',
        );
      }
      return;
    }
    case 'emqx': {
      const { accepts, effect, note } = found.entry;
      if (accepts.includes(plainText(value))) return;
      if (effect === 'none')
        warnings.push({
          event: 'config_key_without_effect',
          message: `${place}: ${written} has no effect. ${note}.`,
          key: written,
          origin,
        });
      else {
        const hint = accepts.length > 0 ? `Remove the key, or set it to ${accepts[0] || 'nothing'}.` : 'Remove the key.';
        refuse(
          'CONFIG_UNSUPPORTED',
          `${written} is a key of EMQX that is not supported yet${note === '' ? '' : `. ${note}`}`,
          hint,
        );
      }
      return;
    }
    case 'group':
      refuse(
        'CONFIG_BAD_VALUE',
        `${written} is ${plainText(value) || 'empty'}; expected keys in braces below it`,
        'Give the keys below it, such as mqtt { max_inflight = 32 }.',
      );
      return;
    case 'unknown': {
      const suggestion =
        found.nearest === undefined
          ? 'Remove the key; npm run broker -- --help lists all keys.'
          : `Did you mean ${found.nearest}?`;
      if (origin.source === 'environment') {
        // Any program may own a variable that begins with EMQX_; EMQX itself also reports and ignores it.
        warnings.push({
          event: 'config_unknown_variable',
          message: `${place}: there is no key ${written}. ${suggestion}`,
          key: written,
          origin,
        });
      } else refuse('CONFIG_UNKNOWN_KEY', `there is no key ${written}`, suggestion);
    }
  }
}

function show(key: AnyKey, value: HoconValue): string {
  return key.secret ? 'not as it should be' : plainText(value) || 'empty';
}

/** A value on one line, shortened for a message. */
function plainText(value: HoconValue): string {
  if (value.type === 'object') return '{…}';
  if (value.type === 'scalar') return value.text.slice(0, 100);
  const [first] = value.items;
  if (first === undefined) return '[]';
  if (value.items.length === 1 && first.type === 'scalar') return first.text.slice(0, 100);
  return `[${value.items.map(plainText).join(', ')}]`.slice(0, 200);
}
