/** The command line of a broker node. */
import { parseArgs } from 'node:util';
import { BusbarError, messageOf } from '../base/errors.ts';

export interface NodeArguments {
  readonly help: boolean;
  readonly version: boolean;
  readonly configFile: string | undefined;
  /** `key=value`, in the order given. */
  readonly sets: readonly string[];
}

export const USAGE = `Usage: npm run broker -- [--config FILE] [--set key=value …]

Starts one MQTT broker node. When it is ready it prints one JSON line on stdout; its log is
JSON lines on stderr. Ctrl+C stops it.

  --config FILE     read a configuration file (HOCON, EMQX's keys)
  --set key=value   set one key; may be repeated and wins over file and environment
  --faults          let faults be made between nodes (debug.faults = true)
  --version         print the version
  --help            print this text

Every key may also be given as an environment variable: EMQX_NODE__NAME for node.name.
`;

/** Throws CLI_UNKNOWN_FLAG or CLI_BAD_VALUE. */
export function parseNodeArguments(argv: readonly string[]): NodeArguments {
  try {
    const { values } = parseArgs({
      args: [...argv],
      strict: true,
      allowPositionals: false,
      options: {
        config: { type: 'string' },
        set: { type: 'string', multiple: true },
        faults: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean' },
      },
    });
    const sets = [...(values.set ?? []), ...(values.faults === true ? ['debug.faults=true'] : [])];
    return { help: values.help ?? false, version: values.version ?? false, configFile: values.config, sets };
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    const unknown = code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' || code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL';
    // Node adds advice about its own API behind the first sentence.
    const sentence = messageOf(cause).split('. To specify')[0] ?? '';
    throw new BusbarError(unknown ? 'CLI_UNKNOWN_FLAG' : 'CLI_BAD_VALUE', sentence, { cause });
  }
}
