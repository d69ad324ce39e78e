/** What a text of rules means and what is wrong with it: the work of the worker, as plain functions. */
import { hasErrors, rulesOf, type AclTree } from '../../../broker/access/acl/ast.ts';
import type { AclClient, AclRequest } from '../../../broker/access/acl/decision.ts';
import { compileAcl, type RuleSet } from '../../../broker/access/acl/evaluate.ts';
import { explainAcl, type Explanation } from '../../../broker/access/acl/explain.ts';
import { lintAcl } from '../../../broker/access/acl/lint.ts';
import { parseAcl } from '../../../broker/access/acl/parser.ts';
import type { Problem } from '../../../broker/access/acl/problems.ts';

/** Of the text in the editor, or of the one the project has. */
export type AclRole = 'draft' | 'saved';

export interface Analysis {
  readonly file: AclTree;
  /** Of the parser and of the checks behind it, in order of place. */
  readonly problems: readonly Problem[];
  /** With an error the text cannot be put in force. */
  readonly valid: boolean;
  readonly rules: number;
}

/** One answer per role; null while that text has errors or was never checked. */
export type Explanations = Readonly<Record<AclRole, Explanation | null>>;

export function analyseAcl(text: string): Analysis {
  const file = parseAcl(text);
  const problems = [...file.problems, ...lintAcl(file)].sort((a, b) => a.start - b.start || a.end - b.end);
  return { file, problems, valid: !hasErrors(file.problems), rules: rulesOf(file).length };
}

/** Keeps the compiled rules of both roles between questions. */
export class AclDesk {
  readonly #rules: Record<AclRole, RuleSet | null> = { draft: null, saved: null };

  check(role: AclRole, text: string): Analysis {
    const analysis = analyseAcl(text);
    this.#rules[role] = analysis.valid ? compileAcl(analysis.file) : null;
    return analysis;
  }

  explain(client: AclClient, request: AclRequest): Explanations {
    const one = (role: AclRole): Explanation | null => {
      const rules = this.#rules[role];
      return rules && explainAcl(rules, client, request);
    };
    return { draft: one('draft'), saved: one('saved') };
  }
}
