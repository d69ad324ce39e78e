/** Why a topic name, a topic filter or a share prefix is refused: one table for codec, sessions, rules and tools. */

interface ProblemText {
  /** Continues "The topic …". */
  readonly message: string;
  /** Statement of MQTT 5.0, or '' where the rule is Busbar's own. */
  readonly spec: string;
  /** The same rule in 3.1.1. */
  readonly spec311: string;
}

export const TOPIC_PROBLEMS = {
  empty: { message: 'is empty', spec: 'MQTT-4.7.3-1', spec311: 'MQTT-4.7.3-1' },
  tooLong: { message: 'is longer than 65535 bytes of UTF-8', spec: 'MQTT-4.7.3-3', spec311: 'MQTT-4.7.3-3' },
  nulCharacter: { message: 'contains U+0000', spec: 'MQTT-4.7.3-2', spec311: 'MQTT-4.7.3-2' },
  notUnicode: { message: 'contains half of a surrogate pair', spec: 'MQTT-1.5.4-1', spec311: 'MQTT-1.5.3-1' },
  wildcardInName: { message: 'contains a wildcard, which a topic name must not', spec: 'MQTT-4.7.0-1', spec311: 'MQTT-4.7.1-1' },
  hashNotLast: { message: 'has # before its last level', spec: 'MQTT-4.7.1-1', spec311: 'MQTT-4.7.1-2' },
  hashNotAlone: { message: 'has # that does not fill a whole level', spec: 'MQTT-4.7.1-1', spec311: 'MQTT-4.7.1-2' },
  plusNotAlone: { message: 'has + that does not fill a whole level', spec: 'MQTT-4.7.1-2', spec311: 'MQTT-4.7.1-3' },
  shareGroupMissing: { message: 'names no share group', spec: 'MQTT-4.8.2-1', spec311: '' },
  shareGroupWildcard: { message: 'has a wildcard in the name of its share group', spec: 'MQTT-4.8.2-2', spec311: '' },
  shareFilterMissing: { message: 'has nothing behind its prefix', spec: 'MQTT-4.8.2-2', spec311: '' },
  prefixNested: { message: 'has a second $share/, $queue/ or $exclusive/ prefix', spec: '', spec311: '' },
} as const satisfies Record<string, ProblemText>;

export type TopicProblem = keyof typeof TOPIC_PROBLEMS;

/** 65,535 bytes is what the length field of a string holds. */
const MAX_TOPIC_BYTES = 65_535;

/** What names and filters have in common: not empty, not too long, no U+0000, well-formed Unicode. */
export function textProblem(topic: string): TopicProblem | undefined {
  if (topic.length === 0) return 'empty';
  if (topic.includes('\0')) return 'nulCharacter';
  if (!topic.isWellFormed()) return 'notUnicode';
  // A UTF-16 unit makes three bytes at most, so only long texts need counting.
  if (topic.length * 3 > MAX_TOPIC_BYTES && utf8Length(topic) > MAX_TOPIC_BYTES) return 'tooLong';
  return undefined;
}

/** Bytes of well-formed text in UTF-8. Counted here because this room also runs in the editor, which has no Buffer. */
function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    // Each half of a surrogate pair stands for two of the four bytes.
    if (unit >= 0x800 && (unit < 0xd800 || unit > 0xdfff)) bytes += 2;
    else if (unit >= 0x80) bytes += 1;
  }
  return bytes;
}
