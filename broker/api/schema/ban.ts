/** Banned clients (rest-api.md 4.5). */
import Type from 'typebox';
import { PageQuery, Time, Words } from './common.ts';

export const BanKindWord = Words(['clientid', 'username', 'peerhost', 'clientid_re', 'username_re', 'peerhost_net'] as const);

const Moment = Type.Unsafe<string | number>({
  anyOf: [{ type: 'integer', minimum: 0 }, { type: 'string' }],
  description: 'Seconds since 1970, RFC 3339, or infinity',
});

export const Ban = Type.Object({
  as: BanKindWord,
  who: Type.String(),
  by: Type.String(),
  reason: Type.String(),
  at: Time,
  until: Type.Unsafe<string>({ anyOf: [Time, { type: 'string', enum: ['infinity'] }] }),
});

export const NewBan = Type.Object({
  as: BanKindWord,
  who: Type.String({ minLength: 1, maxLength: 65_535, description: 'A client id, user name or address; a regular expression or network for the kinds that are patterns' }),
  by: Type.Optional(Type.String({ maxLength: 1024 })),
  reason: Type.Optional(Type.String({ maxLength: 4096 })),
  at: Type.Optional(Moment),
  until: Type.Optional(Moment),
});

/** At most one of the filters. */
export const BansQuery = Type.Object({
  ...PageQuery,
  clientid: Type.Optional(Type.String()),
  username: Type.Optional(Type.String()),
  peerhost: Type.Optional(Type.String()),
  like_clientid: Type.Optional(Type.String({ description: 'A regular expression' })),
  like_username: Type.Optional(Type.String({ description: 'A regular expression' })),
  like_peerhost: Type.Optional(Type.String({ description: 'A regular expression' })),
  like_peerhost_net: Type.Optional(Type.String({ description: 'A regular expression' })),
});

export const BanParams = Type.Object({ as: BanKindWord, who: Type.String() });
