/** The line of a sparkline as an SVG path. */

/** A steady line lies mid-height: the scale ends at 1.75 × mean, or at the maximum where one value stands out (ui.md section 6). */
export function sparkScale(values: readonly (number | null)[]): number {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return 0;
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  return Math.max(mean * 1.75, ...known);
}

/**
 * Newest value at the right edge; a null is a gap in the line. Empty when there is nothing above zero to show.
 * `slots` is the number of values that fill the whole width, so that a young series grows from the right.
 */
export function sparkPath(values: readonly (number | null)[], width: number, height: number, slots: number): string {
  const scale = sparkScale(values);
  if (scale === 0) return '';
  const shown = values.slice(-slots);
  const step = width / Math.max(1, slots - 1);
  const inset = 1;
  let path = '';
  let pen = false;
  shown.forEach((value, index) => {
    if (value === null) {
      pen = false;
      return;
    }
    const x = width - (shown.length - 1 - index) * step;
    const y = height - inset - (value / scale) * (height - 2 * inset);
    path += `${pen ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`;
    pen = true;
  });
  return path;
}
