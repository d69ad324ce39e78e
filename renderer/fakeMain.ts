/** The same window over an invented host, for looking at pages without nodes: `?scene=busy&theme=dark&lang=zh-CN`. */
import '@fontsource-variable/inter/index.css';
import '@fontsource-variable/jetbrains-mono/index.css';
import './ui/base.css';
import { createFakeHost } from './host/fake/fakeHost.ts';
import { isSceneName } from './host/fake/fakeScenes.ts';
import { pages } from './pages.ts';
import { startWorkbench } from './workbench/startWorkbench.ts';
import type { LanguageChoice, ThemeChoice } from './lib/appearance.ts';

const asked = new URLSearchParams(location.search);
const scene = asked.get('scene') ?? 'empty';
const host = createFakeHost({
  scene: isSceneName(scene) ? scene : 'empty',
  settings: { theme: (asked.get('theme') ?? 'light') as ThemeChoice, language: (asked.get('lang') ?? 'en') as LanguageChoice, density: 'normal' },
  nowMs: () => Date.now(),
});
host.run();
startWorkbench({ host: host.port, pages, element: document.querySelector('#app')! });
/** For scripts that drive the page: cutting the line to the host and putting it back. */
Object.assign(window, { busbarFake: host });
