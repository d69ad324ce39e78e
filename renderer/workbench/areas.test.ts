import { beforeEach, expect, it } from 'vitest';
import { walkAreas } from './areas.ts';

const focusedId = () => document.activeElement?.id;
beforeEach(() => {
  document.body.innerHTML = `
    <aside data-area="sidebar"><button id="side"></button></aside>
    <main data-area="main"><button id="first"></button><button id="second"></button></main>
    <section data-area="panel"><span>nothing to focus</span></section>
    <footer data-area="status"><button id="status"></button></footer>`;
});

it('F6 goes from area to area, over empty and absent ones, and comes back to where it was', () => {
  const last = new Map<string, HTMLElement>();
  const path: (string | undefined)[] = [];
  const step = (by: 1 | -1) => {
    walkAreas(by, last);
    path.push(focusedId());
  };
  step(1);
  step(1);
  document.getElementById('second')!.focus();
  step(1);
  step(1);
  step(1);
  step(-1);
  step(-1);
  expect(path).toEqual(['side', 'first', 'status', 'side', 'second', 'side', 'status']);
});
