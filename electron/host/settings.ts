import { homedir } from 'node:os';
import { join } from 'node:path';
import { Check } from 'typebox/value';
import { Settings } from '../contract/workbench.ts';
import type { RequestOf } from '../contract/host.ts';
import { readIfExists, writeFileAtomic } from './atomicFile.ts';

const DEFAULTS: Settings = { theme: 'system', language: 'system', density: 'normal' };

/** Where a user's settings lie without Electron, which has a folder of its own for them. */
export function defaultSettingsFile(env: NodeJS.ProcessEnv = process.env): string {
  const base = process.platform === 'win32' ? env['APPDATA'] : env['XDG_CONFIG_HOME'];
  return join(base || join(homedir(), '.config'), 'busbar', 'settings.json');
}

/** What a person chose for themselves, whatever the project. A file that cannot be read counts as nothing chosen. */
export class SettingsStore {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  async get(): Promise<Settings> {
    const text = await readIfExists(this.#file);
    const value = parseObject(text ?? '{}');
    const settings: Settings = { ...DEFAULTS };
    for (const key of Object.keys(DEFAULTS) as (keyof Settings)[]) {
      if (Check(Settings.properties[key], value[key])) Object.assign(settings, { [key]: value[key] });
    }
    return settings;
  }

  async set(change: RequestOf<'settings/set'>): Promise<Settings> {
    const settings = { ...(await this.get()), ...change };
    await writeFileAtomic(this.#file, `${JSON.stringify(settings, null, 2)}\n`);
    return settings;
  }
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
