/** A project folder: plain text files for people, `.busbar/` for the rest. A file that cannot be read hides only itself. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseDocument } from 'yaml';
import { BusbarError, messageOf } from '../../broker/base/errors.ts';
import { ConnectionSpec } from '../contract/clients.ts';
import type { ProjectInfo } from '../contract/workbench.ts';
import { misfit } from '../contract/misfit.ts';
import { readIfExists, writeFileAtomic } from './atomicFile.ts';
import { addNodeToText, newDefinitionText, parseDefinition, updateYaml } from './clusterDefinition.ts';
import type { ClusterDefinition } from './clusterDefinition.ts';
import { SHIPPED_ACL } from './shippedAcl.ts';
import { displayPath, projectLayout } from './projectLayout.ts';
import type { ProjectLayout } from './projectLayout.ts';
import { lockProject } from './projectLock.ts';
import type { ProjectLock } from './projectLock.ts';

type Problem = ProjectInfo['problems'][number];

/** Saved connections of one project; one more is refused. */
export const MAX_CONNECTIONS = 500;

export class Project {
  readonly layout: ProjectLayout;
  readonly #lock: ProjectLock;
  readonly #connections = new Map<string, ConnectionSpec>();
  /** Grows with every connection saved or removed. */
  #revision = 0;
  /** By file, relative to the root. */
  readonly #problems = new Map<string, Problem>();

  private constructor(layout: ProjectLayout, lock: ProjectLock) {
    this.layout = layout;
    this.#lock = lock;
  }

  /** Opens a folder, making it when it is not there. Throws PROJECT_LOCKED, or PROJECT_UNREADABLE when it cannot be a folder. */
  static async open(root: string): Promise<Project> {
    const layout = projectLayout(root);
    try {
      await mkdir(layout.privateDir, { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw new BusbarError('PROJECT_UNREADABLE', `The folder ${displayPath(root)} cannot be used: ${messageOf(cause)}.`, { cause });
    }
    const project = new Project(layout, await lockProject(layout.lockFile, root));
    try {
      await project.#prepare();
      await project.reload();
      return project;
    } catch (error) {
      project.close();
      throw error;
    }
  }

  get name(): string {
    return basename(this.layout.root);
  }

  get info(): ProjectInfo {
    const problems = [...this.#problems.values()].sort((a, b) => a.file.localeCompare(b.file));
    return { name: this.name, path: this.layout.root, displayPath: displayPath(this.layout.root), problems };
  }

  get connections(): readonly ConnectionSpec[] {
    return [...this.#connections.values()].sort((a, b) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id));
  }

  /** Reads every file anew. Never throws for a file's content: see `info.problems`. */
  async reload(): Promise<void> {
    await this.readDefinition().catch(() => undefined);
    for (;;) {
      const revision = this.#revision;
      const names = await readdir(this.layout.clientsDir).catch(() => []);
      const read = await Promise.all(names.filter((entry) => entry.endsWith('.yaml')).map((name) => this.#readConnection(name)));
      // A connection was saved or removed meanwhile: what was read is old.
      if (revision !== this.#revision) continue;
      this.#takeConnections(read);
      return;
    }
  }

  /** In one step, so that whoever asks while files are being read sees all of the old or all of the new. */
  #takeConnections(read: readonly ReadConnection[]): void {
    this.#connections.clear();
    for (const file of [...this.#problems.keys()]) if (file.startsWith('clients/')) this.#problems.delete(file);
    for (const one of read) {
      if ('spec' in one) this.#connections.set(one.spec.id, one.spec);
      else this.#problems.set(one.file, { file: one.file, message: `${one.file} cannot be read: ${one.problem}`, hint: 'Correct the file or remove it; the other connections work.' });
    }
  }

  /** What `busbar.yaml` says now; undefined without the file. Throws PROJECT_UNREADABLE, which also becomes a problem. */
  async readDefinition(): Promise<ClusterDefinition | undefined> {
    const text = await readIfExists(this.layout.definitionFile);
    this.#problems.delete('busbar.yaml');
    if (text === undefined) return undefined;
    try {
      return parseDefinition(text);
    } catch (error) {
      const hint = 'Correct the file; until then the cluster cannot be started. The rest of the project works.';
      this.#problems.set('busbar.yaml', { file: 'busbar.yaml', message: messageOf(error), hint });
      throw error;
    }
  }

  /** Writes a new `busbar.yaml` of `nodes` nodes. Never replaces one. */
  async createDefinition(nodes: number): Promise<ClusterDefinition> {
    const existing = await this.readDefinition();
    if (existing) return existing;
    const text = newDefinitionText(this.name.replaceAll(/[^A-Za-z0-9_-]/g, '-').slice(0, 64) || 'busbar', nodes);
    await writeFileAtomic(this.layout.definitionFile, text);
    return parseDefinition(text);
  }

  /** Adds one node to `busbar.yaml`, or makes the file with one node. Returns the definition and the new node's name. */
  async addNode(): Promise<{ definition: ClusterDefinition; name: string }> {
    const existing = await this.readDefinition();
    const text = existing && (await readIfExists(this.layout.definitionFile));
    if (text === undefined) {
      const definition = await this.createDefinition(1);
      return { definition, name: definition.nodes[0]?.name ?? '' };
    }
    const added = addNodeToText(text);
    await writeFileAtomic(this.layout.definitionFile, added.text);
    return { definition: parseDefinition(added.text), name: added.name };
  }

  /** Creates or replaces one connection file. A broken file of this name is not overwritten. */
  async saveConnection(spec: ConnectionSpec): Promise<ConnectionSpec> {
    const file = `clients/${spec.id}.yaml`;
    const problem = this.#problems.get(file);
    if (problem) throw new BusbarError('PROJECT_UNREADABLE', problem.message, { hint: `Correct or remove ${file} first; it would be lost otherwise.` });
    if (!this.#connections.has(spec.id) && this.#connections.size >= MAX_CONNECTIONS) {
      throw new BusbarError('BAD_REQUEST', `The project has ${MAX_CONNECTIONS} connections already.`, { hint: 'Remove connections that are not used.' });
    }
    const path = join(this.layout.clientsDir, `${spec.id}.yaml`);
    await writeFileAtomic(path, updateYaml(await readIfExists(path), inSchemaOrder(spec)));
    this.#connections.set(spec.id, spec);
    this.#revision += 1;
    return spec;
  }

  async removeConnection(id: string): Promise<void> {
    this.connection(id);
    await rm(join(this.layout.clientsDir, `${id}.yaml`), { force: true });
    this.#connections.delete(id);
    this.#revision += 1;
  }

  /** Throws CONNECTION_UNKNOWN. */
  connection(id: string): ConnectionSpec {
    const spec = this.#connections.get(id);
    if (!spec) throw new BusbarError('CONNECTION_UNKNOWN', `There is no connection ${id} in this project.`, { details: { id } });
    return spec;
  }

  /** A secret of this project, made at first use and kept with mode 0600. */
  async secret(file: string): Promise<string> {
    const kept = (await readIfExists(file))?.trim();
    if (kept) return kept;
    const made = randomBytes(24).toString('base64url');
    await writeFileAtomic(file, `${made}\n`, 0o600);
    return made;
  }

  /** Lets the folder go. */
  close(): void {
    this.#lock.release();
  }

  async #prepare(): Promise<void> {
    const { gitignore, aclFile } = this.layout;
    const ignored = await readIfExists(gitignore);
    if (ignored === undefined) await writeFileAtomic(gitignore, '.busbar/\n');
    else if (!/^\/?\.busbar\/?$/m.test(ignored)) await writeFileAtomic(gitignore, `${ignored.replace(/\n?$/, '\n')}.busbar/\n`);
    if ((await readIfExists(aclFile)) === undefined) await writeFileAtomic(aclFile, SHIPPED_ACL);
  }

  async #readConnection(name: string): Promise<ReadConnection> {
    const file = `clients/${name}`;
    const document = parseDocument((await readIfExists(join(this.layout.clientsDir, name))) ?? '');
    const syntax = document.errors[0];
    if (syntax) return { file, problem: syntax.message.split('\n')[0] ?? 'not YAML' };
    const read: unknown = document.toJS();
    const problem = misfit(ConnectionSpec, read);
    if (problem !== undefined) return { file, problem };
    const spec = read as ConnectionSpec;
    return `${spec.id}.yaml` === name ? { spec } : { file, problem: `its id is ${spec.id}, which does not fit the file's name` };
  }
}

/** A connection's file as it was read: the connection, or what is wrong with the file. */
type ReadConnection = { readonly spec: ConnectionSpec } | { readonly file: string; readonly problem: string };

/** Files of one kind have their keys in one order, whoever wrote them: a diff shows what changed. */
function inSchemaOrder(spec: ConnectionSpec): Record<string, unknown> {
  const values: Record<string, unknown> = spec;
  return Object.fromEntries(Object.keys(ConnectionSpec.properties).flatMap((key) => (values[key] === undefined ? [] : [[key, values[key]]])));
}
