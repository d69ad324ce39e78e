/** Lint rules. Import directions live in `.dependency-cruiser.mjs`; the few repeated here give feedback in the editor. */
import js from '@eslint/js';
import type { Linter } from 'eslint';
import vue from 'eslint-plugin-vue';
import tseslint from 'typescript-eslint';
import vueParser from 'vue-eslint-parser';

/** Rooms without I/O, timers, ambient time or randomness: see README, "Rooms". */
const PURE = [
  ...['base', 'topics', 'protocol', 'config', 'metrics', 'hooks', 'access', 'session', 'router', 'cluster', 'storage', 'core', 'api'].map(
    (room) => `broker/${room}/**/*.ts`,
  ),
  'electron/contract/**/*.ts',
  'electron/payload/**/*.ts',
];
const TESTS = ['**/*.test.ts', 'test/**/*.ts'];
const AMBIENT = ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'process', 'console', 'fetch', 'performance', 'crypto'];

const config: Linter.Config[] = [
  { ignores: ['out/**', 'dist/**', 'coverage/**', 'node_modules/**', 'build/fixtures/**', 'test-results/**'] },
  js.configs.recommended,
  ...(tseslint.configs.recommended as Linter.Config[]),
  ...(vue.configs['flat/recommended'] as Linter.Config[]),
  {
    files: ['**/*.vue'],
    languageOptions: { parser: vueParser, parserOptions: { parser: tseslint.parser, sourceType: 'module', ecmaVersion: 'latest' } },
  },
  {
    rules: {
      'no-undef': 'off',
      'no-console': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-restricted-syntax': [
        'error',
        { selector: 'TSEnumDeclaration', message: 'Erasable syntax only: use an `as const` object and a union.' },
        { selector: 'TSParameterProperty', message: 'Erasable syntax only: assign the field yourself.' },
      ],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_' }],
      'vue/multi-word-component-names': 'off',
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/html-self-closing': 'off',
      'vue/html-indent': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/first-attribute-linebreak': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      'vue/require-default-prop': 'off',
      'vue/no-v-html': 'error',
    },
  },
  {
    files: PURE,
    ignores: TESTS,
    rules: {
      'no-restricted-globals': ['error', ...AMBIENT.map((name) => ({ name, message: 'A pure room gets time, timers, randomness and I/O handed in.' }))],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Take nowMs as an argument.' },
        { object: 'Math', property: 'random', message: 'Take a Prng as an argument.' },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: 'Take nowMs as an argument.' },
        { selector: 'TSEnumDeclaration', message: 'Erasable syntax only.' },
        { selector: 'TSParameterProperty', message: 'Erasable syntax only.' },
      ],
    },
  },
  { files: ['build/**', 'broker/cli/**', 'broker/main.ts', 'test/**', '**/*.test.ts'], rules: { 'no-console': 'off' } },
];
export default config;
