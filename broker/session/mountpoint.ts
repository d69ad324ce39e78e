/**
 * The mountpoint of a listener: a prefix that its clients do not see. It is put before topics on their way in (publish, will,
 * subscribe, unsubscribe) and taken off on delivery, so sessions, routes and retained messages know mounted topics only.
 * Access rules are asked about the topic as the client sent it (broker-contract 1.4, 3.4).
 */
import type { ClientInfo } from '../protocol/clientInfo.ts';
import { Publication } from './publication.ts';

/** EMQX 5's `${clientid}` and EMQX 4's `%c`; longest first, so that nothing is taken for the start of another. */
const PLACEHOLDER = /\$\{(clientid|username|client_attrs\.[A-Za-z0-9_-]+)\}|%([cu])/g;
const MAX_TOPIC_BYTES = 65_535;
/** What stands before the filter that is matched: it stays in front of the mountpoint. */
const FILTER_PREFIX = /^\$(?:share\/[^/]+|queue|exclusive)\//;
const DELAYED_PREFIX = /^\$delayed\/[^/]+\//;

/**
 * The mountpoint of one client. A placeholder without a value stays as it is, as in EMQX. Undefined when the client's own words
 * would make a wildcard of it: it would then reach what is mounted for others.
 */
export function renderMountpoint(template: string, client: ClientInfo): string | undefined {
  if (template === '') return '';
  const rendered = template.replace(PLACEHOLDER, (placeholder: string, name: string | undefined, letter: string | undefined) => valueOf(name ?? letter ?? '', client) ?? placeholder);
  return /[+#\0]/.test(rendered) ? undefined : rendered;
}

function valueOf(name: string, client: ClientInfo): string | undefined {
  if (name === 'clientid' || name === 'c') return client.clientId;
  if (name === 'username' || name === 'u') return client.username;
  return client.attributes?.[name.slice('client_attrs.'.length)];
}

/** The topic of a message; that of a delayed one stands behind its time. */
export function mountTopic(mountpoint: string, topic: string): string {
  if (mountpoint === '') return topic;
  const prefix = topic.charCodeAt(0) === 0x24 ? (DELAYED_PREFIX.exec(topic)?.[0] ?? '') : '';
  return prefix + mountpoint + topic.slice(prefix.length);
}

/** A filter; `$share/group/`, `$queue/` and `$exclusive/` stay in front. */
export function mountFilter(mountpoint: string, topicFilter: string): string {
  if (mountpoint === '') return topicFilter;
  const prefix = topicFilter.charCodeAt(0) === 0x24 ? (FILTER_PREFIX.exec(topicFilter)?.[0] ?? '') : '';
  return prefix + mountpoint + topicFilter.slice(prefix.length);
}

/** A topic that is sound on its own may be too long behind a mountpoint [MQTT-4.7.3-3]. */
export function mountedTooLong(mountpoint: string, topic: string): boolean {
  return mountpoint !== '' && (mountpoint.length + topic.length) * 3 > MAX_TOPIC_BYTES && Buffer.byteLength(mountpoint) + Buffer.byteLength(topic) > MAX_TOPIC_BYTES;
}

/** The same message with its mounted topic. */
export function mounted(publication: Publication, topic: string): Publication {
  return new Publication({ ...publication.message, topic });
}

/** The message as its client is to see it. One from outside the mountpoint (`$SYS`, a message to this client alone) is left as it is. */
export function unmounted(publication: Publication, mountpoint: string): Publication {
  const { topic } = publication;
  if (!topic.startsWith(mountpoint) || topic.length === mountpoint.length) return publication;
  return new Publication({ ...publication.message, topic: topic.slice(mountpoint.length) }, publication.sharedBy);
}
