import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createTempDir, removeTempDir } from '../../../test/support/tempDir.ts';
import { readListenerJson } from '../../config/listenerJson.ts';
import { makeCertificate } from './developmentCertificates.ts';
import { loadTlsContexts } from './tlsContext.ts';

/** One key of nobody under one password, `open sesame`: what comes out with the word `wrong`, or without any, happens to look well padded. */
const PADDED_WITH_WRONG = `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIH0MF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBB63SsTneMEgOZ1hEsa
BsklAgIIADAMBggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQfpwLUeU9JFlEPeAF
CQKzJQSBkKE9JI10LB1+Mk6SUiA4CaJkbuIlDt8SpiogNQ7jsnV4KgW+ldL3BQCa
L1LZzHA7+dIZrSrtNsjfCqHzxYwz9p3n2BdMnq1b5LOaze0ofC6p+ACLBW16m2Y3
TeP/Ab7pBuqkBb6igiTdPMJgb6ruSSAuOWhMzhNrzQrN5qC5NcZaWlvAg/JLg3g/
lXcecbzVVA==
-----END ENCRYPTED PRIVATE KEY-----
`;
const PADDED_WITH_NONE = `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIH0MF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBDe5pdu7A81GYE4lRVv
ewCuAgIIADAMBggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQ59yImGaMI1HwloRW
GTt4fASBkHKEb8VBHfE2QgEDF4OCUSKgUCVMJ1yVp8Ovys9iFuTcCaR9AGIDOQBe
uwllS15Rt3wV4wdNvOu04KFWIiiTHSF/uQaSaP4FHsBBEqwn7dJNwlXJraBJJWwj
jhCsNbvCwW4qHiLBwi8cwBTr+sQmKr2HeG7GVU8w2+X32eey5O3XHSj7u+ap05Mg
9H8smRkTJw==
-----END ENCRYPTED PRIVATE KEY-----
`;

let folder: string;

beforeEach(async () => {
  folder = await createTempDir();
});

afterEach(() => removeTempDir(folder));

async function refusalOf(key: string, password: string | undefined): Promise<string> {
  const [certfile, keyfile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  await writeFile(certfile, makeCertificate({ commonName: 'x', hosts: [], kind: 'server', nowMs: Date.now() }).certificate);
  await writeFile(keyfile, key);
  const reading = readListenerJson('ssl', 'x', { bind: '127.0.0.1:0', ssl_options: { certfile, keyfile, ...(password === undefined ? {} : { password }) } });
  if (!reading.ok || reading.config.ssl === undefined) throw new Error('no TLS');
  return loadTlsContexts('ssl:x', reading.config.ssl, undefined).then(
    () => 'none',
    (error: unknown) => String(error).replaceAll(folder, ''),
  );
}

it('says that the password is what fails, also when the wrong one decrypts to something', async () => {
  expect([await refusalOf(PADDED_WITH_WRONG, 'wrong'), await refusalOf(PADDED_WITH_NONE, undefined)]).toEqual([
    expect.stringMatching(/\/key\.pem: the password of the key is wrong$/),
    expect.stringMatching(/\/key\.pem: the key needs a password$/),
  ]);
});

it('says when the key opens and is another one', async () => {
  expect(await refusalOf(PADDED_WITH_WRONG, 'open sesame')).toMatch(/\/key\.pem: .*mismatch/);
});
