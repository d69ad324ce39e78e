/**
 * What happens in a cluster, in words for whoever runs it (cluster-protocol R74): one sentence for each log event that an operator should
 * read. What an event is about stands in front; what to do is the hint of the event.
 */
import type { LogFields } from '../base/log.ts';

type Sentence = (fields: LogFields) => string;

const text = (value: unknown): string => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : 'unknown');
const count = (value: unknown, one: string, many = `${one}s`): string => `${text(value)} ${value === 1 ? one : many}`;
const seconds = (ms: unknown): string => (typeof ms === 'number' ? `${Math.round(ms / 100) / 10} s` : 'some time');
const named = (value: unknown): string => (typeof value === 'string' ? value : 'a node');

export const SENTENCES: Readonly<Record<string, Sentence>> = {
  // who is there
  cluster_node_up: ({ peer, after_ms: after }) => (after === undefined ? `node ${text(peer)} is linked` : `link to ${text(peer)} is back after ${seconds(after)}`),
  cluster_link_lost: ({ peer, reason }) => `link to ${text(peer)} is lost: ${text(reason)}`,
  cluster_node_down: ({ peer, reason }) => `node ${text(peer)} is given up: ${text(reason)}`,
  cluster_peer_unreachable: ({ peer, address, reason }) => `${named(peer)} cannot be reached at ${text(address)}: ${text(reason)}; this node serves without it`,
  cluster_seed_unreachable: ({ peer, address, reason, for_ms: ms }) => `${named(peer)} could not be reached at ${text(address)} for ${seconds(ms)}: ${text(reason)}`,
  cluster_link_refused: ({ peer, remote, reason, code }) => `a link with ${text(peer ?? remote)} was refused (${text(code)}): ${text(reason)}`,
  cluster_handshakes_full: ({ remote, limit }) => `${text(limit)} strangers are in the middle of a handshake; a connection of ${text(remote)} was closed`,
  cluster_node_stalled: ({ stalled_ms: stalled }) => `this node stood still for ${seconds(stalled)}`,
  cluster_member_replaced: ({ node }) => `node ${text(node)} came back with an empty data directory; it takes the place of the old one, whose sessions go on`,
  cluster_member_removed: ({ node }) => `node ${text(node)} was removed from the cluster`,
  cluster_member_autocleaned: ({ node, away_ms: away }) => `node ${text(node)} was away for ${seconds(away)} and is forgotten (cluster.autoclean)`,
  cluster_rejoined: ({ node }) => `node ${text(node)} was forgotten while it was away and is a member again; its shared tables were replaced by those of the cluster`,
  cluster_forgotten: ({ node }) => `this node ${text(node)} was forgotten while it was away and stays alone (cluster.autoheal is off)`,
  cluster_removed: ({ node }) => `this node ${text(node)} was removed from its cluster and stays alone`,
  cluster_joined: ({ node, backup }) => `node ${text(node)} joined the cluster; what it had of its own is kept in ${text(backup)}`,
  cluster_left: ({ node }) => `node ${text(node)} left the cluster`,
  cluster_member_ignored: ({ node, limit }) => `node ${text(node)} is ignored: there are ${text(limit)} members`,
  cluster_discovery_found: ({ strategy, addresses }) => `discovery (${text(strategy)}) knows ${Array.isArray(addresses) ? addresses.length : text(addresses)} addresses`,
  cluster_discovery_ignored: ({ strategy, ignored }) => `discovery (${text(strategy)}) gave too many addresses; ${text(ignored)} are ignored`,
  cluster_discovery_failed: ({ strategy, reason }) => `discovery (${text(strategy)}) failed: ${text(reason)}`,
  cluster_discovery_recovered: ({ strategy }) => `discovery (${text(strategy)}) works again`,
  cluster_multicast_lost: ({ reason }) => `multicast does not work: ${text(reason)}`,
  // clocks
  cluster_clock_differs: ({ peer, difference_ms: ms }) => `the clocks of this node and ${text(peer)} differ by ${seconds(ms)}`,
  cluster_clock_stepped: ({ step_ms: ms }) => `the clock of this machine jumped by ${seconds(ms)}; the step is ignored until the next start`,
  cluster_stamps_ahead: ({ ahead_ms: ms }) => `a clock in the cluster was ${seconds(ms)} ahead`,
  cluster_clock_not_kept: ({ reason }) => `the bound of stamps cannot be written: ${text(reason)}; a restart may stamp lower`,
  // sessions and messages
  cluster_sessions_continued: ({ peer, sessions }) => `${count(sessions, 'session')} of ${text(peer)} continue here`,
  cluster_sessions_merged: ({ sessions, peers }) => `${count(sessions, 'session')} were on both sides and were merged here after ${text(peers)} came back`,
  cluster_messages_wait: ({ messages, peers }) => `${count(messages, 'message waits', 'messages wait')} here for ${text(peers)}`,
  cluster_messages_caught_up: ({ messages, peers }) => `${count(messages, 'message')} waited for ${text(peers)} and were delivered or taken over`,
  cluster_forwards_discarded: ({ dropped, lost }) => `${text(dropped)} QoS 0 messages were left out because a link was behind, ${text(lost)} went down with a link`,
  node_drain_started: ({ clients, sessions, to }) => `this node is being emptied: ${count(clients, 'client')} and ${count(sessions, 'session')} go to ${text(to)}`,
  node_drain_no_reference: ({ reason }) => `clients are not told where to go while this node is emptied: ${text(reason)}`,
  node_drained: () => 'this node has handed over its sessions and can be stopped',
  node_drain_cancelled: () => 'this node serves again; what it has handed over stays where it is',
  // shared tables
  shared_rows_overwritten: ({ rows, names }) => `${count(rows, 'row')} written on two nodes at once: the newer ones are kept${typeof names === 'string' ? ` (${names})` : ''}`,
  shared_tables_compared: ({ peer, differed, deleted }) => `shared tables were compared with ${text(peer)}: ${text(differed)} parts differed, ${text(deleted)} rows that the cluster had deleted were dropped`,
  shared_tables_differ: ({ peer }) => `shared tables differed from those of ${text(peer)} although both had seen the same; the newer rows are kept`,
  shared_tombstones_bound: ({ limit, wait_for: absent }) => `${text(limit)} deleted rows wait to be seen by ${Array.isArray(absent) ? absent.join(', ') : text(absent)}; the oldest are forgotten`,
  shared_row_not_applied: ({ table, reason }) => `a row of the shared table ${text(table)} cannot be used here: ${text(reason)}`,
  cluster_table_differs: ({ peer }) => `the routes of ${text(peer)} differed from what it has; they are fetched again`,
  exclusive_subscription_lost: ({ clientid, topic, to }) => `client ${text(clientid)} lost its exclusive subscription ${text(topic)} to ${text(to)}`,
  // configuration
  runtime_setting_overridden: ({ key, by }) => `${text(key)} of ${text(by ?? 'the configuration')} holds here instead of what was set at run time`,
  settings_of_cluster_in_force: ({ service }) => `settings of ${text(service)} were changed on another node and hold here`,
  settings_not_applied: ({ service, reason }) => `settings of ${text(service)} from another node cannot be used here: ${text(reason)}`,
  listener_of_cluster_in_force: ({ listener }) => `listener ${text(listener)} was changed on another node and is so here`,
  listener_of_cluster_not_applied: ({ listener, reason }) => `listener ${text(listener)} of the cluster cannot be had on this node: ${text(reason)}`,
  acl_applied: ({ source, rules }) => `${count(rules, 'rule')} of acl.conf are in force (${text(source)})`,
  acl_refused: ({ line, reason }) => `acl.conf was refused at line ${text(line)}: ${text(reason)}; the old rules stay`,
  acl_of_cluster_not_applied: ({ reason }) => `the rules of the cluster cannot be used here: ${text(reason)}`,
  acl_of_cluster_in_force: ({ path }) => `rules that were changed at run time hold instead of ${text(path)}`,
  acl_file_is_newer: ({ path }) => `${text(path)} was edited after the rules of the cluster; it holds on all nodes`,
  dashboard_user_changed: ({ username, change }) => `dashboard user ${text(username)}: ${text(change).replace('_', ' ')}`,
  api_key_changed: ({ name, change }) => `API key ${text(name)}: ${text(change)}`,
  // stores
  session_store_damaged: ({ path, moved_to: to }) => `the store of sessions ${text(path)} was damaged: what is sound was read, the rest was moved to ${text(to)}`,
  session_store_not_written: ({ reason }) => `sessions cannot be written: ${text(reason)}; QoS 1 and 2 are not acknowledged until they can`,
  session_store_written_again: () => 'sessions are written again',
  session_store_failed: ({ reason }) => `the store of sessions failed: ${text(reason)}; this node ends and others continue its sessions`,
  shared_tables_damaged: ({ path, moved_to: to }) => `${text(path)} was damaged and moved to ${text(to)}; the rows come back from other nodes`,
  shared_segment_not_readable: ({ reason }) => `a part of the shared tables on disk cannot be read: ${text(reason)}; the rows come back from other nodes`,
  shared_tables_not_written: ({ reason }) => `shared tables cannot be written: ${text(reason)}; it is tried again`,
  node_reidentified: ({ node_id: id }) => `this node gets the new identity ${text(id)} with its next start`,
  // faults made on purpose
  cluster_fault_set: ({ peer, direction, kind }) => `on purpose: ${text(kind)} of the link with ${text(peer)}, ${text(direction)}`,
  cluster_fault_reset: ({ peer }) => `on purpose: the link with ${text(peer)} was reset`,
  cluster_fault_healed: ({ peer, kind, after_ms: after }) => `${text(kind)} of the link with ${text(peer)} was healed after ${seconds(after)}`,
  // alarms
  alarm_is_activated: ({ name, message }) => `alarm ${text(name)}: ${text(message)}`,
  alarm_is_deactivated: ({ name }) => `alarm ${text(name)} is over`,
};
