/** The one sign a rule has in the gutter. */
import type { RuleStep } from '../../../broker/access/acl/explain.ts';
import type { ItemRow } from './itemLines.ts';

export type RuleMark = 'allowed' | 'denied' | 'error' | 'warning' | 'looked' | 'none';

/** Deciding tops problems, problems top "was looked at". */
export function markOf(row: Pick<ItemRow, 'worst'>, step: RuleStep | undefined): RuleMark {
  if (step?.reached && step.matches) return step.permission === 'allow' ? 'allowed' : 'denied';
  if (row.worst === 'error' || row.worst === 'warning') return row.worst;
  return step?.reached ? 'looked' : 'none';
}
