/** What a command is. One file per command group; commandTable.ts lists them. */
import type { ApiClient } from './apiClient.ts';

/** Flags that a command may take besides `--api`, `--key`, `--secret` and `--help`, which all take. */
export interface CommandFlags {
  readonly json: boolean;
  readonly cluster: boolean;
}

export interface CommandContext {
  /** What follows the words of the command, as many as its usage names. */
  readonly args: readonly string[];
  readonly flags: CommandFlags;
  /** Connects at its first use: a command that never asks needs no broker. */
  readonly api: ApiClient;
  print(line: string): void;
}

export interface Command {
  /** `['cluster', 'status']` */
  readonly words: readonly string[];
  /** Names of the arguments that follow, all required: `['ID']`. */
  readonly args?: readonly string[];
  /** Names of the arguments that may follow those. */
  readonly optionalArgs?: readonly string[];
  readonly flags?: readonly (keyof CommandFlags)[];
  readonly summary: string;
  /** The exit code. Failures of the world are thrown as BusbarError. */
  run(context: CommandContext): Promise<number>;
}

export const DONE = 0;
/** The command ran, and the answer is no: not found, or problems in a file. */
export const ANSWER_IS_NO = 1;
/** The command could not run. */
export const FAILED = 2;
