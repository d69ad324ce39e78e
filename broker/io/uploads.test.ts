import { describe, expect, it } from 'vitest';
import { parseUpload } from './uploads.ts';

const FORM = 'multipart/form-data; boundary=XX';
const part = (head: string, content: string | Buffer) => Buffer.concat([Buffer.from(`--XX\r\n${head}\r\n\r\n`), Buffer.from(content), Buffer.from('\r\n')]);
const file = (name: string, content: string | Buffer) => part(`Content-Disposition: form-data; name="filename"; filename="${name}"\r\nContent-Type: text/csv`, content);
const END = Buffer.from('--XX--\r\n');

describe('a file in a form', () => {
  it('is found as fetch and browsers write it', async () => {
    const form = new FormData();
    form.append('other', 'field');
    form.append('filename', new Blob(['user_id,password\nann,--pw\r\n'], { type: 'text/csv' }), 'users.csv');
    const request = new Request('http://x/', { method: 'POST', body: form });
    const body = Buffer.from(await request.arrayBuffer());
    expect(parseUpload(request.headers.get('content-type') ?? '', body)).toEqual({ filename: 'users.csv', text: 'user_id,password\nann,--pw\r\n' });
  });

  it('may be empty, and the first of several counts', () => {
    const body = Buffer.concat([Buffer.from('preamble\r\n'), part('content-disposition: form-data; name="a"', 'x'), file('1.json', ''), file('2.json', '[]'), END]);
    expect(parseUpload('multipart/form-data; charset=x; boundary="XX"', body)).toEqual({ filename: '1.json', text: '' });
  });

  it.each([
    ['no boundary', 'multipart/form-data', Buffer.concat([file('a', 'x'), END])],
    ['another boundary', 'multipart/form-data; boundary=YY', Buffer.concat([file('a', 'x'), END])],
    ['no file', FORM, Buffer.concat([part('content-disposition: form-data; name="a"', 'x'), END])],
    ['no end', FORM, file('a', 'x')],
    ['no UTF-8', FORM, Buffer.concat([file('a', Buffer.from([0xff])), END])],
    ['nothing', FORM, Buffer.alloc(0)],
  ])('is not there with %s', (_name, type, body) => expect(parseUpload(type, body)).toBeUndefined());
});
