/** What a client's certificate says about it. */
import { createHash, type X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { MqttConfig } from '../../config/config.ts';
import type { CertificatePart, TlsOptions } from '../../config/listenerConfig.ts';
import type { PeerIdentity } from '../../session/ports.ts';
import type { ProxySource } from '../accept/proxyHeader.ts';

/** Undefined when the client showed none. */
export function peerIdentity(socket: TLSSocket, options: TlsOptions): PeerIdentity | undefined {
  const certificate = options.verifyPeer ? socket.getPeerX509Certificate() : undefined;
  if (certificate === undefined) return undefined;
  return {
    commonName: commonNameOf(certificate),
    subject: subjectOf(certificate),
    username: partOf(certificate, options.peerCertAsUsername),
    clientId: partOf(certificate, options.peerCertAsClientId),
  };
}

/** What a proxy in front, where TLS ends, says of the certificate it saw: its common name. */
export function identityByProxy(source: ProxySource | undefined, mqtt: MqttConfig): PeerIdentity | undefined {
  const commonName = source?.commonName;
  if (commonName === undefined) return undefined;
  return {
    commonName,
    subject: `CN=${commonName}`,
    username: mqtt.peerCertAsUsername === 'cn' ? commonName : undefined,
    clientId: mqtt.peerCertAsClientId === 'cn' ? commonName : undefined,
  };
}

function partOf(certificate: X509Certificate, part: CertificatePart | undefined): string | undefined {
  switch (part) {
    case undefined:
      return undefined;
    case 'cn':
      return commonNameOf(certificate);
    case 'dn':
      return subjectOf(certificate);
    case 'pem':
      return certificate.toString();
    // EMQX takes the bytes as they are; names are text here, so they come as base64.
    case 'crt':
      return certificate.raw.toString('base64');
    case 'md5':
      return createHash('md5').update(certificate.raw).digest('hex');
  }
}

function commonNameOf(certificate: X509Certificate): string | undefined {
  return /^CN=(.+)$/m.exec(certificate.subject)?.[1];
}

/** `C=DE,O=Plant,CN=pump-7`, in the order of the certificate. */
function subjectOf(certificate: X509Certificate): string {
  return certificate.subject.split('\n').join(',');
}

/** No chain is longer: ssl_options.depth goes no further. */
const MAX_CHAIN = 100;

/**
 * Certificates between that of a client and the self-signed one at the end. Node.js may hide what the client sent between
 * (nodejs/node#65579, #46163); those among `authorities` are found all the same, and whatever is hidden counts as one.
 */
export function intermediatesOf(certificate: X509Certificate, authorities: readonly X509Certificate[]): number {
  let current = certificate;
  for (let between = 0; between < MAX_CHAIN; between += 1) {
    if (between === 0 && current.checkIssued(current)) return 0;
    const last = current;
    const issuer = last.issuerCertificate ?? authorities.find((authority) => last.checkIssued(authority));
    if (issuer === undefined) return between + 1;
    if (issuer.checkIssued(issuer)) return between;
    current = issuer;
  }
  return MAX_CHAIN;
}
