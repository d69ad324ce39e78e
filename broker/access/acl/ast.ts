/** The tree of an `acl.conf`: rules with the place of every part, comments, and the text itself. */
import type { Problem, Span } from './problems.ts';

export type Permission = 'allow' | 'deny';

/** A literal text and the form it was written in, kept for printing. */
export interface Text extends Span {
  readonly value: string;
  readonly form: 'string' | 'binary' | 'binaryUtf8';
}

export type NameTest =
  { readonly type: 'exact'; readonly text: Text } | { readonly type: 'regex'; readonly text: Text } | { readonly type: 'any' };

export type Who = Span &
  (
    | { readonly type: 'all' }
    | { readonly type: 'username'; readonly tag: 'username' | 'user'; readonly test: NameTest }
    | { readonly type: 'clientid'; readonly tag: 'clientid' | 'client'; readonly test: NameTest }
    | { readonly type: 'address'; readonly tag: 'ipaddr' | 'ipaddrs'; readonly networks: readonly Text[] }
    | { readonly type: 'and' | 'or'; readonly of: readonly Who[] }
  );

export type ActionOption = Span &
  (
    | { readonly type: 'qos'; readonly values: readonly number[]; readonly asList: boolean }
    | { readonly type: 'retain'; readonly value: boolean | 'all' }
    | { readonly type: 'ignored'; readonly source: string }
  );

export interface Action extends Span {
  readonly type: 'publish' | 'subscribe' | 'all';
  /** `pubsub` is EMQX 3's word for all. */
  readonly word: 'publish' | 'subscribe' | 'all' | 'pubsub';
  /** Undefined when written as a bare word. */
  readonly options: readonly ActionOption[] | undefined;
}

export interface TopicEntry extends Span {
  /** The filter without `eq`. */
  readonly filter: string;
  /** `tuple` is {eq, "x"}, `prefix` is "eq x"; both compare words for identity. */
  readonly eq: 'no' | 'tuple' | 'prefix';
  readonly text: Text;
}

/** `{perm, who, action, topics}.`, or the short `{perm, all}.` which stands for all, all, ["#"]. */
export interface Rule extends Span {
  readonly type: 'rule';
  /** 1-based, counting every item of the file, also those that do not parse. */
  readonly number: number;
  readonly permission: Permission;
  readonly permissionSpan: Span;
  readonly short: boolean;
  readonly who: Who;
  readonly action: Action;
  readonly topics: readonly TopicEntry[];
  /** EMQX 3 and 4: one binary in place of the list. */
  readonly bareTopic: boolean;
}

/** Something between two dots that is not a rule; its text is kept. */
export interface Broken extends Span {
  readonly type: 'broken';
  readonly number: number;
}

export interface Comment extends Span {
  readonly text: string;
}

/** A rule with the comments that belong to it. */
export interface Item {
  readonly node: Rule | Broken;
  /** Own-line comments above; `undefined` stands for a blank line between them. */
  readonly leading: readonly (Comment | undefined)[];
  /** Comments between the brackets of the rule. */
  readonly inner: readonly Comment[];
  /** Comment behind the dot, on the same line. */
  readonly trailing: Comment | undefined;
}

export interface AclTree {
  readonly text: string;
  readonly items: readonly Item[];
  /** Comments after the last rule. */
  readonly footer: readonly (Comment | undefined)[];
  /** In order of place. A file with a problem of severity `error` must not be put in force. */
  readonly problems: readonly Problem[];
}

/** The rules that parsed, in order. */
export function rulesOf(file: AclTree): Rule[] {
  return file.items.flatMap((item) => (item.node.type === 'rule' ? [item.node] : []));
}

export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.severity === 'error');
}
