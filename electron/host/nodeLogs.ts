/** What nodes print: kept in memory for the log view, in files for later, told to windows in batches. */
import { appendFile, mkdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { LogLine } from '../contract/cluster.ts';

/** Lines of one node in memory; the oldest goes first, the file keeps it. */
export const MAX_LINES_PER_NODE = 5_000;
/** A longer line is cut and says so. */
export const MAX_LINE_CHARS = 16_384;
/** Output without a line end is taken as a line when it has grown to this. */
const MAX_UNFINISHED_CHARS = 65_536;
/** Windows hear of new lines at most ten times a second, at most this many at once; the rest is read by `node/log`. */
export const BATCH_MS = 100;
export const MAX_BATCH = 1_000;
/** A log file is set aside at this size; two older ones are kept. */
export const MAX_FILE_BYTES = 5 * 1024 * 1024;
const KEPT_FILES = 2;

const LEVELS = ['debug', 'info', 'warning', 'error'] as const;

export interface NodeLogsOptions {
  readonly dir: string;
  readonly now: () => number;
  readonly onLines: (lines: LogLine[]) => void;
  readonly onFileError: (error: unknown) => void;
}

export class NodeLogs {
  readonly #options: NodeLogsOptions;
  readonly #byNode = new Map<string, LogLine[]>();
  readonly #sizes = new Map<string, number>();
  #unwritten = new Map<string, string[]>();
  #batch: LogLine[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #lastSeq = 0;

  constructor(options: NodeLogsOptions) {
    this.#options = options;
  }

  /** Reads a stream of a node until it ends. */
  follow(node: string, stream: Readable | null): void {
    let rest = '';
    stream?.setEncoding('utf8');
    stream?.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > MAX_UNFINISHED_CHARS) {
        lines.push(rest);
        rest = '';
      }
      for (const line of lines) if (line !== '') this.add(node, line);
    });
    stream?.on('end', () => {
      if (rest !== '') this.add(node, rest);
    });
  }

  add(node: string, text: string): void {
    this.#lastSeq += 1;
    const line = parseLine(node, text, this.#lastSeq, this.#options.now());
    const lines = this.#byNode.get(node) ?? [];
    this.#byNode.set(node, lines);
    lines.push(line);
    // Cut in blocks: moving five thousand lines for each new one would cost more than keeping a few too many.
    if (lines.length > MAX_LINES_PER_NODE * 1.1) lines.splice(0, lines.length - MAX_LINES_PER_NODE);
    this.#batch.push(line);
    if (this.#batch.length > MAX_BATCH) this.#batch.shift();
    const unwritten = this.#unwritten.get(node) ?? [];
    this.#unwritten.set(node, unwritten);
    unwritten.push(text);
    this.#timer ??= setTimeout(() => this.#flush(), BATCH_MS);
  }

  /** The last `limit` lines before `beforeSeq`, of one node or of all, in order of arrival. */
  read(query: { node?: string | undefined; beforeSeq?: number | undefined; limit: number }): LogLine[] {
    const before = query.beforeSeq ?? Number.POSITIVE_INFINITY;
    const sources = query.node === undefined ? [...this.#byNode.values()] : [this.#byNode.get(query.node) ?? []];
    const tails = sources.map((lines) => lines.filter((line) => line.seq < before).slice(-query.limit));
    return tails
      .flat()
      .sort((a, b) => a.seq - b.seq)
      .slice(-query.limit);
  }

  /** Writes what is not yet in the files. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#flush();
    await this.#writing;
  }

  #flush(): void {
    this.#timer = undefined;
    const lines = this.#batch;
    this.#batch = [];
    if (lines.length > 0) this.#options.onLines(lines);
    const unwritten = this.#unwritten;
    this.#unwritten = new Map();
    this.#writing = this.#writing.then(() => this.#write(unwritten)).catch(this.#options.onFileError);
  }

  async #write(unwritten: ReadonlyMap<string, readonly string[]>): Promise<void> {
    if (unwritten.size > 0) await mkdir(this.#options.dir, { recursive: true });
    for (const [node, lines] of unwritten) {
      const path = join(this.#options.dir, `${node}.log`);
      const text = `${lines.join('\n')}\n`;
      const size = this.#sizes.get(node) ?? (await stat(path).then((found) => found.size, () => 0));
      const full = size > MAX_FILE_BYTES;
      if (full) await rotate(path);
      await appendFile(path, text);
      this.#sizes.set(node, (full ? 0 : size) + Buffer.byteLength(text));
    }
  }
}

/** A JSON log record of a node, or the raw text of anything else as an `info` line. */
export function parseLine(node: string, text: string, seq: number, nowMs: number): LogLine {
  const raw: LogLine = { seq, timeMs: nowMs, node, level: 'info', msg: cut(text), fields: '' };
  if (!text.startsWith('{')) return raw;
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return raw;
  }
  const { time, level, msg, event, fields, ...others } = value;
  // The ready and the failed line have an `event` where log records have a `msg`.
  const name = typeof msg === 'string' ? msg : event;
  if (typeof name !== 'string') return raw;
  const parsedTime = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  const known = LEVELS.find((candidate) => candidate === level) ?? (event === 'failed' ? 'error' : 'info');
  const data = typeof fields === 'object' && fields !== null ? { ...fields, ...others } : others;
  const shown = Object.keys(data).length === 0 ? '' : cut(JSON.stringify(data));
  return { seq, timeMs: Number.isNaN(parsedTime) ? nowMs : parsedTime, node, level: known, msg: cut(name), fields: shown };
}

function cut(text: string): string {
  return text.length <= MAX_LINE_CHARS ? text : `${text.slice(0, MAX_LINE_CHARS)} … (${text.length - MAX_LINE_CHARS} characters more)`;
}

async function rotate(path: string): Promise<void> {
  for (let index = KEPT_FILES; index >= 1; index -= 1) {
    await rename(index === 1 ? path : `${path}.${index - 1}`, `${path}.${index}`).catch(() => undefined);
  }
}
