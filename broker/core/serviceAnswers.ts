/** What a node answers about its services, and how it changes them: the rows and records of rest-api.md section 4. */
import { BusbarError } from '../base/errors.ts';
import type { Json, ServiceName } from '../config/serviceJson.ts';
import type { Message } from '../protocol/message.ts';
import type { DelayedRecord } from './services/delayed.ts';
import { messageId } from './services/messageId.ts';
import type { BrokerServices } from './services/brokerServices.ts';

export interface RetainedRow {
  readonly msgid: string;
  readonly topic: string;
  readonly qos: number;
  /** RFC 3339 */
  readonly publish_at: string;
  /** Empty for messages of the broker itself. */
  readonly from_clientid: string;
  readonly from_username: string;
  /** The node that answers: all nodes keep the same retained messages. */
  readonly node: string;
}

export interface DelayedRow {
  readonly msgid: string;
  readonly node: string;
  readonly topic: string;
  readonly qos: number;
  /** RFC 3339 */
  readonly publish_at: string;
  readonly expected_at: string;
  /** Seconds. */
  readonly delayed_interval: number;
  readonly delayed_remaining: number;
  readonly from_clientid: string;
  readonly from_username: string;
}

export interface ServiceQuestions {
  serviceSettings: { params: { service: ServiceName }; answer: { settings: Json } };
  /** Rejects with BusbarError CONFIG_BAD_VALUE, and then has changed nothing. */
  changeService: { params: { service: ServiceName; changes: Json }; answer: { settings: Json } };
  /** In the order of the store. `count` only without a filter: counting matches would mean to walk over all. */
  retained: {
    params: { topicFilter?: string; offset: number; limit: number };
    answer: { rows: readonly RetainedRow[]; more: boolean; count?: number };
  };
  /** `payload` in base64, left out when it is larger than MAX_SHOWN_PAYLOAD. */
  retainedMessage: { params: { topic: string }; answer: { message: (RetainedRow & { payload?: string }) | null } };
  /** Without a filter everything. */
  cleanRetained: { params: { topicFilter?: string }; answer: { count: number } };
  /** Sorted by the time at which they are due. */
  delayed: { params: { offset: number; limit: number }; answer: { rows: readonly DelayedRow[]; count: number } };
  /** `payload` in base64, or the word PAYLOAD_TOO_LARGE above MAX_SHOWN_DELAYED_PAYLOAD. */
  delayedMessage: { params: { id: string }; answer: { message: (DelayedRow & { payload: string }) | null } };
  /** By id, or all of one topic. */
  removeDelayed: { params: { id: string } | { topic: string }; answer: { count: number } };
}

type ServiceAnswers = {
  readonly [Q in keyof ServiceQuestions]: (
    params: ServiceQuestions[Q]['params'],
  ) => ServiceQuestions[Q]['answer'] | Promise<ServiceQuestions[Q]['answer']>;
};

/** EMQX shows payloads of retained messages up to this many bytes. */
export const MAX_SHOWN_PAYLOAD = 1_048_576;
export const MAX_SHOWN_DELAYED_PAYLOAD = 2048;

/** `changed`: a change is in force. */
export function serviceAnswers(services: BrokerServices, changed: (service: ServiceName) => void): ServiceAnswers {
  const { retainer } = services;
  const node = services.node.config.node.name;
  return {
    serviceSettings: ({ service }) => ({ settings: services.settings(service) }),
    changeService: ({ service, changes }) => {
      const result = services.change(service, changes);
      if (!result.ok) throw new BusbarError('CONFIG_BAD_VALUE', result.message);
      changed(service);
      return { settings: result.settings };
    },
    retained: (params) => retainedPage(services, params),
    retainedMessage: ({ topic }) => {
      const message = retainer.store.get(topic);
      if (message === undefined || retainer.removeIfExpired(message)) return { message: null };
      const shown = message.payload.byteLength <= MAX_SHOWN_PAYLOAD;
      return { message: { ...retainedRow(message, node), ...(shown ? { payload: Buffer.from(message.payload).toString('base64') } : {}) } };
    },
    cleanRetained: ({ topicFilter }) => new Promise((resolve) => retainer.clean(topicFilter, (count) => resolve({ count }))),
    delayed: ({ offset, limit }) => ({
      rows: slice(services.delayed.list(), offset, limit).map((record) => delayedRow(services, record)),
      count: services.delayed.size,
    }),
    delayedMessage: ({ id }) => {
      const record = services.delayed.get(id);
      return { message: record === undefined ? null : { ...delayedRow(services, record), payload: shownPayload(record.message) } };
    },
    removeDelayed: (params) => ({ count: 'id' in params ? Number(services.delayed.remove(params.id)) : services.delayed.removeTopic(params.topic) }),
  };
}

/** `limit` of the items from `offset` on; what follows is not asked for. */
function slice<T>(items: Iterable<T>, offset: number, limit: number): T[] {
  const found: T[] = [];
  let at = 0;
  for (const item of items) {
    if (at >= offset + limit) break;
    if (at >= offset) found.push(item);
    at += 1;
  }
  return found;
}

function shownPayload({ payload }: Message): string {
  return payload.byteLength > MAX_SHOWN_DELAYED_PAYLOAD ? 'PAYLOAD_TOO_LARGE' : Buffer.from(payload).toString('base64');
}

function delayedRow({ node }: BrokerServices, { id, dueAtMs, delaySeconds, message }: DelayedRecord): DelayedRow {
  return {
    msgid: id,
    node: node.config.node.name,
    topic: message.topic,
    qos: message.qos,
    publish_at: new Date(message.timestampMs).toISOString(),
    expected_at: new Date(dueAtMs).toISOString(),
    delayed_interval: delaySeconds,
    delayed_remaining: Math.max(0, Math.ceil((dueAtMs - node.clock.now()) / 1000)),
    from_clientid: message.fromClientId,
    from_username: message.fromUsername ?? '',
  };
}

function retainedPage(
  { retainer, node }: BrokerServices,
  { topicFilter, offset, limit }: ServiceQuestions['retained']['params'],
): Promise<ServiceQuestions['retained']['answer']> {
  const rows: RetainedRow[] = [];
  let toSkip = offset;
  let more = false;
  const visit = (message: Message) => {
    if (retainer.removeIfExpired(message)) return true;
    if (toSkip > 0) toSkip -= 1;
    else if (rows.length < limit) rows.push(retainedRow(message, node.config.node.name));
    else more = true;
    return !more;
  };
  return new Promise((resolve) => {
    retainer.walk(topicFilter, visit, () => resolve({ rows, more, ...(topicFilter === undefined ? { count: retainer.store.size } : {}) }));
  });
}

function retainedRow(message: Message, node: string): RetainedRow {
  return {
    msgid: messageId(message),
    topic: message.topic,
    qos: message.qos,
    publish_at: new Date(message.timestampMs).toISOString(),
    from_clientid: message.fromClientId,
    from_username: message.fromUsername ?? '',
    node,
  };
}
