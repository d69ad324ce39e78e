/** All routes below `/api/v5`. A resource is one file in routes/. */
import type { Route } from './route.ts';
import { alarmRoutes } from './routes/alarms.ts';
import { apiKeyRoutes } from './routes/apiKeys.ts';
import { authenticationRoutes } from './routes/authentication.ts';
import { authnUserRoutes } from './routes/authnUsers.ts';
import { authorizationRoutes } from './routes/authorization.ts';
import { bannedRoutes } from './routes/banned.ts';
import { clientRoutes } from './routes/clients.ts';
import { clusterRoutes } from './routes/cluster.ts';
import { eventRoutes } from './routes/events.ts';
import { sessionRoutes } from './routes/sessions.ts';
import { faultRoutes } from './routes/faults.ts';
import { listenerRoutes } from './routes/listeners.ts';
import { loginRoutes } from './routes/login.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { nodeRoutes } from './routes/nodes.ts';
import { delayedRoutes } from './routes/delayed.ts';
import { retainerRoutes } from './routes/retainer.ts';
import { serviceSettingRoutes } from './routes/serviceSettings.ts';
import { statsRoutes } from './routes/stats.ts';
import { statusRoutes } from './routes/status.ts';
import { subscriptionRoutes } from './routes/subscriptions.ts';
import { topicRoutes } from './routes/topics.ts';
import { userRoutes } from './routes/users.ts';

export const API_PREFIX = '/api/v5';

export const ROUTES: readonly Route[] = [
  ...statusRoutes,
  ...loginRoutes,
  ...userRoutes,
  ...apiKeyRoutes,
  ...clusterRoutes,
  ...eventRoutes,
  ...sessionRoutes,
  ...nodeRoutes,
  ...statsRoutes,
  ...metricsRoutes,
  ...alarmRoutes,
  ...clientRoutes,
  ...subscriptionRoutes,
  ...topicRoutes,
  ...authenticationRoutes,
  ...authnUserRoutes,
  ...authorizationRoutes,
  ...bannedRoutes,
  ...faultRoutes,
  ...listenerRoutes,
  ...retainerRoutes,
  ...delayedRoutes,
  ...serviceSettingRoutes,
];
