/** Who may not connect (rest-api.md 4.5). */
import { compileRegex } from '../../base/regex/regexRun.ts';
import type { Ban } from '../../access/bans.ts';
import { BusbarError } from '../../base/errors.ts';
import { parseBanTime } from '../banTime.ts';
import { pageOf } from '../paging.ts';
import { ok, refuse, type Reply } from '../reply.ts';
import { route } from '../route.ts';
import { Ban as BanSchema, BanParams, BansQuery, NewBan } from '../schema/ban.ts';
import { Page } from '../schema/common.ts';

const shared = { tag: 'Banned', access: 'userOrKey' } as const;

export const bannedRoutes = [
  route({
    ...shared,
    method: 'GET',
    path: '/banned',
    summary: 'Bans in force, by kind and text',
    query: BansQuery,
    answers: { 200: Page(BanSchema) },
    errors: ['BAD_REQUEST'],
    handle: ({ query }, { bans }) => {
      const filter = readFilter(query);
      return typeof filter === 'string' ? refuse('BAD_REQUEST', filter) : ok(pageOf(bans.list().filter(filter).map(print), query));
    },
  }),
  route({
    ...shared,
    method: 'POST',
    path: '/banned',
    summary: 'Bans a client id, user name, address, or all that fit a pattern; a banned client id is disconnected',
    body: NewBan,
    answers: { 200: BanSchema },
    errors: ['BAD_REQUEST', 'ALREADY_EXISTS'],
    statusOf: { ALREADY_EXISTS: 400 },
    handle: ({ body }, { bans }) => {
      const { at, until, ...rest } = body;
      const atMs = at === undefined ? undefined : parseBanTime(at);
      const untilMs = until === undefined ? undefined : parseBanTime(until);
      if ((at !== undefined && atMs === undefined) || (until !== undefined && untilMs === undefined)) {
        return refuse('BAD_REQUEST', 'at and until are seconds since 1970 or RFC 3339; until may be infinity.');
      }
      return answering(() => ok(print(bans.create({ ...rest, ...(atMs !== undefined && { atMs }), ...(untilMs !== undefined && { untilMs }) }))));
    },
  }),
  route({
    ...shared,
    method: 'DELETE',
    path: '/banned/:as/:who',
    summary: 'Ends one ban',
    params: BanParams,
    answers: { 204: undefined },
    errors: ['NOT_FOUND', 'INVALID_PARAMETER'],
    handle: ({ params }, { bans }) =>
      bans.remove(params.as, params.who) ? { status: 204 } : refuse('NOT_FOUND', `There is no ban of ${params.as} ${params.who}.`),
  }),
  route({
    ...shared,
    method: 'DELETE',
    path: '/banned',
    summary: 'Ends all bans',
    answers: { 204: undefined },
    errors: [],
    handle: (_request, { bans }) => {
      bans.clear();
      return { status: 204 };
    },
  }),
];

function answering(task: () => Reply): Reply {
  try {
    return task();
  } catch (error) {
    if (!(error instanceof BusbarError)) throw error;
    const { ban } = error.details;
    // EMQX answers 400 here, and tells the ban that is there.
    if (error.code === 'BAN_EXISTS') return { ...refuse('ALREADY_EXISTS', JSON.stringify(print(ban as Ban))), status: 400 };
    if (error.code === 'BAN_INVALID') return refuse('BAD_REQUEST', `${error.message}. ${error.hint}`);
    throw error;
  }
}

function print({ as, who, by, reason, atMs, untilMs }: Ban): Readonly<Record<string, unknown>> {
  const until = untilMs === Number.POSITIVE_INFINITY ? 'infinity' : new Date(untilMs).toISOString();
  return { as, who, by, reason, at: new Date(atMs).toISOString(), until };
}

const EXACT = ['clientid', 'username', 'peerhost'] as const;
const LIKE = { like_clientid: 'clientid', like_username: 'username', like_peerhost: 'peerhost', like_peerhost_net: 'peerhost_net' } as const;
type Filters = Readonly<Partial<Record<(typeof EXACT)[number] | keyof typeof LIKE, string>>>;

/** What is wrong, or which bans are meant. */
function readFilter(query: Filters): string | ((ban: Ban) => boolean) {
  const exact = EXACT.flatMap((as) => (query[as] === undefined ? [] : [{ as, who: query[as] }]));
  const like = Object.entries(LIKE).flatMap(([name, as]) => {
    const pattern = query[name as keyof typeof LIKE];
    return pattern === undefined ? [] : [{ as, pattern }];
  });
  if (exact.length + like.length > 1) return 'too_many_filters: give at most one.';
  const [one] = exact;
  if (one !== undefined) return (ban) => ban.as === one.as && ban.who === one.who;
  const [pattern] = like;
  if (pattern === undefined) return () => true;
  const regex = compileRegex(pattern.pattern);
  return 'fault' in regex ? `The regular expression is not valid: ${regex.fault}.` : (ban) => ban.as === pattern.as && regex.test(ban.who);
}
