/** What can be wrong with an `acl.conf`: one table of kinds, each with its code, severity, sentence and advice. */

export type Severity = 'error' | 'warning' | 'info';

interface ProblemKindInfo {
  /** Stable id for people and for `%% acl:ignore`; several kinds share the code of their family. */
  readonly code: string;
  /** `error` refuses the whole file, as EMQX does; the others only tell. */
  readonly severity: Severity;
  /** `{name}` is replaced by the value of that name. Where EMQX has a word for the fault it stands in brackets. */
  readonly message: string;
  readonly hint: string;
}

export const PROBLEM_KINDS = {
  // ACL001: the text is not a sequence of Erlang terms
  fileTooLarge: {
    code: 'ACL001',
    severity: 'error',
    message: 'The file has {chars} characters, more than {limit}',
    hint: 'Split the rules, or keep per-client rules in another source.',
  },
  badCharacter: {
    code: 'ACL001',
    severity: 'error',
    message: 'Unexpected character {text}',
    hint: 'Rules are made of {…}, […], words, "strings" and numbers; comments begin with %.',
  },
  stringNotClosed: {
    code: 'ACL001',
    severity: 'error',
    message: 'The string is not closed on its line',
    hint: 'Add the closing quote; write \\n for a line break inside a string.',
  },
  atomNotClosed: {
    code: 'ACL001',
    severity: 'error',
    message: 'The quoted word is not closed on its line',
    hint: "Add the closing ' quote.",
  },
  badEscape: {
    code: 'ACL001',
    severity: 'error',
    message: 'Unknown escape {text}',
    hint: 'Use \\xHH or \\x{H…} with a character code up to 10FFFF.',
  },
  binaryForm: {
    code: 'ACL001',
    severity: 'error',
    message: 'A binary is written <<"text">> or <<"text"/utf8>>',
    hint: 'Write the text in double quotes between << and >>.',
  },
  variable: {
    code: 'ACL001',
    severity: 'error',
    message: '{text} begins with a capital letter, which Erlang reads as a variable',
    hint: 'Write it in lower case, or in double quotes if it is a name or a topic.',
  },
  reservedWord: {
    code: 'ACL001',
    severity: 'error',
    message: '{text} is a reserved word and needs quotes',
    hint: "Write '{text}'.",
  },
  dotMissing: {
    code: 'ACL001',
    severity: 'error',
    message: 'The rule does not end with a dot',
    hint: 'Add . after the closing bracket.',
  },
  dotNeedsBlank: {
    code: 'ACL001',
    severity: 'error',
    message: 'A blank or a new line must follow the dot',
    hint: 'Begin the next rule on its own line.',
  },
  notClosed: { code: 'ACL001', severity: 'error', message: '{open} is never closed', hint: 'Add the closing {close}.' },
  unexpected: {
    code: 'ACL001',
    severity: 'error',
    message: 'Expected {wanted} before {found}',
    hint: 'Check brackets and commas of this rule.',
  },
  unexpectedEnd: {
    code: 'ACL001',
    severity: 'error',
    message: 'Expected {wanted} before the end of the file',
    hint: 'Check brackets and commas of this rule.',
  },
  tooDeep: {
    code: 'ACL001',
    severity: 'error',
    message: 'Brackets are nested deeper than {limit}',
    hint: "Write the conditions as one flat 'and' or 'or'.",
  },
  tooManyProblems: {
    code: 'ACL001',
    severity: 'error',
    message: 'More than {limit} problems; the rest is not shown',
    hint: 'Correct the first ones and look again.',
  },
  // ACL002, ACL003, ACL006: terms that are not rules
  permission: {
    code: 'ACL002',
    severity: 'error',
    message: 'Unknown permission {value} (invalid_authorization_permission)',
    hint: 'A rule begins with allow or deny.',
  },
  ruleShape: {
    code: 'ACL002',
    severity: 'error',
    message: 'This is not a rule (invalid_authorization_rule)',
    hint: 'Write {allow, who, action, ["topic"]}. or {allow, all}.',
  },
  who: {
    code: 'ACL002',
    severity: 'error',
    message: 'Unknown client condition {value} (invalid_client_match_condition)',
    hint: "Use all, {username, …}, {clientid, …}, {ipaddr, …}, {ipaddrs, […]}, {'and', […]} or {'or', […]}.",
  },
  action: {
    code: 'ACL002',
    severity: 'error',
    message: 'Unknown action {value} (invalid_authorization_action)',
    hint: 'Use subscribe, publish or all.',
  },
  regexInvalid: {
    code: 'ACL003',
    severity: 'error',
    message: 'The pattern cannot be used: {reason}',
    hint: 'Correct the pattern; lookbehind, back references and possessive repeats are not supported.',
  },
  cidr: {
    code: 'ACL003',
    severity: 'error',
    message: '{value} is not an address or a network',
    hint: 'Write "10.0.0.7", "10.0.0.0/8", "::1" or "fd00::/8".',
  },
  qos: {
    code: 'ACL003',
    severity: 'error',
    message: 'Bad QoS {value} (invalid_authorization_qos)',
    hint: 'Use 0, 1 or 2, or a list of them: {qos, [0, 1]}.',
  },
  retain: {
    code: 'ACL003',
    severity: 'error',
    message: 'Bad retain {value} (invalid_authorization_retain)',
    hint: 'Use true, false or all.',
  },
  topicsNotList: {
    code: 'ACL006',
    severity: 'error',
    message: 'Topics must be a list (invalid_authorization_rule)',
    hint: 'Put the topic in square brackets: ["{value}"].',
  },
  topicForm: { code: 'ACL006', severity: 'error', message: '{value} is not a topic', hint: 'Write "filter" or {eq, "filter"}.' },
  textExpected: { code: 'ACL006', severity: 'error', message: '{value} is not text', hint: 'Write it in double quotes.' },
  // ACL007: Busbar reads it, EMQX 5 would refuse or read it differently
  pubsub: {
    code: 'ACL007',
    severity: 'info',
    message: 'pubsub is the spelling of EMQX 3 and 4; EMQX 5 refuses it',
    hint: 'Write all.',
  },
  bareTopic: {
    code: 'ACL007',
    severity: 'info',
    message: 'A single topic without a list is the spelling of EMQX 3 and 4; EMQX 5 refuses it',
    hint: 'Put the topic in square brackets.',
  },
  anyClient: {
    code: 'ACL007',
    severity: 'info',
    message: '{{value}, all} is the spelling of EMQX 3 and 4; EMQX 5 refuses it',
    hint: 'Write all.',
  },
  oldPlaceholder: {
    code: 'ACL007',
    severity: 'info',
    message: '{value} is the placeholder of EMQX 3 and 4; EMQX 5 takes it literally',
    hint: 'Write {better}.',
  },
  binaryNotUtf8: {
    code: 'ACL007',
    severity: 'info',
    message: 'EMQX reads the characters of this binary as single bytes, Busbar as UTF-8',
    hint: 'Write <<"…"/utf8>> or a plain "string".',
  },
  unknownOption: {
    code: 'ACL007',
    severity: 'warning',
    message: 'The option {value} is ignored',
    hint: 'Known options are {qos, …} and {retain, …}.',
  },
  // ACL004, ACL005, ACL015…: the file loads, but hardly says what was meant
  filterNeverMatches: {
    code: 'ACL004',
    severity: 'warning',
    message: 'The filter {value} can never match: {reason}',
    hint: '+ and # stand alone in their level, and # comes last.',
  },
  unknownPlaceholder: {
    code: 'ACL005',
    severity: 'warning',
    message: '{value} is not a placeholder and is taken literally',
    hint: 'Known are ${username}, ${clientid}, ${cert_common_name}, ${zone} and ${client_attrs.NAME}.',
  },
  placeholderInEq: {
    code: 'ACL005',
    severity: 'warning',
    message: '{value} is taken literally after eq',
    hint: 'Use the filter without eq to insert a value.',
  },
  unreachable: {
    code: 'ACL015',
    severity: 'warning',
    message: 'Rule {rule} never fires, rule {by} decides everything',
    hint: 'Move the rule above rule {by} or delete it.',
  },
  shadowed: {
    code: 'ACL010',
    severity: 'warning',
    message: 'Rule {rule} never fires, rule {by} covers it',
    hint: 'Move the rule above rule {by} or delete it.',
  },
  redundant: {
    code: 'ACL011',
    severity: 'info',
    message: 'Rule {rule} adds nothing, rule {by} covers it',
    hint: 'Delete the rule.',
  },
  emptyOr: { code: 'ACL016', severity: 'warning', message: "An empty 'or' never holds", hint: 'Add a condition, or write all.' },
  noTopics: {
    code: 'ACL016',
    severity: 'warning',
    message: 'A rule without topics never matches',
    hint: 'Add a topic, or "#" for all.',
  },
  regexUnanchored: {
    code: 'ACL021',
    severity: 'warning',
    message: 'The pattern {value} matches anywhere inside a name',
    hint: 'Write "^{value}$" for the whole name.',
  },
  regexEscape: {
    code: 'ACL021',
    severity: 'warning',
    message: '{value} loses its backslash inside a string',
    hint: 'Write the backslash twice: \\{value}.',
  },
  retainOnSubscribe: {
    code: 'ACL024',
    severity: 'info',
    message: 'retain has no effect on a subscription',
    hint: 'Remove the option.',
  },
  cidrHostBits: { code: 'ACL025', severity: 'info', message: '{value} means the network {network}', hint: 'Write {network}.' },
} as const satisfies Record<string, ProblemKindInfo>;

export type ProblemKind = keyof typeof PROBLEM_KINDS;

/** A span of the text: offsets in UTF-16 units, end exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export type ProblemValues = Readonly<Record<string, string | number>>;

/** One finding. The kind and its values are there for translation; `message` and `hint` are the English sentences. */
export interface Problem extends Span {
  readonly kind: ProblemKind;
  readonly values: ProblemValues;
  readonly severity: Severity;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** Place for people: 1-based, columns in UTF-16 units, end exclusive. */
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

function fill(template: string, values: ProblemValues): string {
  return template.replace(/\{([a-z]+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

/** Finds line and column of offsets in one text. */
export class LineIndex {
  readonly #starts: number[] = [0];

  constructor(text: string) {
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
  }

  /** 1-based line and column of an offset. */
  place(offset: number): { line: number; column: number } {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#starts[low] ?? 0) + 1 };
  }
}

/** Where the parts of the parser put what they find. */
export type Report = (kind: ProblemKind, span: Span, values?: ProblemValues) => void;

/** Builds a problem with its sentences and its place. */
export function makeProblem(lines: LineIndex, kind: ProblemKind, span: Span, values: ProblemValues = {}): Problem {
  const info = PROBLEM_KINDS[kind];
  const from = lines.place(span.start);
  const to = lines.place(Math.max(span.end, span.start));
  return {
    kind,
    values,
    severity: info.severity,
    code: info.code,
    message: fill(info.message, values),
    hint: fill(info.hint, values),
    start: span.start,
    end: span.end,
    line: from.line,
    column: from.column,
    endLine: to.line,
    endColumn: to.column,
  };
}
