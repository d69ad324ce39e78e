/** Eclipse paho in Python (Debian's python3-paho-mqtt), as a witness from outside. */
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { canInstallPackages, DEBIAN_PYTHON, installPackages } from '../support/debianPackages.ts';
import { runProcess } from '../support/processes.ts';
import { conformanceBroker } from './broker.ts';

const SCRIPT = fileURLToPath(new URL('pahoWitness.py', import.meta.url));
const broker = conformanceBroker();
beforeAll(async () => {
  const found = await runProcess(DEBIAN_PYTHON, ['-c', 'import paho.mqtt.client']).catch(() => null);
  if (found?.code !== 0 && (await canInstallPackages())) await installPackages(['python3-paho-mqtt']);
}, 360_000);

async function paho(version: string, scenario: string): Promise<unknown> {
  const { code, stdout, stderr } = await runProcess(DEBIAN_PYTHON, [SCRIPT, String(broker.port), version, scenario], { lifetimeMs: 60_000 });
  if (code !== 0) throw new Error(`paho ${version} ${scenario}: ${stderr}`);
  return JSON.parse(stdout);
}

describe.each(['31', '311', '5'])('paho at version %s', (version) => {
  const name = `py${version}`;
  const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

  it('publishes and gets messages of every QoS, in order [MQTT3-7.0.0-2]', async () => {
    expect(await paho(version, 'every_qos')).toEqual({
      granted: [0, 1, 2],
      byQos: [0, 1, 2].map((qos) => numbers(20).map((n) => `${name}/${qos} ${qos} 0 ${n}`)),
    });
  });

  it('finds retained messages; its will goes out when it is cut off and not when it says goodbye', async () => {
    expect(await paho(version, 'retained_and_will')).toEqual([`${name}/kept/a 1 1 new`, `${name}/kept/will 2 0 gone`, `${name}/kept/a 0 0 `]);
  });

  it('comes back to its session and gets what it missed', async () => {
    // paho hands a QoS 2 message over when its PUBREL comes, hence later than a QoS 1 message behind it. 3.1 has no way to say that there was a session.
    const present = version === '31' ? [false, false] : [false, true];
    expect(await paho(version, 'session')).toEqual({ present, lines: ['1 0 0', '1 0 2', '2 0 1', '2 0 3'].map((line) => `${name}/missed ${line}`) });
  });

  it('shares a subscription with others', async () => {
    expect(await paho(version, 'shared')).toEqual({ numbers: numbers(20), members: [0, 1] });
  });
});

describe('paho at version 5', () => {
  it('uses properties, options and identifiers', async () => {
    expect(await paho('5', 'properties')).toEqual({
      retain: true,
      contentType: 'text/plain',
      responseTopic: 're/ply',
      correlation: '00ff',
      expiry: 60,
      format: 1,
      user: [['b', '1'], ['a', '2'], ['b', '3']],
      identifiers: [42],
    });
  });
});
