import { loadConfig } from '../config/load.ts';
import { ANSWER_IS_NO, DONE, type Command } from './command.ts';
import { readTextFile } from './textFile.ts';

/** The file alone, without the environment of whoever runs the check: its node may run elsewhere. */
export const confCheckCommand: Command = {
  words: ['conf', 'check'],
  args: ['FILE'],
  summary: 'Whether a configuration file is right',
  async run({ args, print }) {
    const [file = ''] = args;
    const { config, problems, warnings } = loadConfig({
      text: await readTextFile(file, 'CONFIG_FILE_UNREADABLE'),
      fileName: file,
    });
    for (const { code, message, hint } of problems) print(`${message}. ${hint} (${code})`);
    for (const { event, message } of warnings) print(`${message} (${event})`);
    print(config ? `${file} is accepted.` : `${file} is refused.`);
    return config ? DONE : ANSWER_IS_NO;
  },
};
