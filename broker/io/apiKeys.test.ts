import { describe, expect, it } from 'vitest';
import { ApiKeys } from './apiKeys.ts';

describe('a file of API keys', () => {
  it('gives each key its role; the later of two lines counts', () => {
    const keys = ApiKeys.parse('# keys\n\nadmin:s1\nreader:s2:viewer\r\nreader:s3:publisher\n', 'keys.txt');
    expect([keys.size, keys.verify('admin', 's1'), keys.verify('reader', 's3'), keys.verify('reader', 's2')]).toEqual([
      2,
      { name: 'admin', role: 'administrator' },
      { name: 'reader', role: 'publisher' },
      undefined,
    ]);
  });

  it('refuses a wrong secret and an unknown key alike', () => {
    const keys = ApiKeys.parse('a:s', 'f');
    expect([keys.verify('a', ''), keys.verify('a', 'S'), keys.verify('b', 's'), keys.verify('', '')]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it.each([
    ['a:s\nnosecret', 'keys.txt:2: expected key:secret or key:secret:role'],
    ['a:', 'keys.txt:1: expected key:secret or key:secret:role'],
    ['a:s:king', 'keys.txt:1: expected one of administrator, viewer, publisher as role'],
    ['a:s:viewer:monitoring', 'keys.txt:1: scopes are not supported yet'],
  ])('names the bad line of %j and not its content', (text, message) => {
    expect(() => ApiKeys.parse(text, 'keys.txt')).toThrow(expect.objectContaining({ code: 'CONFIG_BAD_VALUE', message }));
  });

  it('must be readable', async () => {
    await expect(ApiKeys.load('/nowhere/keys.txt')).rejects.toMatchObject({ code: 'CONFIG_FILE_UNREADABLE' });
  });
});
