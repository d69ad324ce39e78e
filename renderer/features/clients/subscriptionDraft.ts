/** A subscription while it is being written, and the way from and to the contract's shape. */
import type { SubscriptionSpec } from '../../../electron/contract/connectionParts.ts';
import type { NumberText } from './connectionDraft.ts';

export interface SubscriptionDraft {
  /** One filter a line. */
  filters: string;
  qos: 0 | 1 | 2;
  noLocal: boolean;
  retainAsPublished: boolean;
  retainHandling: 0 | 1 | 2;
  identifier: NumberText;
  alias: string;
  /** 0: by its place in the list. */
  colour: number;
  contentEncoding: 'gzip' | '';
}

const MOST_IDENTIFIER = 268_435_455;

export function subscriptionDraftOf(spec: SubscriptionSpec | undefined): SubscriptionDraft {
  return {
    ...{ filters: spec?.topicFilter ?? '', qos: spec?.qos ?? 1, noLocal: spec?.noLocal ?? false, retainAsPublished: spec?.retainAsPublished ?? false },
    ...{ retainHandling: spec?.retainHandling ?? 0, identifier: spec?.identifier ?? '', alias: spec?.alias ?? '', colour: spec?.colour ?? 0 },
    contentEncoding: spec?.contentEncoding ?? '',
  };
}

/** Whether a subscription says more than its filter and QoS. */
export function hasOptions(spec: SubscriptionSpec | undefined): boolean {
  return spec !== undefined && Object.keys(spec).length > 2;
}

/** A subscription for each line; what the form does not show is kept from `before`. No Local is nothing for shared ones [MQTT-3.8.3-4]. */
export function subscriptionsOf(draft: SubscriptionDraft, before: SubscriptionSpec | undefined): SubscriptionSpec[] {
  const filters = [...new Set(draft.filters.split(/[\r\n]+/).map((line) => line.trim()))].filter((filter) => filter !== '');
  const { identifier } = draft;
  const known = identifier !== '' && Number.isInteger(identifier) && identifier >= 1 && identifier <= MOST_IDENTIFIER;
  return filters.map((topicFilter) => ({
    ...{ topicFilter, qos: draft.qos },
    ...(draft.noLocal && !/^\$(share|queue)\//.test(topicFilter) && { noLocal: true }),
    ...(draft.retainAsPublished && { retainAsPublished: true }),
    ...(draft.retainHandling !== 0 && { retainHandling: draft.retainHandling }),
    ...(known && { identifier }),
    ...(draft.alias.trim() !== '' && filters.length === 1 && { alias: draft.alias.trim() }),
    ...(draft.colour !== 0 && { colour: draft.colour }),
    ...(before?.muted && { muted: true }),
    ...(before?.disabled && { disabled: true }),
    ...(draft.contentEncoding !== '' && { contentEncoding: draft.contentEncoding }),
  }));
}
