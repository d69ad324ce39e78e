import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withTempDir } from '../../test/support/tempDir.ts';
import { SettingsStore } from './settings.ts';

describe('settings', () => {
  it('begin with defaults, and keep what was chosen', () =>
    withTempDir('busbar-settings-', async (dir) => {
      const file = join(dir, 'deep', 'settings.json');
      expect(await new SettingsStore(file).get()).toEqual({ theme: 'system', language: 'system', density: 'normal' });
      await new SettingsStore(file).set({ theme: 'dark' });
      expect(await new SettingsStore(file).set({ language: 'zh-CN' })).toEqual({ theme: 'dark', language: 'zh-CN', density: 'normal' });
      expect(await new SettingsStore(file).get()).toEqual({ theme: 'dark', language: 'zh-CN', density: 'normal' });
    }));

  it.each(['', 'null', '[]', '{"theme":"pink","density":"compact"}'])('survive a file that says %j', (text) =>
    withTempDir('busbar-settings-', async (dir) => {
      const file = join(dir, 'settings.json');
      await writeFile(file, text);
      expect((await new SettingsStore(file).get()).theme).toBe('system');
    }),
  );
});
