/** `node --import`: from here on the module `electron` is the double (electron.ts). Vite resolves it to a path first; both are caught. */
import { registerHooks } from 'node:module';

const DOUBLE = new URL('./double/electron.ts', import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    if (specifier === 'electron' || /node_modules\/electron\/index\.js$/.test(specifier)) return { url: DOUBLE, shortCircuit: true };
    return next(specifier, context);
  },
});
