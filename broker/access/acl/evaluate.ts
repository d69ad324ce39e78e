/** Decisions: the first rule whose action, client and topic all match decides. */
import { assert } from '../../base/assert.ts';
import { hasErrors, rulesOf, type AclTree } from './ast.ts';
import { compileRule, type CompiledRule } from './compile.ts';
import type { AclClient, AclDecision, AclRequest, Authorizer } from './decision.ts';
import { Attempt, matchesAction, matchesTopic, matchesWho } from './match.ts';

const NO_MATCH: AclDecision = { permission: 'noMatch', rule: 0 };

export function ruleMatches(rule: CompiledRule, attempt: Attempt): boolean {
  if (!matchesAction(rule.action, attempt) || !matchesWho(rule.who, attempt, rule.permission)) return false;
  for (const topic of rule.topics) if (matchesTopic(topic, attempt)) return true;
  return false;
}

/** The compiled rules of one file. Immutable. */
export class RuleSet {
  readonly rules: readonly CompiledRule[];
  /** A subscribe check never looks at publish rules, and the other way round; file order is kept. */
  readonly #publish: readonly CompiledRule[];
  readonly #subscribe: readonly CompiledRule[];
  readonly #decisions: ReadonlyMap<CompiledRule, AclDecision>;

  constructor(rules: readonly CompiledRule[]) {
    this.rules = rules;
    this.#publish = rules.filter((rule) => rule.action.publish);
    this.#subscribe = rules.filter((rule) => rule.action.subscribe);
    this.#decisions = new Map(rules.map((rule) => [rule, { permission: rule.permission, rule: rule.number }]));
  }

  decide(client: AclClient, request: AclRequest): AclDecision {
    const attempt = new Attempt(client, request);
    for (const rule of request.action === 'publish' ? this.#publish : this.#subscribe) {
      if (ruleMatches(rule, attempt)) return this.#decisions.get(rule) ?? NO_MATCH;
    }
    return NO_MATCH;
  }
}

/** Compiles a file without errors; asking for another one is a bug of the caller. */
export function compileAcl(file: AclTree): RuleSet {
  assert(!hasErrors(file.problems), 'only a file without errors is put in force');
  return new RuleSet(rulesOf(file).map(compileRule));
}

export const EMPTY_RULES = new RuleSet([]);

/** The rules in force: an Authorizer whose rules can be replaced as a whole while requests are decided. */
export class RuleBook implements Authorizer {
  #rules: RuleSet;
  #epoch = 0;

  constructor(rules: RuleSet = EMPTY_RULES) {
    this.#rules = rules;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get rules(): RuleSet {
    return this.#rules;
  }

  replace(rules: RuleSet): void {
    this.#rules = rules;
    this.#epoch += 1;
  }

  decide(client: AclClient, request: AclRequest): AclDecision {
    return this.#rules.decide(client, request);
  }
}
