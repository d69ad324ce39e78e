/**
 * Comma-separated values with a header row (RFC 4180): fields may be quoted, then commas, line ends and doubled quotes belong to them.
 * Undefined without the column `required`, or with a quote left open. A row with more fields than the header is an empty object.
 */
export function parseCsv(text: string, required: string): readonly Record<string, string>[] | undefined {
  const rows = csvRows(text.startsWith('\ufeff') ? text.slice(1) : text);
  const [header, ...body] = rows ?? [];
  if (header?.includes(required) !== true) return undefined;
  return body.map((row) => (row.length > header.length ? {} : Object.fromEntries(row.map((field, index) => [header[index] as string, field]))));
}

const FIELD = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;

function csvRows(text: string): string[][] | undefined {
  const rows: string[][] = [];
  let row: string[] = [];
  FIELD.lastIndex = 0;
  while (FIELD.lastIndex < text.length) {
    const match = FIELD.exec(text);
    if (match === null) return undefined;
    const [, quoted, plain = '', end] = match;
    row.push(quoted === undefined ? plain.trim() : quoted.replaceAll('""', '"'));
    if (end === ',' && FIELD.lastIndex < text.length) continue;
    if (end === ',') row.push('');
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  }
  return rows;
}
