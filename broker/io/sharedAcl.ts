/**
 * The rules of `acl.conf` as the cluster has them: one shared row with the whole text (R34). Rules that are put in force on one node by
 * the API, by the supervisor or by an edit of its file are put in force on all, also on those that were away. At a start the newest
 * change wins: the file of this node only when it was edited after the row was written.
 */
import type { AclQuestions } from '../api/aclQuestions.ts';
import type { AclApplyResult } from '../api/schema/control.ts';
import type { Log } from '../base/log.ts';
import { jsonCodec, type SharedTable, type SharedTables } from '../cluster/shared/sharedTables.ts';
import { wallMsOf } from '../cluster/stamp.ts';
import { aclHash, type AclFile } from './aclFile.ts';

/** Name of the shared table, and the key of its one row. */
const TABLE = 'acl';
const KEY = 'file';

interface Row {
  readonly text: string;
  /** Hash of the file beside the text when it was written: a file that still is like that was not edited since. */
  readonly file: string;
}

export interface SharedAclOptions {
  readonly tables: SharedTables;
  readonly acl: AclFile;
  readonly log: Log;
}

type AclAnswers = { readonly [Q in keyof AclQuestions]: (params: AclQuestions[Q]['params']) => AclQuestions[Q]['answer'] };

export class SharedAcl {
  readonly #options: SharedAclOptions;
  readonly #rows: SharedTable<Row>;
  /** Why the rules of the cluster are not in force here. */
  #problem: string | undefined;

  /** The rules that hold are in force when it returns. */
  constructor(options: SharedAclOptions) {
    this.#options = options;
    const { tables, acl, log } = options;
    this.#rows = tables.open(TABLE, jsonCodec(readRow), (_key, row, origin) => {
      if (origin === 'remote' && row !== undefined) this.#take(row);
    });
    acl.onChanged = (text) => this.#share(text);
    const row = this.#rows.get(KEY);
    if (row === undefined) return;
    const { file } = acl;
    const writtenMs = wallMsOf(this.#rows.stamp(KEY)?.at ?? 0);
    if (file !== undefined && file.hash !== row.file && file.hash !== aclHash(row.text) && file.changedAtMs > writtenMs) {
      log.info('acl_file_is_newer', { path: file.path, message: 'It was edited after the rules of the cluster were changed last: it holds, on all nodes.' });
      this.#share(acl.text);
      return;
    }
    if (file !== undefined && file.hash !== aclHash(row.text)) {
      log.warn('acl_of_cluster_in_force', { path: file.path, hint: 'The rules were changed at run time, later than this file. Edit the file to let it hold again.' });
    }
    this.#take(row);
  }

  get answers(): AclAnswers {
    const { acl } = this.#options;
    return {
      acl: () => ({ text: acl.text, hash: acl.hash, rules: acl.ruleCount, path: acl.file?.path ?? null, problem: this.#problem ?? null }),
      aclStatus: () => ({ hash: acl.hash, rules: acl.ruleCount, problem: this.#problem ?? null }),
      applyAcl: ({ text }) => this.apply(text),
    };
  }

  /** Puts a text in force on all nodes, or changes nothing and says why. */
  apply(text: string): AclApplyResult {
    return this.#options.acl.apply(text);
  }

  #share(text: string): void {
    this.#problem = undefined;
    const row = { text, file: this.#options.acl.file?.hash ?? '' };
    // Several nodes are told at once by a supervisor: the first that writes it down spares the others.
    if (this.#rows.get(KEY)?.text === text) return;
    this.#rows.put(KEY, row);
    this.#options.tables.persist();
  }

  /** R39: rules that this version does not understand stay in the table, and the old ones in force. */
  #take({ text }: Row): void {
    const result = this.#options.acl.take(text);
    this.#problem = result.ok ? undefined : (result.problems.find(({ severity }) => severity === 'error')?.message ?? 'The rules are not valid here');
    if (this.#problem !== undefined) this.#options.log.error('acl_of_cluster_not_applied', { reason: this.#problem, hint: 'Run the same version on all nodes.' });
  }
}

function readRow(value: unknown): Row {
  const { text, file } = value as Record<keyof Row, unknown>;
  if (typeof text !== 'string') throw new Error('the row is no acl.conf');
  return { text, file: String(file) };
}
