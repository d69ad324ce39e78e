/** The REST API of a node under test, as its first administrator. */
export interface BrokerApi {
  readonly get: (path: string) => Promise<{ readonly status: number; readonly body: unknown }>;
}

export function apiOf(api: string): BrokerApi {
  let token: Promise<string> | undefined;
  return {
    get: async (path) => {
      token ??= logIn(api);
      const answer = await fetch(`${api}${path}`, { headers: { authorization: `Bearer ${await token}` } });
      return { status: answer.status, body: await answer.json() };
    },
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
