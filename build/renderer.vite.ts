/** How the window's page is built: one function, used by the product build and by the page with the invented host. */
import { fileURLToPath } from 'node:url';
import vue from '@vitejs/plugin-vue';
import type { InlineConfig, Plugin } from 'vite';

const root = fileURLToPath(new URL('../renderer', import.meta.url));
const out = fileURLToPath(new URL('../out', import.meta.url));

export interface RendererBuildOptions {
  /** `product` writes out/renderer; `fake` writes out/renderer-fake, whose page talks to an invented host. */
  readonly variant: 'product' | 'fake';
}

/** The same page, begun by the composition root with the invented host. */
const overFakeHost: Plugin = {
  name: 'busbar-fake-host',
  transformIndexHtml: { order: 'pre', handler: (html) => html.replace('./main.ts', './fakeMain.ts') },
};

/** The whole Vite configuration; `base: './'` serves app:// and the headless HTTP server alike. */
export function rendererConfig({ variant }: RendererBuildOptions): InlineConfig {
  return {
    configFile: false,
    root,
    base: './',
    logLevel: 'warn',
    plugins: [vue(), ...(variant === 'fake' ? [overFakeHost] : [])],
    worker: { format: 'es' },
    define: {
      // The composition API of vue-i18n is all that is used; the legacy one and the devtools stay out of the bundle.
      __VUE_I18N_FULL_INSTALL__: 'false',
      __VUE_I18N_LEGACY_API__: 'false',
      __INTLIFY_PROD_DEVTOOLS__: 'false',
      __VUE_OPTIONS_API__: 'true',
      __VUE_PROD_DEVTOOLS__: 'false',
    },
    build: {
      target: 'chrome140',
      outDir: `${out}/${variant === 'fake' ? 'renderer-fake' : 'renderer'}`,
      emptyOutDir: true,
      sourcemap: true,
      chunkSizeWarningLimit: 4_500,
      rolldownOptions: { input: `${root}/index.html` },
    },
  };
}
