/** The journal of durable sessions on a simulated disk: one record of bytes per commit, read back into copies at the next start (R62). */
import { applyRecord } from '../../../broker/cluster/sessions/copy/record.ts';
import { BatchReader, BatchWriter, type BatchEntry, type LateEntry } from '../../../broker/cluster/sessions/copy/batch.ts';
import type { SessionCopy } from '../../../broker/cluster/sessions/copy/copy.ts';
import { midKey, type MidKey } from '../../../broker/cluster/sessions/copy/identity.ts';
import type { SimDisk } from './simDisk.ts';

export class SimJournal {
  readonly #disk: SimDisk;
  readonly #act: (step: () => void) => void;
  readonly #writer = new BatchWriter();

  /** `act`: runs a step in the process that writes. */
  constructor(disk: SimDisk, act: (step: () => void) => void) {
    this.#disk = disk;
    this.#act = act;
  }

  add(entry: BatchEntry): void {
    this.#writer.add(entry);
  }

  commit(done: () => void): void {
    this.#disk.write(this.#writer.take(), () => this.#act(done));
  }
}

export interface StoredSessions {
  readonly copies: readonly SessionCopy[];
  readonly late: readonly LateEntry[];
  /** Records that could not be read: from the first of them on everything is left out. */
  readonly unsound: number;
}

/** What the records on a disk come to. */
export function readStored(records: readonly Buffer[]): StoredSessions {
  const copies = new Map<string, SessionCopy>();
  const late = new Map<MidKey, LateEntry>();
  const reader = new BatchReader();
  const take = (entry: BatchEntry) => {
    switch (entry.type) {
      case 'session': {
        const copy = copies.get(entry.clientId);
        if (copy !== undefined) applyRecord(copy, entry.record);
        return;
      }
      case 'copy':
        return void copies.set(entry.copy.clientId, entry.copy);
      case 'drop':
        return void copies.delete(entry.clientId);
      case 'late':
        return void late.set(midKey(entry.late.mid), entry.late);
      case 'lateDone':
        return void late.delete(midKey(entry.mid));
      case 'checkpoint':
    }
  };
  let sound = 0;
  for (const record of records) {
    try {
      for (const entry of [...reader.read(Buffer.from(record))]) take(entry);
    } catch {
      break;
    }
    sound += 1;
  }
  return { copies: [...copies.values()], late: [...late.values()], unsound: records.length - sound };
}
