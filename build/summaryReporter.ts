import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/** What `npm test` adds up. A test that was left out carries its reason: `context.skip('why')`. */
export interface TestSummary {
  readonly passed: number;
  readonly failed: readonly string[];
  readonly skipped: readonly { readonly test: string; readonly reason: string }[];
  /** Failures outside of any test: a file that does not load, an error nobody awaited. */
  readonly errors: readonly string[];
}

/** Writes a `TestSummary` to the file that BUSBAR_TEST_SUMMARY names. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly { readonly message: string }[]): void {
    const file = process.env['BUSBAR_TEST_SUMMARY'];
    if (!file) return;
    writeFileSync(file, JSON.stringify(summarise(modules, unhandledErrors.map((error) => error.message)), null, 2));
  }
}

function summarise(modules: readonly TestModule[], unhandled: readonly string[]): TestSummary {
  let passed = 0;
  const failed: string[] = [];
  const skipped: { test: string; reason: string }[] = [];
  const errors = [...unhandled];
  for (const module of modules) {
    for (const error of module.errors()) errors.push(`${module.relativeModuleId}: ${error.message}`);
    for (const suite of module.children.allSuites()) for (const error of suite.errors()) errors.push(`${suite.fullName}: ${error.message}`);
    for (const test of module.children.allTests()) {
      const name = `${module.relativeModuleId} > ${test.fullName}`;
      const result = test.result();
      if (result.state === 'passed') passed += 1;
      else if (result.state === 'failed') failed.push(name);
      else if (result.state === 'skipped') skipped.push({ test: name, reason: result.note ?? 'no reason given' });
      else errors.push(`${name}: did not finish`);
    }
  }
  return { passed, failed, skipped, errors };
}
