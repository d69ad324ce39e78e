/** The REST API of a node under test, as its first administrator. */
export interface BrokerApi {
  readonly get: (path: string) => Promise<ApiAnswer>;
  readonly post: (path: string, body?: unknown) => Promise<ApiAnswer>;
  readonly put: (path: string, body: unknown) => Promise<ApiAnswer>;
  readonly delete: (path: string) => Promise<ApiAnswer>;
}

export interface ApiAnswer {
  readonly status: number;
  /** Null when the answer has none. */
  readonly body: unknown;
}

export function apiOf(api: string): BrokerApi {
  let token: Promise<string> | undefined;
  const ask = async (method: string, path: string, body?: unknown): Promise<ApiAnswer> => {
    token ??= logIn(api);
    const headers = { authorization: `Bearer ${await token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const answer = await fetch(`${api}${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
  };
  return {
    get: (path) => ask('GET', path),
    post: (path, body) => ask('POST', path, body),
    put: (path, body) => ask('PUT', path, body),
    delete: (path) => ask('DELETE', path),
  };
}

/** A token. */
export async function logIn(api: string): Promise<string> {
  const answer = await fetch(`${api}/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'admin', password: 'public' }),
  });
  return ((await answer.json()) as { readonly token: string }).token;
}
