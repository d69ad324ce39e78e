import { writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTempDir, removeTempDir } from '../../test/support/tempDir.ts';
import { waitFor } from '../../test/support/waitFor.ts';
import { BusbarError } from '../base/errors.ts';
import { silentLog } from '../base/log.ts';
import type { DelayedRecord } from '../core/services/delayed.ts';
import { DelayedFile } from './delayedFile.ts';

let folder: string;
beforeEach(async () => {
  folder = await createTempDir();
});
afterEach(() => removeTempDir(folder));

function record(id: string, dueAtMs: number, fields: Partial<DelayedRecord['message']> = {}): DelayedRecord {
  return {
    id,
    dueAtMs,
    delaySeconds: 5,
    message: { topic: 'a/b', payload: Uint8Array.of(0, 255, 1), qos: 0, retain: false, properties: {}, fromClientId: 'c', fromUsername: undefined, timestampMs: 1_700_000_000_123, ...fields },
  };
}

const plain = (records: readonly DelayedRecord[]) => records.map(({ message, ...rest }) => ({ ...rest, message: { ...message, payload: [...message.payload] } }));

describe('the file of delayed messages', () => {
  it('gives back what was added and not removed, in every detail, sorted by time', () => {
    const rich = record('1', 2000, {
      qos: 2,
      retain: true,
      fromUsername: 'u',
      properties: { messageExpiryInterval: 60, contentType: 'text', responseTopic: 'r', payloadFormatIndicator: 1, userProperties: [['k', 'v'], ['k', 'w']] },
    });
    const file = DelayedFile.open(folder, silentLog);
    expect(file.records).toEqual([]);
    file.add(rich);
    file.add(record('2', 1000, { qos: 1, payload: new Uint8Array(0) }));
    file.add(record('3', 500));
    file.remove('3');
    file.close();
    const again = DelayedFile.open(folder, silentLog);
    expect(plain(again.records)).toEqual(plain([record('2', 1000, { qos: 1, payload: new Uint8Array(0) }), rich]));
    again.remove('2');
    again.close();
    const third = DelayedFile.open(folder, silentLog);
    expect(third.records.map(({ id }) => id)).toEqual(['1']);
    third.close();
  });

  it('is not made by a node that delays nothing, and is written a moment after the first message', async () => {
    const file = DelayedFile.open(folder, silentLog);
    expect(existsSync(join(folder, 'delayed.db'))).toBe(false);
    file.add(record('1', 1000));
    await waitFor('the file', () => existsSync(join(folder, 'delayed.db')));
    file.close();
  });

  it('that is no database is refused with a way out, and left as it is', async () => {
    await writeFile(join(folder, 'delayed.db'), 'not a database, whatever its name says'.repeat(100));
    expect(() => DelayedFile.open(folder, silentLog)).toThrow(BusbarError);
    expect(() => DelayedFile.open(folder, silentLog)).toThrow(/delayed\.db cannot be read/);
  });
});
