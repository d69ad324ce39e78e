/** What a node answers about its alarms (rest-api.md 4.6). */
import type { Alarm } from './services/alarms.ts';
import type { BrokerServices } from './services/brokerServices.ts';

export interface AlarmRow {
  readonly node: string;
  readonly name: string;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
  /** Milliseconds, until now while it is active. */
  readonly duration: number;
  /** RFC 3339 */
  readonly activate_at: string;
  readonly deactivate_at?: string;
}

export interface AlarmQuestions {
  /** Active ones, or past ones; newest first. */
  alarms: { params: { activated: boolean; offset: number; limit: number }; answer: { rows: readonly AlarmRow[]; count: number } };
  /** Forgets past ones. */
  clearAlarms: { params: Record<string, never>; answer: Record<string, never> };
}

type AlarmAnswers = { readonly [Q in keyof AlarmQuestions]: (params: AlarmQuestions[Q]['params']) => AlarmQuestions[Q]['answer'] };

export function alarmAnswers({ alarms, node }: BrokerServices): AlarmAnswers {
  return {
    alarms: ({ activated, offset, limit }) => {
      const list = alarms.list(activated);
      const nowMs = node.clock.now();
      return { rows: list.slice(offset, offset + limit).map((alarm) => alarmRow(alarm, node.config.node.name, nowMs)), count: list.length };
    },
    clearAlarms: () => {
      alarms.clearHistory();
      return {};
    },
  };
}

function alarmRow({ name, message, details, activatedAtMs, deactivatedAtMs }: Alarm, node: string, nowMs: number): AlarmRow {
  return {
    node,
    name,
    message,
    details,
    duration: (deactivatedAtMs ?? nowMs) - activatedAtMs,
    activate_at: new Date(activatedAtMs).toISOString(),
    ...(deactivatedAtMs === null ? {} : { deactivate_at: new Date(deactivatedAtMs).toISOString() }),
  };
}
