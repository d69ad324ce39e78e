import { DONE } from './command.ts';

/** One line a row as the pages arrive, or the sentence EMQX has for none. */
export async function printList<T>(
  rows: AsyncIterable<T>,
  line: (row: T) => string,
  none: string,
  print: (line: string) => void,
): Promise<number> {
  let count = 0;
  for await (const row of rows) {
    print(line(row));
    count += 1;
  }
  if (count === 0) print(none);
  return DONE;
}
