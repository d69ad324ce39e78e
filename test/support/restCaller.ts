/** Calls a REST API as its administrator, and holds every answer against the API's own OpenAPI document. */
import { expect } from 'vitest';
import { problemsWithAnswer, type OpenApiDocument } from './openApi.ts';

/** The status, or status and body where there is one. */
export type RestAnswer = number | readonly [status: number, body: unknown];

export class RestCaller {
  readonly #url: string;
  readonly #document: OpenApiDocument;
  #token = '';

  private constructor(url: string, document: OpenApiDocument) {
    this.#url = url;
    this.#document = document;
  }

  /** `url` ends in `/api/v5`. Logs in with the shipped password. */
  static async open(url: string): Promise<RestCaller> {
    const document = (await (await fetch(url.replace('/api/v5', '/api-docs/swagger.json'))).json()) as OpenApiDocument;
    const caller = new RestCaller(url, document);
    const [, login] = (await caller.call('POST', '/login', { username: 'admin', password: 'public' })) as [number, { token: string }];
    caller.#token = login.token;
    return caller;
  }

  async call(method: string, path: string, body?: unknown): Promise<RestAnswer> {
    const isForm = body instanceof FormData;
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, ...(body === undefined || isForm ? {} : { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    if (text === '') return response.status;
    const answer: unknown = JSON.parse(text);
    const template = this.#templateOf(path);
    expect([template, problemsWithAnswer(this.#document, method.toLowerCase(), template, response.status, answer)]).toEqual([template, []]);
    return [response.status, answer];
  }

  /** The path as the document writes it; of several that fit the one with the fewest parameters. */
  #templateOf(path: string): string {
    const given = (path.split('?')[0] ?? '').split('/');
    const fitting = Object.keys(this.#document.paths).filter((template) => {
      const parts = template.split('/');
      return parts.length === given.length && parts.every((part, index) => part === given[index] || part.startsWith('{'));
    });
    const parameters = (template: string) => template.split('{').length;
    return fitting.sort((left, right) => parameters(left) - parameters(right))[0] ?? path;
  }
}

/** The form of a refusal, for `toEqual`. */
export function refused(status: number, code: string, message: RegExp | string = /./): RestAnswer {
  return [status, { code, message: typeof message === 'string' ? message : (expect.stringMatching(message) as unknown) }];
}
