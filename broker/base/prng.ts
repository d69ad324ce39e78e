/** Injected randomness. Rooms without ambient randomness draw from this. */
export interface Prng {
  /** A number in [0, 1). */
  next(): number;
}

/** A small seeded generator (xorshift32 over a mixed seed): the same seed gives the same run. */
export function seededPrng(seed: number): Prng {
  let state = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ 0xc2b2ae35) >>> 0 || 1;
  return {
    next() {
      state ^= state << 13;
      state >>>= 0;
      state ^= state >>> 17;
      state ^= state << 5;
      state >>>= 0;
      return state / 0x1_0000_0000;
    },
  };
}

/** A whole number in [0, below). */
export function randomBelow(prng: Prng, below: number): number {
  return Math.floor(prng.next() * below);
}
