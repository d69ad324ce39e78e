/** Dashboard, REST API and its keys: `dashboard.*`, `api_key.*` (broker-contract 3.8). */
import { key, DEFAULT_PASSWORD } from './key.ts';
import * as form from '../valueTypes.ts';

export const DASHBOARD_KEYS = {
  dashboardBind: key(
    'dashboard.listeners.http.bind',
    form.bind,
    '18083',
    'Where REST API and dashboard answer; port 0 takes any free one. A bare port means loopback.',
    {
      aliases: ['dashboard.listener.http'],
    },
  ),
  defaultUsername: key(
    'dashboard.default_username',
    form.text(100),
    'admin',
    'Name of the administrator that is created at the first start.',
    {
      aliases: ['dashboard.default_user.login'],
    },
  ),
  defaultPassword: key(
    'dashboard.default_password',
    form.text(100),
    DEFAULT_PASSWORD,
    'Password of that administrator. Must be changed before the dashboard may be bound beyond loopback.',
    {
      secret: true,
      aliases: ['dashboard.default_user.password'],
    },
  ),
  tokenExpiredTime: key('dashboard.token_expired_time', form.duration(1000), '60m', 'How long a login lasts.'),
  swaggerSupport: key('dashboard.swagger_support', form.switchType, 'true', 'Whether the API is described at /api-docs.'),
  apiKeyBootstrapFile: key(
    'api_key.bootstrap_file',
    form.path,
    undefined,
    'File with one API key a line, key:secret or key:secret:role, read at every start. Default: none.',
  ),
} as const;
