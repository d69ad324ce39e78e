/**
 * Import directions: the only source of truth (README, "Rooms"). `npm run imports` checks the tree;
 * `build/imports.test.ts` plants one violation per rule and expects each to be caught.
 */
const PURE_ROOMS = 'base|topics|protocol|config|metrics|hooks|access|session|router|cluster|rules|storage|core|api';
const PURE = `^(broker/(${PURE_ROOMS})|electron/(contract|payload))/`;
const TEST = '([.]test[.]ts$|^test/)';
const no = (name, from, to, comment) => ({ name, severity: 'error', from, to, ...(comment ? { comment } : {}) });

/** Room → the broker rooms it may import, besides itself. */
const ARROWS = {
  base: [],
  topics: ['base'],
  protocol: ['base', 'topics'],
  config: ['base', 'topics'],
  metrics: ['base'],
  hooks: ['base', 'protocol'],
  access: ['base', 'topics', 'protocol'],
  session: ['base', 'topics', 'protocol', 'config', 'metrics'],
  router: ['base', 'topics', 'protocol', 'metrics'],
  cluster: ['base', 'topics'],
  rules: ['base', 'topics', 'protocol'],
  storage: ['base', 'protocol', 'cluster'],
};
const arrows = Object.entries(ARROWS).map(([room, allowed]) =>
  no(
    `room-${room}`,
    { path: `^broker/${room}/`, pathNot: TEST },
    { path: '^broker/', pathNot: `^broker/(${[room, ...allowed].join('|')})/` },
    `broker/${room} may import only: ${allowed.join(', ') || 'nothing'}`,
  ),
);

export default {
  forbidden: [
    no('broker-stands-alone', { path: '^broker/' }, { path: '^(electron|renderer)/' }),
    no('pure-no-node', { path: PURE, pathNot: TEST }, { dependencyTypes: ['core'] }),
    no('pure-no-io', { path: PURE, pathNot: TEST }, { path: '^broker/(io|cli|main)' }),
    ...arrows,
    no('api-rooms', { path: '^broker/api/', pathNot: TEST }, { path: '^broker/', pathNot: '^broker/(api|base|topics|config|metrics|access|core)/' }),
    no('api-schema-alone', { path: '^broker/api/schema/', pathNot: TEST }, { path: '^broker/', pathNot: '^broker/api/schema/' }),
    no('cli-rooms', { path: '^broker/cli/', pathNot: TEST }, { path: '^broker/(io|session|router|cluster|core)/' }),
    no('contract-alone', { path: '^electron/contract/', pathNot: TEST }, { path: '^(broker|electron|renderer)/', pathNot: '^(electron/(contract|payload)|broker/api/schema)/' }),
    no('payload-alone', { path: '^electron/payload/', pathNot: TEST }, { path: '^(broker|electron|renderer)/', pathNot: '^electron/payload/' }),
    no('host-doors', { path: '^electron/host/', pathNot: TEST }, { path: '^broker/', pathNot: '^broker/(base|topics|config|api/schema|access/acl)/' }),
    no('host-without-electron', { path: '^electron/(host|contract)/' }, { path: '(^|/)electron(/|$)', pathNot: '^electron/', reachable: true }),
    no('electron-in-shell-only', { pathNot: '^(electron/(main|preload)|node_modules)/' }, { path: 'node_modules/electron/', dependencyTypesNot: ['type-only'] }, 'Importing it outside Electron downloads a binary or throws; its types are free.'),
    no('preload-alone', { path: '^electron/preload/' }, { path: '^(broker|renderer|electron)/', pathNot: '^electron/(preload|contract)/' }),
    no('renderer-two-doors', { path: '^renderer/', pathNot: TEST }, { path: '^(broker|electron)/', pathNot: '^(electron/(contract|payload)|broker/api/schema|broker/access/acl)/' }, 'The two seams, plus what must not be known twice: the ACL language (design.md section 7) and the forms of payloads.'),
    no('renderer-no-node', { path: '^renderer/', pathNot: TEST }, { dependencyTypes: ['core'] }),
    no('ui-dumb', { path: '^renderer/(ui|lib)/', pathNot: TEST }, { path: '^renderer/', pathNot: '^renderer/(ui|lib)/' }),
    no('stores-below-features', { path: '^renderer/(stores|api|host)/', pathNot: TEST }, { path: '^renderer/(features|workbench)/' }),
    no('features-apart', { path: '^renderer/features/([^/]+)/', pathNot: TEST }, { path: '^renderer/features/', pathNot: '^renderer/features/$1/' }),
    no('product-not-test', { path: '^(broker|electron|renderer)/', pathNot: TEST }, { path: '^(test|build)/' }),
    no('no-cycles', {}, { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } }, 'Types that know each other (a session and its channel) load nothing; modules that load each other do.'),
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(out|dist|coverage|build/fixtures)/' },
    tsConfig: { fileName: 'build/tsconfig/node.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'], extensions: ['.ts', '.mjs', '.js', '.vue', '.json'] },
  },
};
