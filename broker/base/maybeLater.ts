/** An answer at once, or a promise of it: whoever can answer at once costs no promise and no turn of the loop. */
export type MaybeLater<T> = T | Promise<T>;

export function isLater<T extends object>(answer: MaybeLater<T>): answer is Promise<T> {
  return 'then' in answer;
}
