import { describe, expect, it } from 'vitest';
import { SubscriptionList } from './subscriptionList.ts';

describe('the subscriptions of a connection', () => {
  it('tell what is wanted apart from what was granted', () => {
    const list = new SubscriptionList([{ topicFilter: 'a', qos: 2 }, { topicFilter: 'b', qos: 0 }]);
    expect(list.unanswered).toHaveLength(2);
    list.grant('a', 1);
    list.grant('b', 0x87);
    expect(list.states).toEqual([
      { topicFilter: 'a', qos: 2, granted: 1, count: 0 },
      { topicFilter: 'b', qos: 0, granted: 0x87, count: 0 },
    ]);
    expect(list.unanswered).toEqual([]);
    list.want({ topicFilter: 'a', qos: 0 });
    expect(list.unanswered).toEqual([{ topicFilter: 'a', qos: 0 }]);
  });

  it('ask the broker anew only for what it hears of', () => {
    const list = new SubscriptionList([{ topicFilter: 'a', qos: 1 }]);
    list.grant('a', 1);
    list.want({ topicFilter: 'a', qos: 1, alias: 'A', colour: 3, muted: true, contentEncoding: 'gzip' });
    expect([list.unanswered, list.state('a')]).toEqual([[], { topicFilter: 'a', qos: 1, granted: 1, count: 0 }]);
    for (const change of [{ noLocal: true }, { retainAsPublished: true }, { retainHandling: 2 as const }, { identifier: 7 }]) {
      list.want({ topicFilter: 'a', qos: 1, ...change });
      expect(list.unanswered).toEqual([{ topicFilter: 'a', qos: 1, ...change }]);
      list.grant('a', 1);
    }
  });

  it('that are off or gone are to be forgotten by the broker, if it has them and keeps the session', () => {
    const list = new SubscriptionList(['off', 'gone', 'refused'].map((topicFilter) => ({ topicFilter, qos: 1 })));
    for (const [topicFilter, code] of [['off', 1], ['gone', 0], ['refused', 0x87]] as const) list.grant(topicFilter, code);
    list.want({ topicFilter: 'off', qos: 1, disabled: true });
    list.drop('gone');
    list.drop('refused');
    expect([list.unforgotten, list.unanswered, list.count('off')]).toEqual([['off', 'gone'], [], []]);
    list.begin(true);
    list.forgotten('gone');
    expect(list.unforgotten).toEqual(['off']);
    list.want({ topicFilter: 'off', qos: 1 });
    expect([list.unforgotten, list.unanswered]).toEqual([[], [{ topicFilter: 'off', qos: 1 }]]);
    list.grant('off', 1);
    list.drop('off');
    list.begin(false);
    expect(list.unforgotten).toEqual([]);
  });

  it('count a message for each filter that matches, shared ones by their filter', () => {
    const list = new SubscriptionList(['room/+', '#', '$share/g/room/#', 'other'].map((topicFilter) => ({ topicFilter, qos: 0 })));
    expect(list.count('room/1')).toEqual(['room/+', '#', '$share/g/room/#']);
    expect(list.count('$SYS/x')).toEqual([]);
    expect(list.states.map(({ count }) => count)).toEqual([1, 1, 1, 0]);
  });

  it('begin anew with a connection; what a kept session holds needs no asking', () => {
    const list = new SubscriptionList([{ topicFilter: 'a', qos: 1 }]);
    list.grant('a', 1);
    list.count('a');
    list.begin(true);
    expect(list.states).toEqual([{ topicFilter: 'a', qos: 1, granted: 1, count: 0 }]);
    list.begin(false);
    expect(list.unanswered).toHaveLength(1);
  });
});
