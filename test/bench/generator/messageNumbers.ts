/** Watches the numbers that publishers give their messages: each receiver must see those of one publisher in rising order. */

export class MessageNumbers {
  readonly #publishers: number;
  readonly #last: Int32Array;
  /** Messages that came with a number not above the one before: out of order, or twice. */
  disorder = 0;

  constructor(publishers: number, receivers: number) {
    this.#publishers = publishers;
    this.#last = new Int32Array(publishers * receivers).fill(-1);
  }

  seen(receiver: number, publisher: number, number: number): void {
    const at = receiver * this.#publishers + publisher;
    if (number <= (this.#last[at] as number)) this.disorder += 1;
    this.#last[at] = number;
  }
}
