/** The project's access rules: read, checked by the language of the broker, written, and put in force on every node. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { AclProblemReport } from '../../broker/api/schema/control.ts';
import { hasErrors } from '../../broker/access/acl/ast.ts';
import { parseAcl } from '../../broker/access/acl/parser.ts';
import type { AclFile, AclNodeResult, AclSaveResult } from '../contract/access.ts';
import { readIfExists, writeFileAtomic } from './atomicFile.ts';
import type { ClusterManager } from './clusterManager.ts';
import type { HostEvents } from './hostEvents.ts';
import type { Project } from './project.ts';

export interface AclDeskOptions {
  readonly project: Project;
  readonly cluster: ClusterManager;
  readonly events: HostEvents;
}

export class AclDesk {
  readonly #options: AclDeskOptions;
  #saving: Promise<unknown> = Promise.resolve();

  constructor(options: AclDeskOptions) {
    this.#options = options;
  }

  /** The file as it is now, and on which nodes it is in force. */
  async get(): Promise<AclFile> {
    const text = (await readIfExists(this.#options.project.layout.aclFile)) ?? '';
    const hash = hashOf(text);
    const nodes = this.#options.cluster.status().nodes.map(({ name, state }): AclNodeResult => {
      if (state !== 'running' && state !== 'joining') return { node: name, state: 'notRunning', hash: null, message: null };
      const inForce = this.#options.cluster.aclInForce(name);
      if (!inForce) return { node: name, state: 'noAnswer', hash: null, message: 'The node has not told its rules yet.' };
      if (inForce.hash === hash) return { node: name, state: 'applied', hash, message: null };
      return { node: name, state: 'refused', hash: inForce.hash, message: 'Other rules are in force on this node.' };
    });
    return this.#file(text, hash, nodes);
  }

  /** Checks, writes, applies. A text with errors changes nothing anywhere. Saves happen one after another. */
  save(text: string): Promise<AclSaveResult> {
    const saved = this.#saving.then(() => this.#save(text));
    this.#saving = saved.catch(() => undefined);
    return saved;
  }

  async #save(text: string): Promise<AclSaveResult> {
    const { problems } = parseAcl(text);
    if (hasErrors(problems)) return { ok: false, problems: problems.map(reportOf) };
    const { project, cluster, events } = this.#options;
    await writeFileAtomic(project.layout.aclFile, text);
    const answers = await cluster.applyAcl(text);
    const nodes = answers.map(({ node, running, result }): AclNodeResult => {
      if (!running) return { node, state: 'notRunning', hash: null, message: null };
      if (!result) return { node, state: 'noAnswer', hash: null, message: 'The node did not answer in time; it reads the file at its next start.' };
      if (result.ok) return { node, state: 'applied', hash: result.hash, message: null };
      return { node, state: 'refused', hash: cluster.aclInForce(node)?.hash ?? null, message: result.problems[0]?.message ?? 'The node refused the rules.' };
    });
    for (const { node, state, message } of nodes) {
      if (state === 'applied') cluster.tell('acl', 'acl.applied', node);
      else if (state !== 'notRunning') cluster.tell('fault', `acl.${state}`, node, message === null ? {} : { reason: message });
    }
    const file = await this.#file(text, hashOf(text), nodes);
    events.emit('acl/changed', file);
    return { ok: true, file };
  }

  async #file(text: string, hash: string, nodes: AclNodeResult[]): Promise<AclFile> {
    const savedAtMs = await stat(this.#options.project.layout.aclFile).then((found) => Math.round(found.mtimeMs), () => 0);
    return { path: 'acl/acl.conf', text, hash, savedAtMs, nodes };
  }
}

/** As a node tells it: SHA-256 of the text in UTF-8. */
function hashOf(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

function reportOf(problem: AclProblemReport): AclProblemReport {
  const { severity, code, message, hint, line, column, endLine, endColumn } = problem;
  return { severity, code, message, hint, line, column, endLine, endColumn };
}
