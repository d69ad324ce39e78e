import { describe, expect, it } from 'vitest';
import { parseSubscription } from './sharedSubscription.ts';
import { TOPIC_PROBLEMS } from './topicProblem.ts';

describe('a subscription', () => {
  it.each([
    ['a/+', { topicFilter: 'a/+', shareGroup: undefined, exclusive: false }],
    ['$SYS/#', { topicFilter: '$SYS/#', shareGroup: undefined, exclusive: false }],
    ['$share/g/a/#', { topicFilter: 'a/#', shareGroup: 'g', exclusive: false }],
    ['$share/g//x', { topicFilter: '/x', shareGroup: 'g', exclusive: false }],
    ['$share/g//', { topicFilter: '/', shareGroup: 'g', exclusive: false }],
    ['$share/g/$SYS/#', { topicFilter: '$SYS/#', shareGroup: 'g', exclusive: false }],
    ['$queue/a', { topicFilter: 'a', shareGroup: '$queue', exclusive: false }],
    ['$exclusive/a/b', { topicFilter: 'a/b', shareGroup: undefined, exclusive: true }],
    ['$share', { topicFilter: '$share', shareGroup: undefined, exclusive: false }],
    ['$queue', { topicFilter: '$queue', shareGroup: undefined, exclusive: false }],
    ['share/g/a', { topicFilter: 'share/g/a', shareGroup: undefined, exclusive: false }],
  ])('%j is read', (text, target) => {
    expect(parseSubscription(text)).toEqual({ ok: true, target });
  });

  it('to the group $queue is the same by either prefix', () => {
    expect(parseSubscription('$share/$queue/a')).toEqual(parseSubscription('$queue/a'));
  });

  it.each([
    ['', 'empty'],
    ['$share/', 'shareGroupMissing'],
    ['$share//x', 'shareGroupMissing'],
    ['$share/g', 'shareFilterMissing'],
    ['$share/g/', 'shareFilterMissing'],
    ['$share/+/x', 'shareGroupWildcard'],
    ['$share/g#/x', 'shareGroupWildcard'],
    ['$share/g/a#', 'hashNotAlone'],
    ['$queue/', 'shareFilterMissing'],
    ['$exclusive/', 'shareFilterMissing'],
    ['$queue/$share/g/x', 'prefixNested'],
    ['$share/g/$share/h/x', 'prefixNested'],
    ['$share/g/$queue/x', 'prefixNested'],
    ['$exclusive/$share/g/x', 'prefixNested'],
    ['$share/g/$exclusive/x', 'prefixNested'],
  ] as const)('%j is refused: %s', (text, problem) => {
    expect(parseSubscription(text)).toEqual({ ok: false, problem });
    expect(TOPIC_PROBLEMS[problem].message).not.toBe('');
  });
});
