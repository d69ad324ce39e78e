import { describe, expect, it } from 'vitest';
import { closePane, panesOf, replaceView, setRatio, splitPane, type Pane, type PaneTree } from './paneTree.ts';

const pane = (id: string): Pane => ({ type: 'pane', id, view: { view: 'clients.pane', key: id, params: {} } });
const ids = (tree: PaneTree | null) => (tree ? panesOf(tree).map(({ id }) => id) : null);
const three = splitPane(splitPane(pane('a'), 'a', 'row', pane('b'), 's1'), 'b', 'column', pane('c'), 's2');

describe('the panes of a tab', () => {
  it('split beside and below, and are read left to right, top to bottom', () => {
    expect(ids(three)).toEqual(['a', 'b', 'c']);
    expect(three).toMatchObject({ direction: 'row', second: { direction: 'column', ratio: 0.5 } });
  });
  it('give their place to the sibling when closed', () => {
    expect(closePane(three, 'b')).toEqual({ ...three, second: pane('c') });
    expect(ids(closePane(three, 'a'))).toEqual(['b', 'c']);
    expect(closePane(pane('a'), 'a')).toBeNull();
    expect(closePane(three, 'nobody')).toEqual(three);
  });
  it('keep the size of one split and the view of one pane', () => {
    expect(setRatio(three, 's2', 0.3)).toMatchObject({ ratio: 0.5, second: { ratio: 0.3 } });
    const other = { view: 'cluster.log', key: 'log', params: {} };
    expect(panesOf(replaceView(three, 'c', other)).map(({ view }) => view.key)).toEqual(['a', 'b', 'log']);
  });
});
