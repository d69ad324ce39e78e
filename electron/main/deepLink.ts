/** `busbar://` links. Anybody can write one into a web page, so a link may only show something, never change or connect. */
import type { WindowCommand } from '../contract/workbench.ts';

export const LINK_SCHEME = 'busbar';
const MAX_LINK_LENGTH = 512;
const PAGES = ['cluster', 'clients', 'access', 'settings'] as const;

/** The first link among a command line's words, as the operating system starts us with it; undefined when there is none. */
export function linkOf(argv: readonly string[]): string | undefined {
  return argv.find((word) => word.toLowerCase().startsWith(`${LINK_SCHEME}:`));
}

/** `busbar://clients/conn-1` → show that connection. Null for everything that is not exactly such a link. */
export function parseLink(link: string): WindowCommand | null {
  if (link.length > MAX_LINK_LENGTH) return null;
  const parts = /^busbar:\/\/([a-z]+)(?:\/([A-Za-z0-9_-]{1,64}))?\/?$/.exec(link);
  const [, page = '', id] = parts ?? [];
  const known = PAGES.find((name) => name === page);
  if (known === undefined) return null;
  if (id === undefined) return { command: `workbench.goTo.${known}` };
  return known === 'clients' ? { command: 'workbench.goTo.clients', id } : null;
}
