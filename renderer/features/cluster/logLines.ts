/** Log lines as they are filtered and read. Pure. */
import type { LogLine } from '../../../electron/contract/cluster.ts';

export type LogLevel = LogLine['level'];
const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warning: 2, error: 3 };

export interface LogFilter {
  /** Null = every node. */
  readonly node: string | null;
  /** This level and worse. */
  readonly least: LogLevel;
  /** Words that all occur in message or fields, whatever their case. */
  readonly text: string;
}

export function filterLines(lines: readonly LogLine[], { node, least, text }: LogFilter): readonly LogLine[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const passes = (line: LogLine) => {
    if ((node !== null && line.node !== node) || RANK[line.level] < RANK[least]) return false;
    if (words.length === 0) return true;
    const all = `${line.node} ${line.msg} ${line.fields}`.toLowerCase();
    return words.every((word) => all.includes(word));
  };
  return lines.filter(passes);
}

/** Fields in their order as name and short value; the whole text where it is no object. */
export function fieldsOf(fields: string): readonly { readonly name: string; readonly value: string }[] {
  if (fields === '') return [];
  try {
    const parsed: unknown = JSON.parse(fields);
    if (typeof parsed !== 'object' || parsed === null) return [{ name: '', value: fields }];
    return Object.entries(parsed).map(([name, value]) => ({ name, value: typeof value === 'string' ? value : JSON.stringify(value) }));
  } catch {
    return [{ name: '', value: fields }];
  }
}

/** A line as it goes to the clipboard. */
export function lineText(line: LogLine): string {
  return `${new Date(line.timeMs).toISOString()} ${line.node} ${line.level} ${line.msg}${line.fields === '' ? '' : ` ${line.fields}`}`;
}
