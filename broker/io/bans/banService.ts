/**
 * The bans of one node: in force from memory, kept in `<data_dir>/bans.db`, swept once a minute. A ban of a client id ends its session.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { BAN_KINDS, BanTable, type Ban, type BanKind } from '../../access/bans.ts';
import { parseCsv } from '../../access/csv.ts';
import { FlappingDetector } from '../../access/flapping.ts';
import type { BanPort } from '../../api/banPort.ts';
import { parseBanTime } from '../../api/banTime.ts';
import type { Disposable } from '../../base/disposable.ts';
import { BusbarError, messageOf } from '../../base/errors.ts';
import type { Millis } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { BrokerConfig } from '../../config/config.ts';
import { Admission } from '../../core/admission.ts';
import { openDatabase } from '../database.ts';

export const BANS_FILE = 'bans.db';
const VERSION = 1;
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS bans (
    kind TEXT NOT NULL, who TEXT NOT NULL, by TEXT NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL, until INTEGER,
    PRIMARY KEY (kind, who)
  ) STRICT, WITHOUT ROWID;
`;
const SWEEP_MS = 60_000;
const MAX_FILE_BYTES = 64 * 1024 * 1024;
/** Who bans over REST unless the request says otherwise. */
const DEFAULT_BY = 'mgmt_api';

export interface BanServiceOptions {
  readonly config: Pick<BrokerConfig, 'node' | 'flappingDetect' | 'banned'>;
  /** Wall clock. */
  readonly clock: { now(): Millis };
  readonly log: Log;
}

export class BanService implements BanPort, Disposable {
  /** What every CONNECT is checked by. */
  readonly admission: Admission;
  readonly #table = new BanTable();
  readonly #db: DatabaseSync;
  readonly #clock: { now(): Millis };
  readonly #log: Log;
  readonly #sweep: NodeJS.Timeout;
  #kick: (clientId: string) => void = () => {};

  /** Rejects with DATA_DIR_UNUSABLE, BAN_BAD_FILE. */
  static async open(options: BanServiceOptions): Promise<BanService> {
    const service = new BanService(options);
    const { bootstrapFile } = options.config.banned;
    try {
      if (bootstrapFile !== undefined && service.#table.isEmpty) await service.#bootstrap(bootstrapFile);
    } catch (error) {
      service.dispose();
      throw error;
    }
    return service;
  }

  private constructor({ config, clock, log }: BanServiceOptions) {
    this.#clock = clock;
    this.#log = log;
    this.#db = openDatabase(join(config.node.dataDir, BANS_FILE), SCHEMA, VERSION);
    this.admission = new Admission({
      bans: this.#table,
      flapping: new FlappingDetector(config.flappingDetect),
      clock,
      log,
      onFlapping: (clientId) => void setImmediate(() => this.#banFlapping(clientId, config.flappingDetect.banTimeMs)),
    });
    this.#load();
    this.#sweep = setInterval(() => this.#forget(this.#table.sweep(clock.now())), SWEEP_MS);
    this.#sweep.unref();
  }

  /** How the session of a client id is ended, once there are sessions. */
  onBanned(kick: (clientId: string) => void): void {
    this.#kick = kick;
  }

  list(): readonly Ban[] {
    this.#forget(this.#table.sweep(this.#clock.now()));
    return this.#table.list();
  }

  create(given: Pick<Ban, 'as' | 'who'> & Partial<Ban>): Ban {
    const nowMs = this.#clock.now();
    const ban: Ban = {
      as: given.as,
      who: given.who,
      by: given.by ?? DEFAULT_BY,
      reason: given.reason ?? '',
      atMs: given.atMs ?? nowMs,
      untilMs: given.untilMs ?? Number.POSITIVE_INFINITY,
    };
    if (ban.untilMs <= nowMs) throw new BusbarError('BAN_INVALID', 'until lies in the past');
    const live = this.#table.get(ban.as, ban.who);
    if (live !== undefined && live.untilMs > nowMs) throw new BusbarError('BAN_EXISTS', `${ban.as} ${ban.who.slice(0, 128)} is banned already`, { details: { ban: live } });
    this.#put(ban);
    this.#log.info('client_ban_created', { as: ban.as, who: ban.who, by: ban.by, reason: ban.reason });
    if (ban.as === 'clientid') this.#kick(ban.who);
    return ban;
  }

  remove(as: BanKind, who: string): boolean {
    const ban = this.#table.get(as, who);
    if (ban === undefined) return false;
    this.#forget([ban]);
    return this.#table.delete(as, who);
  }

  clear(): void {
    this.#db.exec('DELETE FROM bans');
    this.#table.clear();
  }

  dispose(): void {
    clearInterval(this.#sweep);
    if (this.#db.isOpen) this.#db.close();
  }

  #banFlapping(clientId: string, banTimeMs: Millis): void {
    if (!this.#db.isOpen) return; // the node has stopped meanwhile
    try {
      this.create({ as: 'clientid', who: clientId, by: 'flapping detector', reason: 'flapping is detected', untilMs: this.#clock.now() + banTimeMs });
    } catch (error) {
      // Somebody else may have banned it; the table may be full.
      this.#log.warn('flapping_not_banned', { clientid: clientId, reason: messageOf(error) });
    }
  }

  #put(ban: Ban): void {
    const problem = this.#table.put(ban);
    if (problem !== undefined) throw new BusbarError('BAN_INVALID', problem);
    const until = ban.untilMs === Number.POSITIVE_INFINITY ? null : ban.untilMs;
    this.#db
      .prepare('INSERT OR REPLACE INTO bans (kind, who, by, reason, at, until) VALUES (?, ?, ?, ?, ?, ?)')
      .run(ban.as, ban.who, ban.by, ban.reason, ban.atMs, until);
  }

  #forget(bans: readonly Ban[]): void {
    if (bans.length === 0) return;
    const remove = this.#db.prepare('DELETE FROM bans WHERE kind = ? AND who = ?');
    for (const { as, who } of bans) remove.run(as, who);
  }

  #load(): void {
    for (const row of this.#db.prepare('SELECT kind, who, by, reason, at, until FROM bans').iterate()) {
      const { kind, who, by, reason, at, until } = row as { kind: BanKind; who: string; by: string; reason: string; at: number; until: number | null };
      const problem = this.#table.put({ as: kind, who, by, reason, atMs: at, untilMs: until ?? Number.POSITIVE_INFINITY });
      if (problem !== undefined) this.#log.error('ban_not_loaded', { as: kind, who, reason: problem });
    }
  }

  async #bootstrap(path: string): Promise<void> {
    const rows = parseCsv(await readText(path), 'who');
    if (rows === undefined) throw new BusbarError('BAN_BAD_FILE', `${path} is no CSV with a header row`, { details: { path } });
    const nowMs = this.#clock.now();
    rows.forEach((row, index) => {
      const ban = readRow(row, nowMs);
      if (ban === undefined) throw new BusbarError('BAN_BAD_FILE', `Row ${index + 1} of ${path} is no ban`, { details: { path, row: index + 1 } });
      if (ban.untilMs > nowMs) this.#put(ban);
    });
    this.#log.info('bans_loaded', { path, count: this.#table.size });
  }
}

async function readText(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) throw new Error(`it has ${size} bytes, more than ${MAX_FILE_BYTES}`);
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  } catch (cause) {
    throw new BusbarError('BAN_BAD_FILE', `Cannot read ${path}: ${messageOf(cause)}`, { details: { path }, cause });
  }
}

function readRow(row: Readonly<Record<string, string>>, nowMs: Millis): Ban | undefined {
  const { as = '', who = '', by = '', reason = '', at = '', until = '' } = row;
  const kind = BAN_KINDS.find((known) => known === as);
  const atMs = at === '' ? nowMs : parseBanTime(at);
  const untilMs = until === '' ? Number.POSITIVE_INFINITY : parseBanTime(until);
  if (kind === undefined || who === '' || atMs === undefined || untilMs === undefined) return undefined;
  return { as: kind, who, by: by === '' ? 'bootstrap_file' : by, reason, atMs, untilMs };
}
