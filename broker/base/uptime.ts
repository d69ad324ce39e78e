/** `1 days, 2 hours, 3 minutes, 4 seconds` from the first unit that is not zero, as EMQX says it. */
export function formatUptime(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const units: readonly (readonly [string, number])[] = [
    ['days', Math.floor(seconds / 86_400)],
    ['hours', Math.floor(seconds / 3600) % 24],
    ['minutes', Math.floor(seconds / 60) % 60],
    ['seconds', seconds % 60],
  ];
  const first = units.findIndex(([, count]) => count > 0);
  return units
    .slice(first < 0 ? -1 : first)
    .map(([unit, count]) => `${count} ${unit}`)
    .join(', ');
}
