import { parseArgs } from 'node:util';
import { BusbarError } from '../../broker/base/errors.ts';
import { defaultProjectDir } from './projectLayout.ts';

export interface HeadlessFlags {
  /** Undefined = the port of last time, else any. */
  readonly port: number | undefined;
  readonly projectDir: string;
  readonly help: boolean;
}

export const HEADLESS_HELP = `busbar --headless: the workbench in a browser

  --headless       serve the workbench to a browser instead of opening a window
  --port N         port on 127.0.0.1 (default: the one of last time, else any free one)
  --project DIR    project folder (default: ~/busbar/first)
  --help           this text
`;

/** Reads the command line. Throws CLI_UNKNOWN_FLAG, CLI_BAD_VALUE. */
export function parseHeadlessFlags(args: readonly string[]): HeadlessFlags {
  let values: { port?: string; project?: string; help?: boolean };
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: { headless: { type: 'boolean' }, port: { type: 'string' }, project: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    }));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const unknown = code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' || code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL';
    throw new BusbarError(unknown ? 'CLI_UNKNOWN_FLAG' : 'CLI_BAD_VALUE', (cause as Error).message.split('. ')[0] ?? 'The flags cannot be read', { cause });
  }
  const port = values.port === undefined ? undefined : Number(values.port);
  if (port !== undefined && (!/^\d+$/.test(values.port ?? '') || port > 65_535)) {
    throw new BusbarError('CLI_BAD_VALUE', `--port takes a number from 0 to 65535, not ${JSON.stringify(values.port)}.`);
  }
  if (values.project === '') throw new BusbarError('CLI_BAD_VALUE', '--project takes a folder.');
  return { port, projectDir: values.project ?? defaultProjectDir(), help: values.help ?? false };
}
