import { hasErrors, rulesOf } from '../access/acl/ast.ts';
import { lintAcl } from '../access/acl/lint.ts';
import { parseAcl } from '../access/acl/parser.ts';
import { ANSWER_IS_NO, DONE, type Command } from './command.ts';
import { readTextFile } from './textFile.ts';

/** The broker's own parser: what passes here is what the broker puts in force. */
export const aclCheckCommand: Command = {
  words: ['acl', 'check'],
  args: ['FILE'],
  summary: 'Whether an acl.conf is right, with advice',
  async run({ args, print }) {
    const [file = ''] = args;
    const tree = parseAcl(await readTextFile(file, 'ACL_FILE_UNREADABLE'));
    const refused = hasErrors(tree.problems);
    const problems = [...tree.problems, ...(refused ? [] : lintAcl(tree))];
    problems.sort((left, right) => left.line - right.line || left.column - right.column);
    for (const { line, column, severity, code, message, hint } of problems) {
      print(`${file}:${line}:${column}: ${severity} ${code}: ${message}. ${hint}`);
    }
    const count = rulesOf(tree).length;
    const rules = `${count} rule${count === 1 ? '' : 's'}`;
    print(refused ? `${file} is refused.` : `${file} is accepted: ${rules}.`);
    return refused ? ANSWER_IS_NO : DONE;
  },
};
