/** Talks to the REST API of one node, as any program could. */
import type { ErrorBody, Page } from '../api/schema/common.ts';
import type { LoginAnswer } from '../api/schema/login.ts';
import { BusbarError, messageOf } from '../base/errors.ts';
import { isLoopbackHost } from '../config/address.ts';
import { DEFAULT_PASSWORD } from '../config/schema.ts';

export const DEFAULT_API = 'http://127.0.0.1:18083';

export interface ApiClientOptions {
  /** With or without `/api/v5`. */
  readonly url: string;
  readonly key: string | undefined;
  readonly secret: string | undefined;
  readonly fetch?: typeof fetch;
}

/** Time one answer may take; then the node counts as unreachable. */
const ANSWER_LIMIT_MS = 30_000;
const PAGE_LIMIT = 1000;
const NO_CONTENT = 204;

export class ApiClient {
  readonly #base: string;
  readonly #options: ApiClientOptions;
  #authorization: string | undefined;

  /** @throws BusbarError CLI_BAD_VALUE */
  constructor(options: ApiClientOptions) {
    const url = URL.parse(options.url);
    if (!url || !/^https?:$/.test(url.protocol) || url.username !== '') {
      throw new BusbarError('CLI_BAD_VALUE', `${options.url} is no address of an API`, {
        hint: `Give one such as ${DEFAULT_API}.`,
      });
    }
    this.#base = `${url.origin}${url.pathname.replace(/\/(api\/v5\/?)?$/, '')}/api/v5`;
    this.#options = options;
  }

  /** @throws BusbarError API_UNREACHABLE, API_REFUSED, CLI_CREDENTIALS_MISSING */
  async get<T>(path: string): Promise<T> {
    return this.#json<T>('GET', path, await this.#credentials());
  }

  /** Like `get`; undefined when the broker says that there is no such thing. */
  async find<T>(path: string): Promise<T | undefined> {
    try {
      return await this.get<T>(path);
    } catch (error) {
      if (error instanceof BusbarError && error.details['status'] === 404) return undefined;
      throw error;
    }
  }

  /** Deletes one thing or all of a kind; false when the broker says that there is no such thing. */
  async delete(path: string): Promise<boolean> {
    try {
      await this.#json('DELETE', path, await this.#credentials());
      return true;
    } catch (error) {
      if (error instanceof BusbarError && error.details['status'] === 404) return false;
      throw error;
    }
  }

  /** Asks for something to be done. */
  async post(path: string, body?: unknown): Promise<void> {
    await this.ask(path, body);
  }

  /** The same, for what has an answer. */
  async ask<T>(path: string, body?: unknown): Promise<T> {
    return this.#json<T>('POST', path, await this.#credentials(), body);
  }

  /** Changes one thing. */
  async put(path: string, body: unknown): Promise<void> {
    await this.#json('PUT', path, await this.#credentials(), body);
  }

  /** Needs no credentials. */
  async getOpen<T>(path: string): Promise<T> {
    return this.#json<T>('GET', path, undefined);
  }

  /** All rows of a list, page by page. */
  async *list<T>(path: string, query: Readonly<Record<string, string>> = {}): AsyncGenerator<T> {
    for (let page = 1; ; page += 1) {
      const search = new URLSearchParams({ ...query, page: String(page), limit: String(PAGE_LIMIT) });
      const { data, meta } = await this.get<Page<T>>(`${path}?${search}`);
      yield* data;
      if (!meta.hasnext) return;
    }
  }

  /**
   * An API key, or the shipped administrator on this machine: what a fresh node accepts. The shipped password is never sent
   * anywhere else.
   */
  async #credentials(): Promise<string> {
    if (this.#authorization !== undefined) return this.#authorization;
    const { key, secret } = this.#options;
    if (key !== undefined && secret !== undefined) {
      this.#authorization = `Basic ${Buffer.from(`${key}:${secret}`).toString('base64')}`;
    } else if (key !== undefined || secret !== undefined) {
      throw new BusbarError('CLI_CREDENTIALS_MISSING', `The ${key === undefined ? 'key' : 'secret'} is missing`);
    } else if (isLoopbackHost(new URL(this.#base).hostname.replace(/^\[|\]$/g, ''))) {
      this.#authorization = `Bearer ${(await this.#login()).token}`;
    } else {
      throw new BusbarError('CLI_CREDENTIALS_MISSING', `${this.#base} is on another machine and needs an API key`);
    }
    return this.#authorization;
  }

  async #login(): Promise<LoginAnswer> {
    try {
      return await this.#json<LoginAnswer>('POST', '/login', undefined, { username: 'admin', password: DEFAULT_PASSWORD });
    } catch (error) {
      if (!(error instanceof BusbarError) || error.details['status'] !== 401) throw error;
      throw new BusbarError('CLI_CREDENTIALS_MISSING', 'The administrator no longer has the shipped password', { cause: error });
    }
  }

  async #json<T>(method: string, path: string, authorization: string | undefined, body?: unknown): Promise<T> {
    const response = await this.#send(path, {
      method,
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
      headers: {
        accept: 'application/json',
        ...(authorization !== undefined && { authorization }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = response.status === NO_CONTENT ? '' : await response.text();
    const answer: unknown = text === '' ? null : parseJson(text);
    if (!response.ok || answer === undefined) throw refused(response.status, answer, this.#base);
    // The shapes are those of api/schema, which the broker's answers are held against by its tests.
    return answer as T;
  }

  async #send(path: string, request: RequestInit): Promise<Response> {
    try {
      return await (this.#options.fetch ?? fetch)(`${this.#base}${path}`, request);
    } catch (error) {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      throw new BusbarError('API_UNREACHABLE', `${this.#base} does not answer: ${messageOf(cause)}`, { cause: error });
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function refused(status: number, answer: unknown, base: string): BusbarError {
  const { code, message } = (answer ?? {}) as Partial<ErrorBody>;
  const what =
    code === undefined ? `${base} answered with status ${status}, and not as the API of a broker` : `${code}: ${message ?? ''}`;
  return new BusbarError('API_REFUSED', what, { details: { status } });
}
