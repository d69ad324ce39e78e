import { DEFAULT_API } from './apiClient.ts';
import type { Command } from './command.ts';

const FLAGS = `Flags:
  --api URL        REST API of the node to ask (default ${DEFAULT_API})
  --key KEY        API key; better in BUSBAR_API_KEY
  --secret SECRET  its secret; better in BUSBAR_API_SECRET, where other users do not see it
  --help           this text

Without a key the shipped administrator is used, on this machine only.
Exit codes: 0 done, 1 not found or refused by a check, 2 the command could not run.`;

export function helpText(commands: readonly Command[]): string {
  const width = Math.max(...commands.map((command) => usageOf(command).length)) + 2;
  const lines = commands.map((command) => `  ${usageOf(command).padEnd(width)}${command.summary}`);
  return ['Usage: npm run ctl -- COMMAND [flags]', '', 'Commands:', ...lines, '', FLAGS].join('\n');
}

/** `clients show ID`, `cluster status [--json]` */
export function usageOf({ words, args = [], optionalArgs = [], flags = [] }: Command): string {
  return [...words, ...args, ...optionalArgs.map((name) => `[${name}]`), ...flags.map((flag) => `[--${flag}]`)].join(' ');
}
