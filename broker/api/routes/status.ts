/** Health for load balancers: no credentials, text unless JSON is asked for (rest-api.md 2.6). */
import { route } from '../route.ts';
import { Status, StatusQuery, type Status as StatusBody } from '../schema/status.ts';

export const statusRoutes = [
  route({
    method: 'GET',
    path: '/status',
    alsoAt: '/status',
    summary: 'Whether this node serves',
    tag: 'Status',
    access: 'anyone',
    query: StatusQuery,
    answers: { 200: Status, 503: Status },
    errors: [],
    handle({ query }, { admin, version, isRunning }) {
      const running = isRunning();
      const body: StatusBody = {
        node_name: admin.self,
        cluster: admin.clusterName,
        rel_vsn: version,
        broker_status: running ? 'started' : 'stopped',
        app_status: running ? 'running' : 'not_running',
      };
      return {
        status: running ? 200 : 503,
        headers: { 'retry-after': '15' },
        body: query.format === 'json' ? body : `Node ${body.node_name} is ${body.broker_status}\nemqx is ${body.app_status}`,
      };
    },
  }),
];
