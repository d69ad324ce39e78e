/** How many rules differ between two versions, counted by what they mean and not by how they are written. */
import type { AclTree } from '../../../broker/access/acl/ast.ts';
import { printRule } from '../../../broker/access/acl/printer.ts';

export interface RuleDiff {
  readonly changed: number;
  readonly added: number;
  readonly removed: number;
}

/** Beyond this many differing rules they are counted without looking at their order. */
const MOST_ALIGNED = 600;

function printed(file: AclTree): string[] {
  return file.items.map(({ node }) => (node.type === 'rule' ? printRule(node) : file.text.slice(node.start, node.end)));
}

/** Length of the longest common subsequence. */
function commonLength(a: readonly string[], b: readonly string[]): number {
  let row = new Array<number>(b.length + 1).fill(0);
  for (const left of a) {
    const next = [0];
    for (const [index, right] of b.entries())
      next.push(left === right ? (row[index] as number) + 1 : Math.max(row[index + 1] as number, next[index] as number));
    row = next;
  }
  return row[b.length] as number;
}

function commonCount(a: readonly string[], b: readonly string[]): number {
  const left = new Map<string, number>();
  for (const text of a) left.set(text, (left.get(text) ?? 0) + 1);
  return b.filter((text) => {
    const count = left.get(text) ?? 0;
    if (count > 0) left.set(text, count - 1);
    return count > 0;
  }).length;
}

/** A rule that moved counts as changed. */
export function diffRules(before: AclTree, after: AclTree): RuleDiff {
  const a = printed(before);
  const b = printed(after);
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1;
  const left = a.slice(head, a.length - tail);
  const right = b.slice(head, b.length - tail);
  const common = Math.max(left.length, right.length) > MOST_ALIGNED ? commonCount(left, right) : commonLength(left, right);
  const gone = left.length - common;
  const come = right.length - common;
  const changed = Math.min(gone, come);
  return { changed, added: come - changed, removed: gone - changed };
}
