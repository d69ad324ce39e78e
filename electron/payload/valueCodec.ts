/** What formats of values have in common: what is typed is JSON with marks, what is read is shown as such. */
import { failure, type FormatId, type PayloadCodec, type PayloadProblem } from './codec.ts';
import { notationOf, valueOf } from './notation.ts';

interface ValueForm {
  readonly id: FormatId;
  /** What bytes are that cannot be read. */
  readonly unreadable: PayloadProblem;
  /** Throws where the value has no form in the format. */
  write(value: unknown): Uint8Array;
  /** Throws where the bytes are none of the format. */
  read(bytes: Uint8Array): unknown;
}

export function valueCodec({ id, unreadable, write, read }: ValueForm): PayloadCodec {
  return {
    id,
    kind: 'value',
    encode(text) {
      let value: unknown;
      try {
        value = valueOf(text);
      } catch (error) {
        return failure('notJson', error);
      }
      try {
        return { ok: true, bytes: write(value) };
      } catch (error) {
        return failure('noForm', error);
      }
    },
    decode(bytes) {
      try {
        const value = read(bytes);
        return { ok: true, text: notationOf(value), value };
      } catch (error) {
        return failure(unreadable, error);
      }
    },
  };
}
