/**
 * `acl.conf` → tree and problems. Never throws: one broken rule costs that rule and a problem with its place, the next rules still
 * parse. EMQX refuses a file as a whole, and so does everyone who asks `hasErrors` before putting it in force.
 *
 * Example: `{alow, all}.` gives one Broken item and the problem ACL002 at 1:2-1:6.
 */
import type { AclTree, Broken, Comment, Item, Rule } from './ast.ts';
import { tokenize, type Token } from './lexer.ts';
import { ACL_LIMITS } from './limits.ts';
import { LineIndex, makeProblem, type Problem, type Report, type Span } from './problems.ts';
import { readRule } from './shape.ts';
import { readTerms } from './terms.ts';

const QUOTE_CHARS = 60;

/** Collects problems up to the bound, then says that there are more. */
function problemList(text: string): { problems: Problem[]; report: Report } {
  const lines = new LineIndex(text);
  const problems: Problem[] = [];
  const report: Report = (kind, span, values) => {
    if (problems.length < ACL_LIMITS.problems - 1) problems.push(makeProblem(lines, kind, span, values));
    else if (problems.length === ACL_LIMITS.problems - 1)
      problems.push(makeProblem(lines, 'tooManyProblems', span, { limit: ACL_LIMITS.problems }));
  };
  return { problems, report };
}

function quoteSource(text: string): (span: Span) => string {
  return ({ start, end }) => {
    const source = text.slice(start, end).replace(/\s+/g, ' ');
    return source.length > QUOTE_CHARS ? `${source.slice(0, QUOTE_CHARS)}…` : source;
  };
}

/** Hands each comment to the rule it belongs to: behind its dot, between its brackets, or above the next rule. */
function attachComments(
  text: string,
  nodes: readonly (Rule | Broken)[],
  comments: readonly Comment[],
): Pick<AclTree, 'items' | 'footer'> {
  const items: Item[] = [];
  let next = 0;
  let previousEnd = 0;
  const takeLeading = (until: number): (Comment | undefined)[] => {
    const taken: (Comment | undefined)[] = [];
    let end = previousEnd;
    for (let comment = comments[next]; comment !== undefined && comment.start < until; comment = comments[next]) {
      if (taken.length + items.length > 0 && blankLineBetween(text, end, comment.start)) taken.push(undefined);
      taken.push(comment);
      end = comment.end;
      next += 1;
    }
    if (until < text.length && (taken.length > 0 || items.length > 0) && blankLineBetween(text, end, until))
      taken.push(undefined);
    return taken;
  };
  for (const node of nodes) {
    const leading = takeLeading(node.start);
    const inner: Comment[] = [];
    for (let comment = comments[next]; comment !== undefined && comment.start < node.end; comment = comments[next]) {
      inner.push(comment);
      next += 1;
    }
    const behind = comments[next];
    const trailing =
      behind !== undefined &&
      !text.slice(node.end, behind.start).includes('\n') &&
      behind.start < (nodes[items.length + 1]?.start ?? text.length + 1)
        ? behind
        : undefined;
    if (trailing !== undefined) next += 1;
    items.push({ node, leading, inner, trailing });
    previousEnd = trailing?.end ?? node.end;
  }
  return { items, footer: takeLeading(text.length + 1) };
}

function blankLineBetween(text: string, from: number, to: number): boolean {
  return /\n[^\S\n]*\n/.test(text.slice(from, to));
}

function tooLarge(text: string): AclTree {
  const values = { chars: text.length, limit: ACL_LIMITS.fileChars };
  return {
    text: '',
    items: [],
    footer: [],
    problems: [makeProblem(new LineIndex(''), 'fileTooLarge', { start: 0, end: 0 }, values)],
  };
}

/** Parses a whole file. `problems` are in order of place. */
export function parseAcl(text: string): AclTree {
  if (text.length > ACL_LIMITS.fileChars) return tooLarge(text);
  const { problems, report } = problemList(text);
  const tokens: Token[] = [];
  const comments: Comment[] = [];
  for (const token of tokenize(text)) {
    if (token.type === 'comment') comments.push({ text: token.value, start: token.start, end: token.end });
    else tokens.push(token);
  }
  const context = { report, quote: quoteSource(text) };
  const nodes = readTerms(tokens, report).map((top, index): Rule | Broken => {
    const rule = top.term && readRule(top.term, index + 1, context);
    // The item reaches to its dot, the term only to its last bracket.
    return rule ? { ...rule, end: top.end } : { type: 'broken', number: index + 1, start: top.start, end: top.end };
  });
  problems.sort((left, right) => left.start - right.start);
  return { text, ...attachComments(text, nodes, comments), problems };
}
