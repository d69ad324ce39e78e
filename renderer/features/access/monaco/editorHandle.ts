/** The one text model of the rules and an editor on it, behind a small interface; Monaco's types end here. */
import type { editor as MonacoEditor } from 'monaco-editor/editor.js';
import type { Problem, Severity } from '../../../../broker/access/acl/problems.ts';
import { ACL_LANGUAGE } from './aclLanguage.ts';

export interface AclEditorOptions {
  readonly text: string;
  readonly label: string;
}

export interface AclEditorHandle {
  onText(listener: (text: string) => void): void;
  onCaret(listener: (line: number, column: number) => void): void;
  /** After scrolling, resizing, and changes that move lines. */
  onLayout(listener: () => void): void;
  /** Replaces the part that differs; one step of undo. */
  setText(text: string): void;
  setMarkers(problems: readonly Problem[], words: (problem: Problem) => string): void;
  /** Gives lines the selected look. */
  markLines(lines: readonly [first: number, last: number] | null): void;
  /** Makes room below a line and returns what to fill; null removes it. */
  setZone(afterLine: number | null): HTMLElement | null;
  reveal(offset: number, focus: boolean): void;
  /** Upper edge of a line in pixels of the whole text. */
  lineTop(line: number): number;
  scrollTop(): number;
  height(): number;
  dispose(): void;
}

const URI = 'inmemory://busbar/acl/acl.conf';
const SAVED_URI = 'inmemory://busbar/acl/saved.conf';
const ZONE_HEIGHT = 40;
/** Places up to here need no sideways scrolling. */
const SHORT_COLUMN = 40;
/** A longer file folds what did not change. */
const LONG_DIFF_LINES = 150;
export const EDITOR_OPTIONS: MonacoEditor.IEditorOptions = {
  fontSize: 12,
  lineHeight: 22,
  fontLigatures: false,
  minimap: { enabled: false },
  folding: false,
  glyphMargin: false,
  lineNumbersMinChars: 3,
  lineDecorationsWidth: 10,
  renderLineHighlight: 'none',
  scrollBeyondLastLine: false,
  overviewRulerBorder: false,
  padding: { top: 6, bottom: 6 },
  fixedOverflowWidgets: true,
  occurrencesHighlight: 'off',
  selectionHighlight: false,
  unicodeHighlight: { ambiguousCharacters: false, invisibleCharacters: true },
  stickyScroll: { enabled: false },
  guides: { indentation: false, bracketPairs: false },
  scrollbar: { verticalScrollbarSize: 8, horizontalScrollbarSize: 8, useShadows: false },
  quickSuggestions: { other: true, strings: true, comments: false },
  renderWhitespace: 'none',
  contextmenu: true,
};

export function fontFamily(): string {
  return getComputedStyle(document.documentElement).getPropertyValue('--bb-font-mono');
}

/** What differs between two texts: everything between their common head and tail. */
export function differingPart(before: string, after: string): { start: number; end: number; text: string } {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  return { start: head, end: before.length - tail, text: after.slice(head, after.length - tail) };
}

/** Monaco reads its words when it is loaded: a later change of language reaches it with the next window. */
async function loadMonaco() {
  if (document.documentElement.lang.startsWith('zh')) await import('monaco-editor/nls/lang/zh-cn.js');
  return (await import('./monaco.ts')).monaco;
}
type Monaco = Awaited<ReturnType<typeof loadMonaco>>;

/** Kept while the window lives, so that undo reaches back over a visit to another page. */
function modelOf(monaco: Monaco, uri: string, text: string): MonacoEditor.ITextModel {
  const model =
    monaco.editor.getModel(monaco.Uri.parse(uri)) ?? monaco.editor.createModel(text, ACL_LANGUAGE, monaco.Uri.parse(uri));
  model.setEOL(monaco.editor.EndOfLineSequence.LF);
  // Colour has a meaning here; brackets have none.
  model.updateOptions({ bracketColorizationOptions: { enabled: false, independentColorPoolPerBracketType: false } });
  replaceText(monaco, model, text);
  return model;
}

function replaceText(monaco: Monaco, model: MonacoEditor.ITextModel, text: string): void {
  const before = model.getValue();
  if (before === text) return;
  const part = differingPart(before, text);
  model.pushStackElement();
  model.pushEditOperations(
    [],
    [{ range: monaco.Range.fromPositions(model.getPositionAt(part.start), model.getPositionAt(part.end)), text: part.text }],
    () => null,
  );
  model.pushStackElement();
}

function severityOf(monaco: Monaco, severity: Severity) {
  const { Error, Warning, Info } = monaco.MarkerSeverity;
  return { error: Error, warning: Warning, info: Info }[severity];
}

/** Opens the editor in an element. The model lives on after `dispose`. */
export async function openAclEditor(element: HTMLElement, options: AclEditorOptions): Promise<AclEditorHandle> {
  const monaco = await loadMonaco();
  const model = modelOf(monaco, URI, options.text);
  const editor = monaco.editor.create(element, {
    ...EDITOR_OPTIONS,
    model,
    fontFamily: fontFamily(),
    automaticLayout: true,
    wordBasedSuggestions: 'off',
    ariaLabel: options.label,
  });
  const lines = editor.createDecorationsCollection();
  const undo: { dispose(): void }[] = [editor, editor.onDidLayoutChange(() => fitZone())];
  let zone: { id: string; node: HTMLElement; line: number } | null = null;

  /** What a zone shows stays inside the visible part, however long the lines are; Monaco gives it the width of the text. */
  function fitZone(): void {
    const { contentWidth, verticalScrollbarWidth } = editor.getLayoutInfo();
    zone?.node.style.setProperty('--zone-width', `${contentWidth - verticalScrollbarWidth}px`);
  }

  return {
    onText: (listener) => void undo.push(model.onDidChangeContent(() => listener(model.getValue()))),
    onCaret: (listener) =>
      void undo.push(editor.onDidChangeCursorPosition(({ position }) => listener(position.lineNumber, position.column))),
    onLayout: (listener) =>
      void undo.push(
        editor.onDidScrollChange(listener),
        editor.onDidLayoutChange(listener),
        editor.onDidContentSizeChange(listener),
      ),
    setText: (text) => replaceText(monaco, model, text),
    setMarkers: (problems, words) => {
      const markers = problems.map((problem) => ({
        severity: severityOf(monaco, problem.severity),
        code: problem.code,
        message: words(problem),
        startLineNumber: problem.line,
        startColumn: problem.column,
        endLineNumber: problem.endLine,
        endColumn: Math.max(problem.endColumn, problem.endLine === problem.line ? problem.column + 1 : 1),
      }));
      monaco.editor.setModelMarkers(model, ACL_LANGUAGE, markers);
    },
    markLines: (range) => {
      lines.set(
        range
          ? [
              {
                range: new monaco.Range(range[0], 1, range[1], 1),
                options: { isWholeLine: true, className: 'acl-on', marginClassName: 'acl-on' },
              },
            ]
          : [],
      );
    },
    setZone: (afterLine) => {
      if (zone?.line === afterLine) return zone?.node ?? null;
      editor.changeViewZones((accessor) => {
        if (zone) accessor.removeZone(zone.id);
        zone = null;
        if (afterLine === null) return;
        const node = document.createElement('div');
        // Above the text layer, so that its buttons take the clicks.
        node.style.zIndex = '1';
        zone = {
          id: accessor.addZone({ afterLineNumber: afterLine, heightInPx: ZONE_HEIGHT, domNode: node }),
          node,
          line: afterLine,
        };
      });
      fitZone();
      return zone?.node ?? null;
    },
    reveal: (offset, focus) => {
      const position = model.getPositionAt(offset);
      editor.setPosition(position);
      editor.revealPositionInCenterIfOutsideViewport(position);
      if (position.column < SHORT_COLUMN) editor.setScrollLeft(0);
      if (focus) editor.focus();
    },
    lineTop: (line) => editor.getTopForLineNumber(Math.min(line, model.getLineCount())),
    scrollTop: () => editor.getScrollTop(),
    height: () => editor.getLayoutInfo().height,
    dispose: () => {
      for (const one of undo) one.dispose();
    },
  };
}

export interface AclDiffHandle {
  /** The saved side; the draft follows the editor by itself. */
  setSaved(text: string): void;
  dispose(): void;
}

/** Saved rules beside the draft, both read-only here. */
export async function openAclDiff(element: HTMLElement, saved: string, draft: string, label: string): Promise<AclDiffHandle> {
  const monaco = await loadMonaco();
  const original = modelOf(monaco, SAVED_URI, saved);
  const modified = modelOf(monaco, URI, draft);
  const editor = monaco.editor.createDiffEditor(element, {
    ...EDITOR_OPTIONS,
    fontFamily: fontFamily(),
    automaticLayout: true,
    readOnly: true,
    originalEditable: false,
    ignoreTrimWhitespace: false,
    renderSideBySide: true,
    useInlineViewWhenSpaceIsLimited: true,
    renderSideBySideInlineBreakpoint: 640,
    lineDecorationsWidth: 18,
    renderMarginRevertIcon: false,
    hideUnchangedRegions: { enabled: modified.getLineCount() > LONG_DIFF_LINES },
    renderOverviewRuler: false,
    ariaLabel: label,
  });
  editor.setModel({ original, modified });
  return {
    setSaved: (text) => replaceText(monaco, original, text),
    dispose: () => {
      editor.dispose();
      original.dispose();
    },
  };
}
