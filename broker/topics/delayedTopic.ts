/** `$delayed/<n>/<topic>`: a PUBLISH that asks to be published later (broker-contract 3.6). */

export const DELAYED_PREFIX = '$delayed/';
/** Below, `n` is seconds from now; from here on it is a moment in Unix seconds, and no moment may be further ahead. */
export const MAX_DELAY_SECONDS = 4_294_967;
/** More digits are no time any more. */
const NUMBER = /^\d{1,15}$/;

export interface DelayedTopic {
  readonly value: number;
  /** The topic to publish to. */
  readonly topic: string;
}

export function isDelayed(topic: string): boolean {
  return topic.startsWith(DELAYED_PREFIX);
}

/** Of a valid topic name that `isDelayed`; undefined when it lacks a number or a topic. */
export function parseDelayedTopic(topic: string): DelayedTopic | undefined {
  const slash = topic.indexOf('/', DELAYED_PREFIX.length);
  if (slash === -1 || slash === topic.length - 1) return undefined;
  const number = topic.slice(DELAYED_PREFIX.length, slash);
  return NUMBER.test(number) ? { value: Number(number), topic: topic.slice(slash + 1) } : undefined;
}

/** The topic that rules are asked about: what stands behind all delays. Undefined when one cannot be read (broker-contract 1.4). */
export function authorizedTopic(topic: string): string | undefined {
  let target: string | undefined = topic;
  while (target !== undefined && isDelayed(target)) target = parseDelayedTopic(target)?.topic;
  return target;
}

/** Whole seconds from `nowMs` on, negative for a moment that has passed; undefined when that is too far ahead. */
export function delaySeconds(value: number, nowMs: number): number | undefined {
  if (value < MAX_DELAY_SECONDS) return value;
  const ahead = value - Math.round(nowMs / 1000);
  return ahead > MAX_DELAY_SECONDS ? undefined : ahead;
}
