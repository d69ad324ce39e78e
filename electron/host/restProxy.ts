import { BusbarError, messageOf } from '../../broker/base/errors.ts';
import type { AnswerOf, RequestOf } from '../contract/host.ts';
import { apiCredentials } from './nodeConfig.ts';
import type { ProjectLayout } from './projectLayout.ts';

/** Until the whole answer is there. */
export const REST_LIMIT_MS = 10_000;
/** Longest answer taken; a list is read in pages. */
export const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

const BASE = '/api/v5';

/** Calls the REST API of a local node with the key made for it. An answer of any status is an answer, not an error. */
export async function callRest(
  layout: ProjectLayout,
  address: { host: string; port: number },
  request: RequestOf<'rest/request'>,
): Promise<AnswerOf<'rest/request'>> {
  const url = new URL(`http://${address.host}:${address.port}${BASE}${request.path}`);
  // `/../` would leave the API, and a path is a window's input.
  if (!url.pathname.startsWith(`${BASE}/`)) throw new BusbarError('BAD_REQUEST', `The path ${request.path} leaves the API.`, { hint: 'Use a path of the REST API v5.' });
  const { key, secret } = await apiCredentials(layout, request.node);
  const headers = new Headers({ authorization: `Basic ${Buffer.from(`${key}:${secret}`).toString('base64')}`, accept: 'application/json' });
  const body = request.body === undefined ? null : JSON.stringify(request.body);
  if (body !== null) headers.set('content-type', 'application/json');
  try {
    const response = await fetch(url, { method: request.method, headers, body, redirect: 'manual', signal: AbortSignal.timeout(REST_LIMIT_MS) });
    const text = await readBounded(response);
    const isJson = (response.headers.get('content-type') ?? '').includes('json');
    return { status: response.status, body: isJson && text !== '' ? (JSON.parse(text) as unknown) : text };
  } catch (cause) {
    if (cause instanceof BusbarError) throw cause;
    const why = cause instanceof Error && cause.name === 'TimeoutError' ? `no answer within ${REST_LIMIT_MS / 1000} s` : messageOf(cause);
    throw new BusbarError('NODE_TIMEOUT', `The node ${request.node} did not answer ${request.method} ${request.path}: ${why}.`, { cause });
  }
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new BusbarError('BAD_REQUEST', `The answer is longer than ${MAX_ANSWER_BYTES} bytes.`, { hint: 'Ask for smaller pages.' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
