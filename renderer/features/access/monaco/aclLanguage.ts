/** `acl.conf` as a language of Monaco: colours by the broker's lexer, brackets, comments, completion, formatting. */
import type * as MonacoApi from 'monaco-editor/editor.js';
import type { CancellationToken, editor as MonacoEditor, IRange, languages } from 'monaco-editor/editor.js';
import { parseAcl } from '../../../../broker/access/acl/parser.ts';
import { printAcl } from '../../../../broker/access/acl/printer.ts';
import { FIRST_LINE, highlightLine, type LineState } from '../../../lib/acl/highlight.ts';

type Monaco = typeof MonacoApi;

export const ACL_LANGUAGE = 'acl';

class TokenState implements languages.IState {
  readonly line: LineState;
  constructor(line: LineState) {
    this.line = line;
  }
  clone(): TokenState {
    return this;
  }
  equals(other: languages.IState): boolean {
    return other instanceof TokenState && other.line.depth === this.line.depth && other.line.before === this.line.before;
  }
}

const tokens: languages.TokensProvider = {
  getInitialState: () => new TokenState(FIRST_LINE),
  tokenize: (line, state) => {
    const { spans, state: next } = highlightLine(line, (state as TokenState).line);
    return { tokens: spans.map(({ start, scope }) => ({ startIndex: start, scopes: scope })), endState: new TokenState(next) };
  },
};

/** Whole rules and the slots of one; `$1` is where the caret goes. */
const SNIPPETS: readonly { readonly label: string; readonly text: string }[] = [
  { label: '{allow, …}.', text: '{allow, ${1:all}, ${2|publish,subscribe,all|}, ["$3"]}.' },
  { label: '{deny, …}.', text: '{deny, ${1:all}, ${2|publish,subscribe,all|}, ["$3"]}.' },
  { label: '{allow, all}.', text: '{allow, all}.' },
  { label: '{deny, all}.', text: '{deny, all}.' },
];
const SLOTS: readonly { readonly label: string; readonly text: string }[] = [
  { label: 'all', text: 'all' },
  { label: 'publish', text: 'publish' },
  { label: 'subscribe', text: 'subscribe' },
  { label: '{username, …}', text: '{username, "$1"}' },
  { label: '{clientid, …}', text: '{clientid, "$1"}' },
  { label: '{username, {re, …}}', text: '{username, {re, "^$1\\$"}}' },
  { label: '{clientid, {re, …}}', text: '{clientid, {re, "^$1\\$"}}' },
  { label: '{ipaddr, …}', text: '{ipaddr, "${1:127.0.0.1}"}' },
  { label: '{ipaddrs, […]}', text: '{ipaddrs, ["$1"]}' },
  { label: "{'and', […]}", text: "{'and', [$1]}" },
  { label: "{'or', […]}", text: "{'or', [$1]}" },
  { label: '{eq, …}', text: '{eq, "$1"}' },
  { label: '{publish, [{qos, …}]}', text: '{publish, [{qos, ${1|0,1,2|}}]}' },
];
const PLACEHOLDERS = ['${username}', '${clientid}', '${cert_common_name}', '${zone}', '${client_attrs.NAME}'];

function completions(monaco: Monaco): languages.CompletionItemProvider {
  const { Snippet, Variable } = monaco.languages.CompletionItemKind;
  const { InsertAsSnippet } = monaco.languages.CompletionItemInsertTextRule;
  return {
    triggerCharacters: ['{', '$', ' '],
    provideCompletionItems: (model, position) => {
      const before = model.getLineContent(position.lineNumber).slice(0, position.column - 1);
      const back = (pattern: RegExp): IRange => {
        const length = pattern.exec(before)?.[0].length ?? 0;
        return {
          startLineNumber: position.lineNumber,
          endLineNumber: position.lineNumber,
          startColumn: position.column - length,
          endColumn: position.column,
        };
      };
      if (/^\s*%/.test(before)) return { suggestions: [] };
      if ((before.match(/(?<!\\)"/g)?.length ?? 0) % 2 === 1) {
        const range = back(/\$\{?[A-Za-z_.]*$/);
        return { suggestions: PLACEHOLDERS.map((label) => ({ label, kind: Variable, insertText: label, range })) };
      }
      const items = /^\s*\{?\w*$/.test(before) ? SNIPPETS : SLOTS;
      const range = back(/\{?'?[a-z]*$/);
      return {
        suggestions: items.map(({ label, text }) => ({
          label,
          kind: Snippet,
          insertText: text,
          insertTextRules: InsertAsSnippet,
          range,
          filterText: label,
        })),
      };
    },
  };
}

/** Prints the tree; a text with errors is left as it is, for the printer keeps broken rules anyway and a half-typed one must not jump. */
const formatter: languages.DocumentFormattingEditProvider = {
  provideDocumentFormattingEdits: (
    model: MonacoEditor.ITextModel,
    _options: languages.FormattingOptions,
    _token: CancellationToken,
  ) => {
    const file = parseAcl(model.getValue());
    if (file.items.some((item) => item.node.type === 'broken')) return [];
    return [{ range: model.getFullModelRange(), text: printAcl(file) }];
  },
};

export function registerAclLanguage(monaco: Monaco): void {
  monaco.languages.register({ id: ACL_LANGUAGE, extensions: ['.conf'] });
  monaco.languages.setTokensProvider(ACL_LANGUAGE, tokens);
  monaco.languages.setLanguageConfiguration(ACL_LANGUAGE, {
    comments: { lineComment: '%%' },
    brackets: [
      ['{', '}'],
      ['[', ']'],
    ],
    autoClosingPairs: [
      { open: '{', close: '}', notIn: ['string', 'comment'] },
      { open: '[', close: ']', notIn: ['string', 'comment'] },
      { open: '"', close: '"', notIn: ['string', 'comment'] },
    ],
    // A finished rule ends the indentation of its slots.
    onEnterRules: [{ beforeText: /\}\.\s*(%.*)?$/, action: { indentAction: monaco.languages.IndentAction.Outdent } }],
    surroundingPairs: [
      { open: '{', close: '}' },
      { open: '[', close: ']' },
      { open: '"', close: '"' },
    ],
  });
  monaco.languages.registerCompletionItemProvider(ACL_LANGUAGE, completions(monaco));
  monaco.languages.registerDocumentFormattingEditProvider(ACL_LANGUAGE, formatter);
}
