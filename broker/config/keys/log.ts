/** What is logged: `log.*`. */
import { key } from './key.ts';
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

export const LOG_KEYS = {
  logLevel: key('log.console.level', form.oneOf(LEVELS), 'warning', 'Least severe event that is logged.', {
    aliases: ['log.level'],
  }),
} as const;
