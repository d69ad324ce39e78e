/**
 * A node's folder: who it is (R1), how often it has lived (R2), and that it lives once (R3 of cluster-protocol.md).
 *
 *     node.lock.db   held by an exclusive lock of the operating system while the node runs; a crash releases it
 *     node.pid       who holds it, for the message a second start gets
 *     node.json      {"nodeId": "…", "incarnation": 1763640000000}
 */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { BusbarError, messageOf } from '../base/errors.ts';
import type { NodeId } from '../base/ids.ts';
import { writeFileAtomically } from './atomicFile.ts';

const OWNER_ONLY = 0o700;
const OWNER_READS = 0o600;
const NODE_ID = /^[0-9a-f]{32}$/;

export interface NodeLife {
  readonly nodeId: NodeId;
  /** Grows with every start, across clock steps and restored backups. */
  readonly incarnation: number;
  /** 8 random bytes of this start as 16 hex digits. */
  readonly nonce: string;
  /** The folder is a copy that got an identity of its own (R4): what it says of members is said of another node. */
  readonly isCopy?: boolean;
}

export interface DataDir {
  readonly path: string;
  readonly life: NodeLife;
  /** Draws another node id for the next start, for a folder that is a copy (R4); what it holds stays. Answers with the id. */
  reidentify(): Promise<NodeId>;
  /** What the folder said of the node it was copied from is forgotten. */
  forgotOrigin(): Promise<void>;
  /** Releases the lock. */
  close(): void;
}

/** Creates or opens the folder and takes its lock. Rejects with DATA_DIR_IN_USE naming the pid, or DATA_DIR_UNUSABLE. */
export async function openDataDir(path: string, nowMs: number): Promise<DataDir> {
  try {
    await mkdir(path, { recursive: true, mode: OWNER_ONLY });
    await chmod(path, OWNER_ONLY);
  } catch (cause) {
    throw new BusbarError('DATA_DIR_UNUSABLE', `node.data_dir ${path} cannot be used: ${messageOf(cause)}`, { details: { path }, cause });
  }
  const lock = await takeLock(path);
  try {
    const life = await nextLife(path, nowMs);
    await writeFileAtomically(join(path, 'node.pid'), `${process.pid}\n`, OWNER_READS);
    return { path, life, reidentify: () => reidentify(path, life), forgotOrigin: () => writeLife(path, life, false), close: () => lock.close() };
  } catch (cause) {
    lock.close();
    if (cause instanceof BusbarError) throw cause;
    throw new BusbarError('DATA_DIR_UNUSABLE', `node.data_dir ${path} cannot be used: ${messageOf(cause)}`, { details: { path }, cause });
  }
}

async function takeLock(path: string): Promise<DatabaseSync> {
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(join(path, 'node.lock.db'), { timeout: 0 });
    // The system drops the lock when the process ends, however it ends: there are no stale locks to guess about.
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return lock;
  } catch (cause) {
    lock?.close();
    if (!isLocked(cause)) throw new BusbarError('DATA_DIR_UNUSABLE', `node.data_dir ${path} cannot be locked: ${messageOf(cause)}`, { details: { path }, cause });
    const pid = Number.parseInt(await readFile(join(path, 'node.pid'), 'utf8').catch(() => ''), 10);
    const by = Number.isNaN(pid) ? 'another node' : `the node of process ${pid}`;
    throw new BusbarError('DATA_DIR_IN_USE', `node.data_dir ${path} is in use by ${by}`, { details: { path, ...(Number.isNaN(pid) ? {} : { pid }) } });
  }
}

/** SQLITE_BUSY: somebody holds the lock. */
function isLocked(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5;
}

async function nextLife(path: string, nowMs: number): Promise<NodeLife> {
  const file = join(path, 'node.json');
  const stored = await readStored(file);
  const nodeId = (stored?.nodeId ?? randomBytes(16).toString('hex')) as NodeId;
  // R2: the clock term keeps a folder that was restored from an old backup from living a number twice.
  const incarnation = Math.max((stored?.incarnation ?? 0) + 1, nowMs);
  const isCopy = stored?.isCopy === true;
  const life = { nodeId, incarnation, nonce: randomBytes(8).toString('hex'), isCopy };
  await writeLife(path, life, isCopy);
  return life;
}

async function reidentify(path: string, { incarnation }: NodeLife): Promise<NodeId> {
  const nodeId = randomBytes(16).toString('hex') as NodeId;
  await writeLife(path, { nodeId, incarnation }, true);
  return nodeId;
}

function writeLife(path: string, { nodeId, incarnation }: Pick<NodeLife, 'nodeId' | 'incarnation'>, isCopy: boolean): Promise<void> {
  return writeFileAtomically(join(path, 'node.json'), `${JSON.stringify({ nodeId, incarnation, ...(isCopy && { isCopy }) })}\n`, OWNER_READS);
}

async function readStored(file: string): Promise<{ nodeId: string; incarnation: number; isCopy: boolean } | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  // A new id in place of one that cannot be read would make this node a stranger to its cluster: better to stop and ask.
  const damaged = (cause?: unknown) =>
    new BusbarError('DATA_DIR_UNUSABLE', `${file} is damaged`, {
      hint: 'Restore the file from a backup, or delete it to give the node a new identity.',
      details: { file },
      cause,
    });
  try {
    const { nodeId, incarnation, isCopy } = JSON.parse(text) as { nodeId?: unknown; incarnation?: unknown; isCopy?: unknown };
    if (typeof nodeId !== 'string' || !NODE_ID.test(nodeId) || !Number.isSafeInteger(incarnation)) throw damaged();
    return { nodeId, incarnation: incarnation as number, isCopy: isCopy === true };
  } catch (error) {
    throw error instanceof BusbarError ? error : damaged(error);
  }
}
