/** What a person writes to publish: text in a format or a file, with variables that the host resolves when it is sent; once or again and again. */
import Type, { type Static } from 'typebox';
import { FORMAT_IDS, type FormatId } from '../payload/codec.ts';
import { PublishProperties } from './clients.ts';
import { Bytes, Id, Obj, Qos } from './schema.ts';

export const DraftContent = Type.Union([
  Obj({
    kind: Type.Literal('text'),
    text: Type.String({ maxLength: 32 * 1024 * 1024 }),
    format: Type.Unsafe<FormatId>(Type.Union(FORMAT_IDS.map((id) => Type.Literal(id)))),
  }),
  /** Sent byte for byte, without variables. */
  Obj({ kind: Type.Literal('file'), bytes: Bytes }),
]);
export type DraftContent = Static<typeof DraftContent>;

/** `{{name}}` and generators hold in topic, text, and the texts of properties. */
export const PublishDraft = Obj({
  id: Id,
  topic: Type.String({ minLength: 1, maxLength: 65535 }),
  content: DraftContent,
  qos: Qos,
  retain: Type.Boolean(),
  properties: PublishProperties,
});
export type PublishDraft = Static<typeof PublishDraft>;

export const RepeatRequest = Obj({
  draft: PublishDraft,
  periodMs: Type.Integer({ minimum: 1, maximum: 86_400_000 }),
  /** Each send is moved by a random time of up to this, before or after its due time; the due times themselves stay. */
  jitterMs: Type.Integer({ minimum: 0, maximum: 43_200_000 }),
  /** Null: until it is stopped. */
  count: Type.Union([Type.Null(), Type.Integer({ minimum: 1, maximum: 1_000_000_000 })]),
});
export type RepeatRequest = Static<typeof RepeatRequest>;

export const RepeatState = Obj({
  /** Of the connection. */
  id: Id,
  running: Type.Boolean(),
  sent: Type.Integer(),
  /** Not sent: the client was offline, or what variables made was no valid message. */
  failed: Type.Integer(),
  /** Due times that passed while the computer slept or earlier sends were not acknowledged; they are not made up for. */
  missed: Type.Integer(),
  count: Type.Union([Type.Null(), Type.Integer()]),
  periodMs: Type.Integer(),
  /** The last failure in words. */
  problem: Type.Union([Type.Null(), Type.String()]),
});
export type RepeatState = Static<typeof RepeatState>;
