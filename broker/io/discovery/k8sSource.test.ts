import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { K8S_TOKEN, startKubernetesApi, type KubernetesApi } from '../../../test/support/kubernetesApi.ts';
import { createTempDir, removeTempDir } from '../../../test/support/tempDir.ts';
import { TestAuthority } from '../../../test/support/testCertificates.ts';
import type { K8sConfig } from '../../config/clusterConfig.ts';
import { K8sSource } from './k8sSource.ts';

let folder: string;
let api: KubernetesApi;
beforeAll(async () => {
  folder = await createTempDir();
  api = await startKubernetesApi(folder);
  const pod = (ip: string, name: string) => ({ ip, targetRef: { kind: 'Pod', name } });
  api.endpoints = {
    subsets: [
      { addresses: [{ ...pod('10.1.0.1', 'bus-0'), hostname: 'bus-0' }, pod('10.1.0.2', 'bus-xyz')], notReadyAddresses: [pod('10.1.0.3', 'bus-2')] },
      { addresses: [pod('10.1.0.1', 'bus-0')] },
    ],
  };
});
afterAll(async () => {
  api.close();
  await removeTempDir(folder);
});

function ask(changes: Partial<K8sConfig> = {}) {
  const { url: apiserver, tokenFile, cacertfile } = api;
  const config = { apiserver, serviceName: 'bus', addressType: 'ip', namespace: 'iot', suffix: 'svc.cluster.local', tokenFile, cacertfile, ...changes } as const;
  return new K8sSource(config, 4370).discover(AbortSignal.timeout(5_000));
}
const hosts = async (changes: Partial<K8sConfig>) => (await ask(changes)).map(({ address }) => address.host);

describe('discovery by Kubernetes', () => {
  it('asks for the endpoints of the service with the token of the service account', async () => {
    await ask();
    expect(api.asked.at(-1)).toEqual({ path: '/api/v1/namespaces/iot/endpoints/bus', authorization: `Bearer ${K8S_TOKEN}` });
  });

  it('takes every address once, ready or not, at our own port', async () => {
    expect(await ask()).toEqual(['10.1.0.1', '10.1.0.2', '10.1.0.3'].map((host) => ({ node: undefined, address: { host, port: 4370 } })));
  });

  it('forms names for address_type dns and hostname', async () => {
    expect(await hosts({ addressType: 'dns' })).toEqual(['10-1-0-1.iot.svc.cluster.local', '10-1-0-2.iot.svc.cluster.local', '10-1-0-3.iot.svc.cluster.local']);
    expect(await hosts({ addressType: 'hostname' })).toEqual(['bus-0.bus.iot.svc.cluster.local', 'bus-xyz.bus.iot.svc.cluster.local', 'bus-2.bus.iot.svc.cluster.local']);
  });

  it('finds nobody in a service without endpoints', async () => {
    const { endpoints } = api;
    api.endpoints = { subsets: null };
    expect(await ask()).toEqual([]);
    api.endpoints = endpoints;
  });

  it('fails with what to do, and never with the token', async () => {
    const wrongToken = join(folder, 'wrong');
    await writeFile(wrongToken, 'wrong-token');
    const stranger = await TestAuthority.create(folder, 'stranger');
    const failure = async (changes: Partial<K8sConfig>) => {
      const { code, message, hint } = (await ask(changes).catch((error: unknown) => error)) as { code: string; message: string; hint: string };
      expect(`${message}${hint}`).not.toContain('token-of');
      expect(`${message}${hint}`).not.toContain('wrong-token');
      return [code, message.replace(api.url, 'API'), hint];
    };
    const path = '/api/v1/namespaces/iot/endpoints';
    expect(await failure({ tokenFile: wrongToken })).toEqual([
      'DISCOVERY_FAILED',
      `API${path}/bus refuses with status 401`,
      'The token is not accepted; check cluster.k8s.token_file. The node serves and asks again.',
    ]);
    expect(await failure({ serviceName: 'none' })).toEqual([
      'DISCOVERY_FAILED',
      `API${path}/none refuses with status 404`,
      'Check cluster.k8s.service_name and cluster.k8s.namespace. The node serves and asks again.',
    ]);
    expect(await failure({ cacertfile: stranger.cert })).toEqual([
      'DISCOVERY_FAILED',
      expect.stringMatching(/^API.*\/bus does not answer: unable to verify the first certificate/) as unknown,
      'Check cluster.k8s.apiserver and cluster.k8s.cacertfile. The node serves and asks again.',
    ]);
    expect((await failure({ tokenFile: join(folder, 'none') }))[1]).toMatch(/^Cannot read the token of Kubernetes in /);
  });
});
