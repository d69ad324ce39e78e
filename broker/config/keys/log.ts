/** What is logged: `log.*`. */
import { key } from './key.ts';
import { textList } from '../listenerForms.ts';
import * as form from '../valueTypes.ts';

const LEVELS = {
  debug: 'debug',
  info: 'info',
  notice: 'info',
  warning: 'warning',
  error: 'error',
  critical: 'error',
  alert: 'error',
  emergency: 'error',
} as const;

/** What a client, or somebody who wants to be one, makes the broker log; EMQX's names where it logs the same. */
export const CLIENT_EVENTS = [
  'malformed_packet',
  'authentication_failure',
  'authenticator_failed',
  'client_banned',
  'client_ban_created',
  'flapping_detected',
  'flapping_not_banned',
  'authorization_permission_denied',
  'cannot_publish_to_topic_due_to_not_authorized',
  'cannot_publish_to_topic_due_to_quota_exceeded',
  'cannot_publish_will_due_to_not_authorized',
  'cannot_subscribe_topic_filter',
  'auto_subscription_skipped',
  'exclusive_subscription_lost',
  'topic_not_rewritten',
  'retained_message_not_stored',
  'delayed_message_dropped',
  'dropped_msg_due_to_mqueue_is_full',
  'session_stepdown_request_timeout',
  'client_force_shutdown',
  'alarm_is_activated',
  'alarm_is_deactivated',
  'alarm_not_kept',
  'channel_failed',
  'hook_callback_failed',
  'listener_access_denied',
  'listener_backlog_full',
  'proxy_protocol_error',
  'max_connections',
  'too_many_handshakes',
  'tls_handshake_failed',
  'websocket_upgrade_failed',
  'handshake_timeout',
  'cluster_link_refused',
  'dashboard_login_failed',
] as const;

export const LOG_KEYS = {
  logThrottlingWindow: key(
    'log.throttling.time_window',
    form.duration(1000),
    '1m',
    'How long only ten lines (in EMQX: one) of each event of log.throttling.msgs are written; how many more there were is told in one line behind it. With level debug everything is written.',
  ),
  logThrottlingMsgs: key(
    'log.throttling.msgs',
    textList('a list of event names such as ["malformed_packet"]', /^[a-z0-9_]{1,100}$/),
    JSON.stringify(CLIENT_EVENTS),
    'Events that are throttled: all that a client can cause.',
  ),
  logLevel: key('log.console.level', form.oneOf(LEVELS), 'warning', 'Least severe event that is logged.', {
    aliases: ['log.level'],
  }),
} as const;
