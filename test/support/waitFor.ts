/** How often a condition without an event of its own is looked at. */
const POLL_MS = 20;

/**
 * Waits until `probe` gives something truthy and returns it. For conditions that announce themselves by no event
 * (a process table, a file of another program). `what` completes the sentence "waited 5 s for …".
 */
export async function waitFor<T>(what: string, probe: () => T | Promise<T>, limitMs = 10_000): Promise<NonNullable<T>> {
  const deadlineMs = performance.now() + limitMs;
  let failure: unknown;
  for (;;) {
    try {
      const found = await probe();
      if (found) return found;
      failure = undefined;
    } catch (error) {
      failure = error;
    }
    if (performance.now() > deadlineMs) throw new Error(`waited ${limitMs / 1000} s for ${what}`, { cause: failure });
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Rejects with "waited … for …" when `promise` is not settled in time. */
export async function within<T>(what: string, promise: Promise<T>, limitMs = 10_000): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${limitMs / 1000} s for ${what}`)), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
