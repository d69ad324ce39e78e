/** Subscriptions of the whole cluster (rest-api.md 3.5). */
import { answering, askNode, askRows, chosenNodes } from '../nodes.ts';
import { joinPages } from '../paging.ts';
import type { SubscriptionRow } from '../ports.ts';
import { ok } from '../reply.ts';
import { route } from '../route.ts';
import { Page } from '../schema/common.ts';
import { Subscription, SubscriptionsQuery } from '../schema/subscription.ts';

export const subscriptionRoutes = [
  route({
    method: 'GET',
    path: '/subscriptions',
    summary: 'Subscriptions of the cluster, sorted by client id and topic',
    tag: 'Subscriptions',
    access: 'userOrKey',
    query: SubscriptionsQuery,
    answers: { 200: Page(Subscription) },
    errors: ['INVALID_PARAMETER', 'NODE_DOWN'],
    handle: ({ query }, { admin }) =>
      answering(async () => {
        const { page: _page, limit: _limit, node, ...filter } = query;
        const nodes = chosenNodes(admin, node);
        const page = await joinPages(nodes.length, query, compareSubscriptions, (source, offset, limit) =>
          askRows(
            (from, many) => askNode(admin, nodes[source] ?? admin.self, 'subscriptions', { filter, offset: from, limit: many }),
            offset,
            limit,
          ),
        );
        return ok(page);
      }),
  }),
];

function compareSubscriptions(left: SubscriptionRow, right: SubscriptionRow): number {
  for (const field of ['clientid', 'topic', 'node'] as const) {
    if (left[field] !== right[field]) return left[field] < right[field] ? -1 : 1;
  }
  return 0;
}
