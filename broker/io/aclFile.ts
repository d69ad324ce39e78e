/**
 * The file source of authorization: reads `acl.conf` when the node starts, watches it, and puts a changed good file in force without
 * a restart. A bad one is refused with its place and the working rules stay (broker-contract 1.7 names what EMQX does instead).
 */
import { createHash } from 'node:crypto';
import { watch, type FSWatcher } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { hasErrors, type AclTree } from '../access/acl/ast.ts';
import type { Authorizer } from '../access/acl/decision.ts';
import { compileAcl, RuleBook } from '../access/acl/evaluate.ts';
import { ACL_LIMITS } from '../access/acl/limits.ts';
import { parseAcl } from '../access/acl/parser.ts';
import type { Problem } from '../access/acl/problems.ts';
import type { AclApplyResult, AclProblemReport } from '../api/schema/control.ts';
import type { NodeSnapshot } from '../api/schema/topology.ts';
import { DisposableStore, toDisposable, type Disposable } from '../base/disposable.ts';
import { BusbarError, messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';

/** UTF-8 needs at most this many bytes for the characters the parser accepts; a larger file is not even read. */
const MAX_FILE_BYTES = ACL_LIMITS.fileChars * 4;
/** A changed file must look the same twice, this far apart: editors truncate before they write, and an empty file is a legal one. */
const SETTLE_MS = 100;

export interface AclFileOptions {
  /** `authorization.aclFile`; without one there are no rules until `apply` brings some. */
  readonly path: string | undefined;
  readonly log: Log;
}

/** SHA-256 of the text in UTF-8, as hex: by it supervisor and nodes compare which rules are in force. */
export function aclHash(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

function toReport(problem: Problem): AclProblemReport {
  const { severity, code, message, hint, line, column, endLine, endColumn } = problem;
  return { severity, code, message, hint, line, column, endLine, endColumn };
}

/** @throws BusbarError ACL_FILE_UNREADABLE */
async function readText(path: string): Promise<string> {
  const unreadable = (reason: string, cause?: unknown): BusbarError =>
    new BusbarError('ACL_FILE_UNREADABLE', `Cannot read ${path}: ${reason}`, { details: { path }, cause });
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) throw unreadable(`it has ${size} bytes, more than ${MAX_FILE_BYTES}`);
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(path));
  } catch (error) {
    if (error instanceof BusbarError) throw error;
    throw unreadable(error instanceof TypeError ? 'it is not UTF-8 text' : messageOf(error), error);
  }
}

function firstError(tree: AclTree): Problem | undefined {
  return tree.problems.find((problem) => problem.severity === 'error');
}

type Look = { readonly hash: string; readonly text: string } | { readonly hash: 'unreadable'; readonly reason: string };

export class AclFile implements Disposable {
  readonly #book = new RuleBook();
  readonly #path: string | undefined;
  readonly #log: Log;
  readonly #store = new DisposableStore();
  #hash = aclHash('');
  /** Wall clock; undefined until rules were put in force. */
  #appliedAtMs: number | undefined;
  /** Of the file as last looked at, good or bad: one change is told once. */
  #seen: string | undefined;
  /** What told the file apart from other versions of it at the last look. */
  #stamp: string | undefined;
  #checking = false;
  #again = false;
  #disposed = false;
  #text = '';
  #file: { readonly hash: string; readonly changedAtMs: number } | undefined;

  /** A text was put in force at run time, by the supervisor or by an edit of the file. */
  onChanged: (text: string) => void = () => {};

  private constructor(options: AclFileOptions) {
    this.#path = options.path === undefined ? undefined : resolve(options.path);
    this.#log = options.log;
  }

  /**
   * Loads the file and begins to watch it.
   * @throws BusbarError ACL_FILE_UNREADABLE, or ACL_SYNTAX with `path`, `line` and `column` in its details.
   */
  static async open(options: AclFileOptions): Promise<AclFile> {
    const file = new AclFile(options);
    if (file.#path !== undefined) {
      await file.#loadFirst(file.#path);
      await file.#watch(file.#path);
    }
    return file;
  }

  /** The rules in force; the same object over the node's whole life. */
  get authorizer(): Authorizer {
    return this.#book;
  }

  /** Hash of the text in force. */
  get hash(): string {
    return this.#hash;
  }

  /** For the supervisor's picture; null while there are no rules and no file. */
  get status(): NodeSnapshot['acl'] {
    if (this.#appliedAtMs === undefined) return null;
    return { path: this.#path ?? '', hash: this.#hash, rules: this.ruleCount, appliedAtMs: this.#appliedAtMs };
  }

  get ruleCount(): number {
    return this.#book.rules.rules.length;
  }

  /** Puts a text in force, or changes nothing and says why. Writes no file. */
  apply(text: string): AclApplyResult {
    const tree = parseAcl(text);
    if (hasErrors(tree.problems)) {
      this.#logRefused(tree, 'control');
      return { ok: false, problems: tree.problems.map(toReport) };
    }
    this.#putInForce(text, tree, 'control');
    this.onChanged(text);
    return { ok: true, hash: this.#hash, rules: this.ruleCount };
  }

  /** The same for a text that comes from another node. */
  take(text: string): AclApplyResult {
    const tree = parseAcl(text);
    if (hasErrors(tree.problems)) return { ok: false, problems: tree.problems.map(toReport) };
    this.#putInForce(text, tree, 'cluster');
    return { ok: true, hash: this.#hash, rules: this.ruleCount };
  }

  /** The text in force. */
  get text(): string {
    return this.#text;
  }

  /** The file as it was last seen; undefined without one. */
  get file(): { readonly path: string; readonly hash: string; readonly changedAtMs: number } | undefined {
    return this.#path === undefined || this.#file === undefined ? undefined : { path: this.#path, ...this.#file };
  }

  dispose(): void {
    this.#disposed = true;
    this.#store.dispose();
  }

  async #loadFirst(path: string): Promise<void> {
    const text = await readText(path);
    const tree = parseAcl(text);
    const problem = firstError(tree);
    if (problem !== undefined) {
      const { line, column, code, message, hint } = problem;
      const details = { path, line, column, problem: code };
      throw new BusbarError('ACL_SYNTAX', `${path}:${line}:${column}: ${message}`, { hint, details });
    }
    this.#seen = aclHash(text);
    this.#file = { hash: this.#seen, changedAtMs: (await stat(path)).mtimeMs };
    this.#putInForce(text, tree, 'file');
  }

  #putInForce(text: string, tree: AclTree, source: 'file' | 'control' | 'cluster'): void {
    const hash = aclHash(text);
    if (hash === this.#hash && this.#book.epoch > 0) return;
    this.#book.replace(compileAcl(tree));
    this.#hash = hash;
    this.#text = text;
    this.#appliedAtMs = Date.now();
    this.#log.info('acl_applied', { source, path: this.#path, rules: this.ruleCount, hash });
  }

  #logRefused(tree: AclTree, source: 'file' | 'control'): void {
    const problem = firstError(tree);
    const { line, column, code, message } = problem ?? {};
    const errors = tree.problems.filter((one) => one.severity === 'error').length;
    this.#log.error('acl_refused', { source, path: this.#path, line, column, code, reason: message, errors });
  }

  /** Watches the folder, not the file: editors replace files, and the folder sees that too. Also that of a linked file. */
  async #watch(path: string): Promise<void> {
    const folders = new Set([dirname(path), dirname(await realpath(path))]);
    for (const folder of folders) {
      try {
        const watcher: FSWatcher = watch(folder, { persistent: false }, () => this.#changed());
        watcher.on('error', (error) => this.#log.warn('acl_watch_failed', { path, reason: messageOf(error) }));
        this.#store.add(toDisposable(() => watcher.close()));
      } catch (error) {
        this.#log.warn('acl_watch_failed', { path, reason: messageOf(error) });
      }
    }
    // The file may have changed between the first look and the watch.
    this.#changed();
  }

  #changed(): void {
    this.#again = true;
    if (this.#checking || this.#disposed) return;
    this.#checking = true;
    void this.#checkUntilQuiet().finally(() => {
      this.#checking = false;
    });
  }

  async #checkUntilQuiet(): Promise<void> {
    while (this.#again && !this.#disposed) {
      this.#again = false;
      // The folder may be busy with other files: look closer only when this one was touched.
      const stamp = await this.#stampNow();
      if (stamp === this.#stamp) continue;
      const before = await this.#look();
      await new Promise((done) => setTimeout(done, SETTLE_MS).unref());
      const after = await this.#look();
      if (this.#disposed) return;
      if (before.hash !== after.hash || stamp !== (await this.#stampNow())) {
        this.#again = true;
        continue;
      }
      this.#stamp = stamp;
      if (after.hash !== this.#seen) this.#take(after);
    }
  }

  async #stampNow(): Promise<string> {
    const found = await stat(this.#path as string, { bigint: true }).catch(() => undefined);
    return found === undefined ? 'missing' : `${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`;
  }

  async #look(): Promise<Look> {
    try {
      const text = await readText(this.#path as string);
      return { text, hash: aclHash(text) };
    } catch (error) {
      return { hash: 'unreadable', reason: messageOf(error) };
    }
  }

  #take(look: Look): void {
    this.#seen = look.hash;
    if ('reason' in look) {
      this.#log.warn('acl_file_unreadable', { path: this.#path, reason: look.reason });
      return;
    }
    const tree = parseAcl(look.text);
    if (hasErrors(tree.problems)) this.#logRefused(tree, 'file');
    else {
      this.#file = { hash: look.hash, changedAtMs: Date.now() };
      this.#putInForce(look.text, tree, 'file');
      this.onChanged(look.text);
    }
  }
}
