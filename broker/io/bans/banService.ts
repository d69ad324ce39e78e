/**
 * Bans: in force from memory, the same on all nodes, swept once a minute. A ban of a client id ends its session wherever it is (S60).
 */
import { readFile, stat } from 'node:fs/promises';
import { BAN_KINDS, BanTable, normalWho, type Ban, type BanKind } from '../../access/bans.ts';
import { parseCsv } from '../../access/csv.ts';
import { FlappingDetector } from '../../access/flapping.ts';
import type { BanPort } from '../../api/banPort.ts';
import { parseBanTime } from '../../api/banTime.ts';
import type { Disposable } from '../../base/disposable.ts';
import { BusbarError, messageOf } from '../../base/errors.ts';
import type { Millis } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import { jsonCodec, type SharedTable, type SharedTables } from '../../cluster/shared/sharedTables.ts';
import type { BrokerConfig } from '../../config/config.ts';
import { Admission } from '../../core/admission.ts';

/** Name of the shared table. */
const TABLE = 'bans';
const SWEEP_MS = 60_000;
const MAX_FILE_BYTES = 64 * 1024 * 1024;
/** Who bans over REST unless the request says otherwise. */
const DEFAULT_BY = 'mgmt_api';

export interface BanServiceOptions {
  readonly config: Pick<BrokerConfig, 'flappingDetect' | 'banned'>;
  readonly tables: SharedTables;
  /** Wall clock. */
  readonly clock: { now(): Millis };
  readonly log: Log;
}

export class BanService implements BanPort, Disposable {
  /** What every CONNECT is checked by. */
  readonly admission: Admission;
  readonly #table = new BanTable();
  /** The bans by the key of their row: a row that is gone does not say what it was. */
  readonly #known = new Map<string, Ban>();
  readonly #tables: SharedTables;
  readonly #rows: SharedTable<Ban>;
  readonly #clock: { now(): Millis };
  readonly #log: Log;
  readonly #sweep: NodeJS.Timeout;
  #kick: (clientId: string) => void = () => {};
  #disposed = false;

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

  private constructor({ config, tables, clock, log }: BanServiceOptions) {
    this.#clock = clock;
    this.#log = log;
    this.#tables = tables;
    this.#rows = tables.open(TABLE, jsonCodec(readBan), (key, ban, origin) => this.#changed(key, ban, origin));
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
    this.#tables.persist();
    this.#log.info('client_ban_created', { as: ban.as, who: ban.who, by: ban.by, reason: ban.reason });
    if (ban.as === 'clientid') this.#kick(ban.who);
    return ban;
  }

  remove(as: BanKind, who: string): boolean {
    const ban = this.#table.get(as, who);
    if (ban === undefined) return false;
    this.#forget([ban]);
    return true;
  }

  clear(): void {
    for (const [key] of [...this.#rows.entries()]) this.#rows.remove(key);
    this.#tables.persist();
  }

  dispose(): void {
    clearInterval(this.#sweep);
    this.#disposed = true;
  }

  #banFlapping(clientId: string, banTimeMs: Millis): void {
    if (this.#disposed) return; // the node has stopped meanwhile
    try {
      this.create({ as: 'clientid', who: clientId, by: 'flapping detector', reason: 'flapping is detected', untilMs: this.#clock.now() + banTimeMs });
    } catch (error) {
      // Somebody else may have banned it; the table may be full.
      this.#log.warn('flapping_not_banned', { clientid: clientId, reason: messageOf(error) });
    }
  }

  /** Checked by the table that is in force, then written for all nodes. */
  #put(ban: Ban): void {
    const problem = this.#table.put(ban);
    if (problem !== undefined) throw new BusbarError('BAN_INVALID', problem);
    this.#rows.put(keyOf(ban), ban);
  }

  #forget(bans: readonly Ban[]): void {
    for (const ban of bans) this.#rows.remove(keyOf(ban));
    if (bans.length > 0) this.#tables.persist();
  }

  /** What another node did. A row that was written here is in force already, but for those of the sweep. */
  #changed(key: string, ban: Ban | undefined, origin: 'local' | 'remote'): void {
    if (ban === undefined) {
      const known = this.#known.get(key);
      this.#known.delete(key);
      if (known !== undefined) this.#table.delete(known.as, known.who);
      return;
    }
    this.#known.set(key, ban);
    if (origin === 'local') return;
    this.#enforce(ban);
    if (ban.as === 'clientid' && ban.untilMs > this.#clock.now()) this.#kick(ban.who);
  }

  #enforce(ban: Ban): void {
    const problem = this.#table.put(ban);
    if (problem !== undefined) this.#log.error('ban_not_loaded', { as: ban.as, who: ban.who, reason: problem });
  }

  #load(): void {
    for (const [key, ban] of this.#rows.entries()) {
      this.#known.set(key, ban);
      this.#enforce(ban);
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
    this.#tables.persist();
    this.#log.info('bans_loaded', { path, count: this.#table.size });
  }
}

function keyOf({ as, who }: Ban): string {
  return `${as} ${normalWho(as, who)}`;
}

/** A row as JSON; for ever is null there. */
function readBan(value: unknown): Ban {
  const { as, who, by, reason, atMs, untilMs } = value as Record<keyof Ban, unknown>;
  const kind = BAN_KINDS.find((known) => known === as);
  if (kind === undefined || typeof who !== 'string' || typeof atMs !== 'number') throw new Error('the row is no ban');
  return { as: kind, who, by: String(by), reason: String(reason), atMs, untilMs: typeof untilMs === 'number' ? untilMs : Number.POSITIVE_INFINITY };
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
