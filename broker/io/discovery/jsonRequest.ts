/** One question to a service that speaks JSON over HTTP, plain or TLS: bounded in time by its signal and in bytes here. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { SecureContextOptions } from 'node:tls';

/** Longer answers are refused: no cluster needs them. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

export interface JsonRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly tls?: SecureContextOptions & { readonly rejectUnauthorized?: boolean };
  readonly signal: AbortSignal;
}

export interface JsonAnswer {
  readonly status: number;
  /** Undefined when it is no JSON. */
  readonly body: unknown;
}

/** Rejects when there is no answer, or too long a one; an error status is an answer. */
export function requestJson({ url, method, headers = {}, body, tls = {}, signal }: JsonRequest): Promise<JsonAnswer> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send(url, {
      ...tls,
      method,
      signal,
      // A connection of its own: the next question is seconds away, and a kept one would hide that the service has moved.
      agent: false,
      headers: { accept: 'application/json', ...(text === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_ANSWER_BYTES) request.destroy(new Error(`The answer is longer than ${MAX_ANSWER_BYTES} bytes`));
        else chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: parse(Buffer.concat(chunks).toString('utf8')) }));
    });
    request.end(text);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
