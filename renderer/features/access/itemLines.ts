/** Which lines of the text belong to which rule. */
import type { Item } from '../../../broker/access/acl/ast.ts';
import { LineIndex, type Problem, type Severity } from '../../../broker/access/acl/problems.ts';
import type { Analysis } from '../../lib/acl/analysis.ts';

export interface ItemRow {
  readonly item: Item;
  readonly number: number;
  /** 1-based. */
  readonly firstLine: number;
  readonly lastLine: number;
  readonly problems: readonly Problem[];
  readonly worst: Severity | undefined;
}

const RANK: Readonly<Record<Severity, number>> = { error: 3, warning: 2, info: 1 };

export function worstOf(problems: readonly Problem[]): Problem | undefined {
  return problems.reduce<Problem | undefined>(
    (worst, problem) => (worst === undefined || RANK[problem.severity] > RANK[worst.severity] ? problem : worst),
    undefined,
  );
}

/** One row per rule or broken rule, in order. */
export function itemRows(analysis: Analysis): readonly ItemRow[] {
  const lines = new LineIndex(analysis.file.text);
  const { problems } = analysis;
  let next = 0;
  return analysis.file.items.map((item, index, all): ItemRow => {
    // A problem belongs to the rule it begins in, or else to the one before it.
    const until = all[index + 1]?.node.start ?? Number.POSITIVE_INFINITY;
    const own: Problem[] = [];
    for (let problem = problems[next]; problem !== undefined && problem.start < until; problem = problems[next]) {
      own.push(problem);
      next += 1;
    }
    const firstLine = lines.place(item.node.start).line;
    const lastLine = lines.place(Math.max(item.node.start, item.node.end - 1)).line;
    return { item, number: item.node.number, firstLine, lastLine, problems: own, worst: worstOf(own)?.severity };
  });
}

/** The row that has this line, or none where the line is a comment or blank. */
export function rowAtLine(rows: readonly ItemRow[], line: number): ItemRow | undefined {
  return rows.find((row) => row.firstLine <= line && line <= row.lastLine);
}
