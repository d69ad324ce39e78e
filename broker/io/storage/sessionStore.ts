/**
 * Sessions of a node on disk:
 *
 *     <node.data_dir>/sessions.db              the journal
 *     <node.data_dir>/sessions.new.db          one that is being made from a damaged one
 *     <node.data_dir>/quarantine/<time>/       damaged ones, for whoever wants to look
 *
 * A damaged journal never stops a start: what is sound goes into a new one, the old one is set aside, and one event says so.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { Journal, type LiveSessions } from '../../storage/journal.ts';
import { checkpointOf, recover, type Recovered } from '../../storage/recovery.ts';
import { SegmentFile } from './segmentFile.ts';
import { isDamage, SegmentTable, type ReadProblem, type Synchronous } from './segmentTable.ts';

const FILE = 'sessions.db';
const NEW_FILE = 'sessions.new.db';
const QUARANTINE = 'quarantine';
/**
 * When the last life ended is not known in hybrid time, and the wall clock may be minutes behind that (R36): sessions would expire at once. The
 * engine takes the moment at which it has them again.
 */
const UNKNOWN = 0;
/** What SQLite puts beside a file goes first: a file must never meet the log of another one. */
const PARTS = ['-wal', '-shm', ''];

export interface SessionStoreOptions {
  readonly dataDir: string;
  readonly synchronous: Synchronous;
  readonly log: Log;
  readonly nowMs: number;
  readonly onFailure: (error: Error) => void;
}

interface Found extends Recovered {
  /** Of the segments that could be read. */
  readonly bytes: number;
  readonly end: number;
  readonly problems: readonly ReadProblem[];
}

export class SessionStore {
  /** What the last life left. */
  readonly recovered: Recovered;
  readonly #file: SegmentFile;
  readonly #bytes: number;

  /** Reads what is there; takes as long as that takes. @throws BusbarError DATA_DIR_UNUSABLE when the disk does not let us. */
  static open(options: SessionStoreOptions): SessionStore {
    const path = join(options.dataDir, FILE);
    const newPath = join(options.dataDir, NEW_FILE);
    // The last start got as far as setting the damaged one aside: the new one is complete by then. Otherwise it may not be.
    if (!existsSync(path) && existsSync(newPath)) moveFile(newPath, path);
    else removeFile(newPath);
    const found = read(path, options);
    if (found.problems.length === 0 && found.damage.length === 0) return new SessionStore(options, path, found);
    return new SessionStore(options, path, setAside(path, newPath, found, options));
  }

  private constructor({ synchronous, log, onFailure }: SessionStoreOptions, path: string, found: Found) {
    this.recovered = found;
    this.#bytes = found.bytes;
    this.#file = new SegmentFile({ path, synchronous, end: found.end, log, onFailure });
  }

  /** `live`: all there is, for checkpoints. One journal for one store. `minCheckpointBytes` is for tests. */
  journal(live: LiveSessions, minCheckpointBytes?: number): Journal {
    return new Journal({ store: this.#file, live, storedBytes: this.#bytes, ...(minCheckpointBytes === undefined ? {} : { minCheckpointBytes }) });
  }

  /** Answers when all that was committed is safe. */
  async close(): Promise<void> {
    await this.#file.close();
  }
}

function read(path: string, { synchronous }: SessionStoreOptions): Found {
  const problems: ReadProblem[] = [];
  let bytes = 0;
  let end = 0;
  let table: SegmentTable | undefined;
  try {
    const opened = (table = SegmentTable.open(path, synchronous));
    const counted = function* () {
      for (const segment of opened.read((problem) => problems.push(problem))) {
        bytes += segment.bytes.length;
        end = segment.position + 1;
        yield segment;
      }
    };
    const recovered = recover(counted(), UNKNOWN);
    return { ...recovered, bytes, end, problems };
  } catch (error) {
    if (!isDamage(error)) throw error;
    return { copies: [], late: [], damage: [], bytes: 0, end: 0, problems: [{ position: undefined, reason: messageOf(error) }] };
  } finally {
    table?.close();
  }
}

/** Writes what is sound into a new file first: at no moment is the only copy of it one that is being made. */
function setAside(path: string, newPath: string, found: Found, { dataDir, log, nowMs, synchronous }: SessionStoreOptions): Found {
  const segments = checkpointOf(found);
  const table = SegmentTable.open(newPath, synchronous);
  table.appendAll(segments);
  table.close();
  const quarantine = join(dataDir, QUARANTINE, new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, ''));
  mkdirSync(quarantine, { recursive: true, mode: 0o700 });
  moveFile(path, join(quarantine, basename(path)));
  moveFile(newPath, path);
  const problems = [...found.problems, ...found.damage].map(({ position, reason }) => (position === undefined ? reason : `segment ${position}: ${reason}`));
  log.error('session_store_damaged', {
    path,
    moved_to: quarantine,
    sessions: found.copies.length,
    problems: problems.length,
    first_problem: problems[0],
    hint: 'Sessions were recovered as far as they are sound; other nodes fill in what they have. Messages that only this disk had may be lost, some may come twice.',
  });
  return { ...found, bytes: segments.reduce((sum, segment) => sum + segment.length, 0), end: segments.length };
}

function moveFile(from: string, to: string): void {
  for (const part of PARTS) if (existsSync(from + part)) renameSync(from + part, to + part);
}

function removeFile(path: string): void {
  for (const part of PARTS) rmSync(path + part, { force: true });
}
