/**
 * Discovery by the API of Kubernetes: the endpoints of a service are the nodes, at the port of this one. Pods that are not ready yet
 * count too: they become ready when they serve, and they serve without waiting for us, but a cluster that grows together early loses
 * less.
 */
import { readFile } from 'node:fs/promises';
import { BusbarError, messageOf } from '../../base/errors.ts';
import type { Proposal } from '../../cluster/ports.ts';
import type { K8sConfig } from '../../config/clusterConfig.ts';
import { readTlsFile } from '../tlsFile.ts';
import type { DiscoverySource } from './discoverySource.ts';
import { requestJson } from './jsonRequest.ts';

/** What is read of an Endpoints object (Kubernetes API, core/v1). */
interface EndpointAddress {
  readonly ip?: unknown;
  readonly hostname?: unknown;
  readonly targetRef?: { readonly name?: unknown };
}
interface Endpoints {
  readonly subsets?: readonly { readonly addresses?: readonly EndpointAddress[]; readonly notReadyAddresses?: readonly EndpointAddress[] }[] | null;
}

const HINTS: Readonly<Record<number, string>> = {
  401: 'The token is not accepted; check cluster.k8s.token_file.',
  403: 'The service account may not read endpoints; give it a role with get on endpoints.',
  404: 'Check cluster.k8s.service_name and cluster.k8s.namespace.',
};

export class K8sSource implements DiscoverySource {
  readonly #config: K8sConfig;
  readonly #ownPort: number;

  constructor(config: K8sConfig, ownPort: number) {
    this.#config = config;
    this.#ownPort = ownPort;
  }

  async discover(signal: AbortSignal): Promise<readonly Proposal[]> {
    const { apiserver, namespace, serviceName } = this.#config;
    const url = `${apiserver}/api/v1/namespaces/${encodeURIComponent(namespace)}/endpoints/${encodeURIComponent(serviceName)}`;
    const hosts = ((await this.#get(url, signal)).subsets ?? [])
      .flatMap(({ addresses = [], notReadyAddresses = [] }) => [...addresses, ...notReadyAddresses])
      .flatMap((address) => this.#hostOf(address));
    return [...new Set(hosts)].map((host) => ({ node: undefined, address: { host, port: this.#ownPort } }));
  }

  async #get(url: string, signal: AbortSignal): Promise<Endpoints> {
    const { tokenFile, cacertfile } = this.#config;
    const token = await readToken(tokenFile);
    const tls = url.startsWith('https:') ? { ca: await readTlsFile(cacertfile) } : {};
    const failed = (message: string, hint: string, cause?: unknown) =>
      new BusbarError('DISCOVERY_FAILED', message, { hint: `${hint} The node serves and asks again.`, cause });
    const { status, body } = await requestJson({ url, method: 'GET', headers: { authorization: `Bearer ${token}` }, tls, signal }).catch((cause: unknown) => {
      throw failed(`${url} does not answer: ${messageOf(cause)}`, 'Check cluster.k8s.apiserver and cluster.k8s.cacertfile.', cause);
    });
    if (status !== 200) throw failed(`${url} refuses with status ${status}`, HINTS[status] ?? 'Check the API of Kubernetes.');
    if (typeof body !== 'object' || body === null) throw failed(`${url} answers with what is no JSON`, 'Check cluster.k8s.apiserver.');
    return body;
  }

  /** None for an address without what the chosen form needs. */
  #hostOf({ ip, hostname, targetRef }: EndpointAddress): string[] {
    const { addressType, serviceName, namespace, suffix } = this.#config;
    if (addressType === 'hostname') {
      // Pods of a stateful set have a host name; of others the name of the pod is what EMQX takes.
      const pod = typeof hostname === 'string' ? hostname : targetRef?.name;
      return typeof pod === 'string' ? [`${pod}.${serviceName}.${namespace}.${suffix}`] : [];
    }
    if (typeof ip !== 'string') return [];
    return [addressType === 'ip' ? ip : `${ip.replace(/[.:]/g, '-')}.${namespace}.${suffix}`];
  }
}

async function readToken(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    const hint = 'Outside a pod, set cluster.k8s.token_file; inside, mount the token of the service account. The node serves and asks again.';
    throw new BusbarError('DISCOVERY_FAILED', `Cannot read the token of Kubernetes in ${path}: ${messageOf(cause)}`, { hint, cause });
  }
}
