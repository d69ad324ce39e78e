/** Names of Electron's IPC channels between preload and main, and how often the preload says what its page has taken. */
export const CHANNELS = {
  /** Preload → main: a page begins. */
  open: 'busbar:open',
  /** Both ways: one message of the pipe. */
  message: 'busbar:message',
  /** Preload → main: so many more messages were handed to the page. */
  taken: 'busbar:taken',
} as const;

export const TAKEN_EVERY = 100;
