import type { Page } from 'playwright-core';
import type { PreloadBridge } from '../../../electron/contract/pipe.ts';
import { Listeners } from '../../../electron/contract/pipe.ts';
import { decodeTagged, encodeTagged } from './tagged.ts';

/**
 * The page's `window.busbar` in the hands of the test: what the test posts is posted by the page, what the page hears the
 * test hears. So the window's end of a pipe can run in the test and still use the real preload.
 */
export async function bridgeOf(page: Page): Promise<PreloadBridge> {
  const heard = new Listeners<[unknown]>();
  await page.exposeBinding('__busbarTest', (_source, text: string) => heard.tell(decodeTagged(text)));
  await page.evaluate(`(() => { ${encodeTagged.toString()} ${decodeTagged.toString()}
    globalThis.__busbarTestPost = (text) => window.busbar.postMessage(decodeTagged(text));
    window.busbar.onMessage((message) => __busbarTest(encodeTagged(message)));
  })()`);
  let queue: Promise<unknown> = Promise.resolve();
  return {
    postMessage: (message) => {
      const text = encodeTagged(message);
      queue = queue.then(() => page.evaluate((part) => (globalThis as unknown as { __busbarTestPost: (text: string) => void }).__busbarTestPost(part), text)).catch(() => {});
    },
    onMessage: (listener) => heard.add(listener),
  };
}
