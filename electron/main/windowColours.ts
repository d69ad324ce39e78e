/** The few colours the system draws for us, before and around the page. They repeat renderer/ui/tokens.css; a test compares. */
export interface WindowColours {
  /** `--bb-frame`: what shows until the page has painted, and behind the system's window buttons. */
  readonly frame: string;
  /** `--bb-text-2`: the window buttons' symbols. */
  readonly symbol: string;
}

export type Theme = 'light' | 'dark' | 'contrast';

export const WINDOW_COLOURS: Readonly<Record<Theme, WindowColours>> = {
  light: { frame: '#e9ecef', symbol: '#44505a' },
  dark: { frame: '#0c1013', symbol: '#b4bec6' },
  contrast: { frame: '#000000', symbol: '#ffffff' },
};
