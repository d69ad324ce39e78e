import { describe, expect, it } from 'vitest';
import { MessageLog } from './messageLog.ts';

const run = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => ({ seq: from + index, ack: null as number | null }));
const seqs = (log: MessageLog<{ seq: number; ack: number | null }>) => log.items.map(({ seq }) => seq);

describe('the messages a window holds', () => {
  it('start wherever the first page starts and grow at the end', () => {
    const log = new MessageLog();
    log.append(run(5, 7));
    log.append(run(8, 9));
    expect([seqs(log), log.hasOlder, log.lastSeq]).toEqual([[5, 6, 7, 8, 9], true, 9]);
  });

  it('pass over what they hold already', () => {
    const log = new MessageLog();
    log.append(run(1, 3));
    expect(log.append(run(2, 4))).toBeUndefined();
    expect(seqs(log)).toEqual([1, 2, 3, 4]);
  });

  it('never have a gap: a run that does not join on is named instead', () => {
    const log = new MessageLog();
    log.append(run(1, 3));
    expect(log.append(run(6, 7))).toEqual({ missingAfter: 3 });
    expect(seqs(log)).toEqual([1, 2, 3]);
  });

  it('leave the window oldest first when there are too many', () => {
    const log = new MessageLog(10);
    log.append(run(1, 10));
    log.append(run(11, 11));
    expect([seqs(log), log.hasOlder]).toEqual([[3, 4, 5, 6, 7, 8, 9, 10, 11], true]);
  });

  it('take an older page in front when it joins on', () => {
    const log = new MessageLog();
    log.append(run(5, 6));
    log.prepend(run(1, 3));
    expect(seqs(log)).toEqual([5, 6]);
    log.prepend(run(2, 5));
    expect(seqs(log)).toEqual([2, 3, 4, 5, 6]);
  });

  it('learn the broker’s answer without changing the list that was handed out', () => {
    const log = new MessageLog();
    log.append(run(3, 4));
    const before = log.items;
    log.ack(4, 0x87);
    log.ack(99, 0);
    expect([before[1]?.ack, log.find(4)?.ack, log.find(2)]).toEqual([null, 0x87, undefined]);
  });
});
