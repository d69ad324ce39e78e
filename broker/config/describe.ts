/** The documentation of all keys, from the table that also reads them. */
import { ALL_KEYS } from './schema.ts';

/** Plain text for `--help`, wrapped at 100 columns. */
export function describeKeys(): string {
  return ALL_KEYS.map((key) => {
      const head = key.default === undefined ? key.path : `${key.path} = ${key.default}`;
      const also = key.aliases.length > 0 ? ` Also: ${key.aliases.join(', ')}.` : '';
      return [head, ...wrap(`${key.doc} Expects ${key.type.form}.${also}`, 94).map((line) => `      ${line}`)].join('\n');
    })
    .join('\n');
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length >= width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
