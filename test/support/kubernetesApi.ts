/** As much of the API of Kubernetes as a node asks: the endpoints of one service, over TLS, for who knows the token. */
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { TestAuthority } from './testCertificates.ts';

export interface KubernetesApi {
  readonly url: string;
  readonly tokenFile: string;
  readonly cacertfile: string;
  /** Answered for `/api/v1/namespaces/iot/endpoints/bus`. */
  endpoints: unknown;
  /** What was asked, token included. */
  readonly asked: { readonly path: string; readonly authorization: string }[];
  readonly close: () => void;
}

export const K8S_TOKEN = 'token-of-the-service-account';
const PATH = '/api/v1/namespaces/iot/endpoints/bus';

/** `folder` gets the token and the certificates. */
export async function startKubernetesApi(folder: string): Promise<KubernetesApi> {
  const authority = await TestAuthority.create(folder, 'kubernetes-ca');
  const { cert, key } = await authority.issue('apiserver', '/CN=kubernetes', 'IP:127.0.0.1');
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, `${K8S_TOKEN}\n`);
  const server = createServer({ cert: await readFile(cert), key: await readFile(key) }, (request, response) => {
    const { url: path = '', headers } = request;
    api.asked.push({ path, authorization: headers.authorization ?? '' });
    const status = headers.authorization !== `Bearer ${K8S_TOKEN}` ? 401 : path !== PATH ? 404 : 200;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(status === 200 ? api.endpoints : { kind: 'Status', code: status }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  const api: KubernetesApi = { url, tokenFile, cacertfile: authority.cert, endpoints: { subsets: [] }, asked: [], close };
  return api;
}
