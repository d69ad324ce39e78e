/** Finds the command that the arguments name and runs it. */
import { parseArgs } from 'node:util';
import { BusbarError, messageOf } from '../base/errors.ts';
import { ApiClient, DEFAULT_API } from './apiClient.ts';
import { DONE, FAILED, type Command, type CommandFlags } from './command.ts';
import { COMMANDS } from './commandTable.ts';
import { helpText, usageOf } from './help.ts';

export interface CtlInput {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  print(line: string): void;
  printError(line: string): void;
}

/** The exit code. Never rejects. */
export async function runCtl(input: CtlInput): Promise<number> {
  try {
    return await run(input);
  } catch (error) {
    if (error instanceof BusbarError) input.printError(`${error.message}. ${error.hint} (${error.code})`);
    else input.printError(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return FAILED;
  }
}

async function run({ argv, env, print }: CtlInput): Promise<number> {
  const { values, positionals } = parse(argv);
  if (values.help === true || positionals.length === 0 || positionals[0] === 'help') {
    print(helpText(COMMANDS));
    return DONE;
  }
  const command = findCommand(positionals);
  const args = positionals.slice(command.words.length);
  const required = command.args?.length ?? 0;
  if (args.length < required || args.length > required + (command.optionalArgs?.length ?? 0)) throw new BusbarError('CLI_BAD_VALUE', `Usage: ${usageOf(command)}`);
  const flags: CommandFlags = { json: values.json ?? false, cluster: values.cluster ?? false };
  for (const [name, given] of Object.entries(flags)) {
    const known: readonly string[] = command.flags ?? [];
    if (given && !known.includes(name))
      throw new BusbarError('CLI_UNKNOWN_FLAG', `${command.words.join(' ')} takes no --${name}`);
  }
  const api = new ApiClient({
    url: values.api ?? DEFAULT_API,
    key: values.key ?? env['BUSBAR_API_KEY'],
    secret: values.secret ?? env['BUSBAR_API_SECRET'],
  });
  return command.run({ args, flags, api, print });
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      strict: true,
      allowPositionals: true,
      options: {
        api: { type: 'string' },
        key: { type: 'string' },
        secret: { type: 'string' },
        json: { type: 'boolean' },
        cluster: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    // Node adds advice about its own API behind the first sentence.
    const sentence = messageOf(cause).split('. To specify')[0] ?? '';
    throw new BusbarError(code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' ? 'CLI_UNKNOWN_FLAG' : 'CLI_BAD_VALUE', sentence, { cause });
  }
}

/** The command with the most words in common: `broker stats` before `broker`. */
function findCommand(positionals: readonly string[]): Command {
  const fitting = COMMANDS.filter(({ words }) => words.every((word, index) => word === positionals[index]));
  const [best] = fitting.sort((left, right) => right.words.length - left.words.length);
  const extra = best === undefined ? undefined : positionals[best.words.length];
  const isGroup = extra !== undefined && best?.args === undefined && best?.optionalArgs === undefined;
  if (best !== undefined && !isGroup) return best;
  const group = COMMANDS.filter(({ words }) => words[0] === positionals[0]);
  const known = group.length > 0 ? ` Commands of ${positionals[0]}: ${group.map(usageOf).join('; ')}.` : '';
  throw new BusbarError('CLI_UNKNOWN_COMMAND', `There is no command ${positionals.slice(0, 2).join(' ')}`, {
    hint: `Run npm run ctl -- help to see all commands.${known}`,
  });
}
