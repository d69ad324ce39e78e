/** An application over the invented host, for tests of stores and components. */
import { createPinia, setActivePinia } from 'pinia';
import { createApp, type App } from 'vue';
import { HOST_PORT } from '../hostPort.ts';
import { createFakeHost, type FakeHost } from './fakeHost.ts';
import type { SceneName } from './fakeScenes.ts';

export interface FakeApp {
  readonly app: App;
  readonly host: FakeHost;
  /** Moves the clock of the host; the window's own clock stays. */
  readonly setNow: (nowMs: number) => void;
}

/** Pinia is active afterwards: stores can be used at once. */
export function createFakeApp(scene: SceneName, startNowMs: number = Date.now()): FakeApp {
  let nowMs = startNowMs;
  const host = createFakeHost({ scene, nowMs: () => nowMs, startMs: 0 });
  const pinia = createPinia();
  const app = createApp({ render: () => null });
  app.use(pinia).provide(HOST_PORT, host.port);
  setActivePinia(pinia);
  return { app, host, setNow: (next) => { nowMs = next; } };
}
