/**
 * A process that keeps sessions on disk until it is killed: `node sessionWriter.ts <folder> <first n>`. Messages with numbers from `first n`
 * on go to three sessions, three of four are finished later. What is safe is written to `confirmed.txt`, a line each: `+n` is queued, `-n` is
 * finished. `ready` is printed after the first commit.
 */
import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { silentLog } from '../../broker/base/log.ts';
import { SessionCopy } from '../../broker/cluster/sessions/copy/copy.ts';
import { applyRecord, type SessionRecord } from '../../broker/cluster/sessions/copy/record.ts';
import { SessionStore } from '../../broker/io/storage/sessionStore.ts';
import { copyItem, lineage, mid, nodeId, sessionMessage } from './sessionCopies.ts';

const SESSIONS = 3;
/** How many messages later one is finished. */
const FINISH_AFTER = 20;
const MIN_CHECKPOINT_BYTES = 30_000;

const [dataDir = '', first = '1'] = process.argv.slice(2);
const store = SessionStore.open({ dataDir, synchronous: 'full', log: silentLog, nowMs: Date.now(), onFailure: (error) => void setImmediate(() => { throw error; }) });
const copies = new Map(store.recovered.copies.map((copy) => [copy.clientId, copy]));
const journal = store.journal({ copies: () => copies.values(), late: () => [] }, MIN_CHECKPOINT_BYTES);
const confirmed = openSync(join(dataDir, 'confirmed.txt'), 'a');
let n = Number(first);
let isReady = false;

function change(copy: SessionCopy, record: SessionRecord): void {
  if (applyRecord(copy, record)) journal.add({ type: 'session', clientId: copy.clientId, record });
}

function copyOf(number: number): SessionCopy {
  const clientId = `c${number % SESSIONS}`;
  let copy = copies.get(clientId);
  if (copy === undefined) {
    copy = new SessionCopy(clientId, nodeId(1));
    copies.set(clientId, copy);
    journal.add({ type: 'copy', copy });
  }
  return copy;
}

/** Some messages, then one commit. */
function turn(): void {
  const safe: string[] = [];
  for (let count = 1 + (n % 7); count > 0; count -= 1) {
    const item = copyItem({ mid: mid(1, n), dot: { lineage: lineage(1, Number(first)), n }, ord: n, message: sessionMessage('t', 'x'.repeat(n % 50)) });
    change(copyOf(n), { type: 'enqueue', item });
    safe.push(`+${n}`);
    const old = n - FINISH_AFTER;
    if (old % 4 !== 0 && old > 0) {
      change(copyOf(old), { type: 'finish', mid: mid(1, old), at: 0 });
      safe.push(`-${old}`);
    }
    n += 1;
  }
  journal.commit(() => {
    // By the system's own call: what was written is not lost with the process.
    writeSync(confirmed, `${safe.join('\n')}\n`);
    if (!isReady) process.stdout.write('ready\n');
    isReady = true;
  });
  if (journal.counters().pendingBytes < 1_000_000) setImmediate(turn);
  else setTimeout(turn, 1);
}

turn();
