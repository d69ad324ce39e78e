/** Times in requests: RFC 3339, or milliseconds since 1970 (rest-api.md 0.5). */
export function parseMoment(text: string): number | undefined {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  // The plus of an offset arrives as a space when the caller did not encode it.
  const match = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)(?:[Zz]|([+\- ])(\d{2}:\d{2}))$/.exec(text);
  if (!match) return undefined;
  const offset = match[4] === undefined ? 'Z' : `${match[3] === '-' ? '-' : '+'}${match[4]}`;
  const ms = Date.parse(`${match[1]}T${match[2]}${offset}`);
  return Number.isNaN(ms) ? undefined : ms;
}
