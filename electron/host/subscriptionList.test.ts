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
    list.want('a', 0);
    expect(list.unanswered).toEqual([{ topicFilter: 'a', qos: 0 }]);
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
