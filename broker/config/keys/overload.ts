/** What happens when something is amiss: `alarm.*`, `conn_congestion.*`, `force_shutdown.*` (broker-contract 3.6). */
import { alarmActions } from '../serviceForms.ts';
import * as form from '../valueTypes.ts';
import { key } from './key.ts';

export const OVERLOAD_KEYS = {
  alarmActions: key('alarm.actions', alarmActions, '["log", "publish"]', 'What happens when an alarm begins or ends: log writes a line, publish sends a message below $SYS/brokers/<node>/alarms.'),
  alarmSizeLimit: key('alarm.size_limit', form.integer(1, 3000), '1000', 'Most alarms that may be active at a time, and most past ones that are kept; the oldest go first.'),
  alarmValidityPeriod: key('alarm.validity_period', form.duration(1000), '24h', 'How long past alarms are kept.'),
  congestionAlarm: key('conn_congestion.enable_alarm', form.switchType, 'true', 'Whether a client that takes in less than it is sent raises the alarm conn_congestion.'),
  congestionSustain: key('conn_congestion.min_alarm_sustain_duration', form.duration(5000), '1m', 'How long such a client must keep up again before the alarm ends.'),
  forceShutdownEnable: key('force_shutdown.enable', form.switchType, 'true', 'Whether a client that takes up too much memory is disconnected.'),
  forceShutdownMaxHeapSize: key(
    'force_shutdown.max_heap_size',
    form.byteSize(Number.MAX_SAFE_INTEGER),
    '64MB',
    'Most bytes that may wait in memory for the socket of one client before it is disconnected with 0x97 (in EMQX: 32MB, of a process that holds no payloads).',
  ),
} as const;
