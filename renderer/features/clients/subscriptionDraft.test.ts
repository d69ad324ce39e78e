import { describe, expect, it } from 'vitest';
import type { SubscriptionSpec } from '../../../electron/contract/connectionParts.ts';
import { hasOptions, subscriptionDraftOf, subscriptionsOf } from './subscriptionDraft.ts';

const FULL: SubscriptionSpec = {
  ...{ topicFilter: 'a/#', qos: 2, noLocal: true, retainAsPublished: true, retainHandling: 2, identifier: 7, alias: 'A', colour: 3 },
  ...{ muted: true, disabled: true, contentEncoding: 'gzip' },
};

describe('the form of a subscription', () => {
  it('changes nothing when nothing is typed', () => {
    expect(subscriptionsOf(subscriptionDraftOf(FULL), FULL)).toEqual([FULL]);
    expect(subscriptionsOf(subscriptionDraftOf({ topicFilter: 'a', qos: 0 }), undefined)).toEqual([{ topicFilter: 'a', qos: 0 }]);
    expect([hasOptions(FULL), hasOptions({ topicFilter: 'a', qos: 0 }), hasOptions(undefined)]).toEqual([true, false, false]);
  });

  it('makes one of each line, with a comma as part of a filter, and No Local for none that is shared', () => {
    const draft = { ...subscriptionDraftOf(undefined), filters: ' a,b \n\n$share/g/c\r\na,b', noLocal: true, alias: 'two' };
    expect(subscriptionsOf(draft, undefined)).toEqual([{ topicFilter: 'a,b', qos: 1, noLocal: true }, { topicFilter: '$share/g/c', qos: 1 }]);
  });

  it.each([0, -1, 1.5, 268_435_456, ''] as const)('leaves out the identifier %j', (identifier) => {
    expect(subscriptionsOf({ ...subscriptionDraftOf(undefined), filters: 'a', identifier }, undefined)).toEqual([{ topicFilter: 'a', qos: 1 }]);
  });
});
