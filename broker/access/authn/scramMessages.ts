/** The four messages of SCRAM (RFC 5802 section 7), read strictly and written. What they prove is io/authn/scramExchange.ts. */
import { utf8Problem } from '../../protocol/utf8.ts';

/** Longer messages are nobody's: a user name has at most 65,535 bytes in MQTT, a nonce some dozens. */
const MAX_MESSAGE_BYTES = 4096;

/** `n,,n=user,r=nonce` */
export interface ClientFirst {
  /** `n,,`: what the last message has to repeat. */
  readonly gs2Header: string;
  /** What follows: part of what is signed. */
  readonly bare: string;
  readonly username: string;
  /** Whom the user would like to act as; undefined when none. */
  readonly authzid: string | undefined;
  readonly nonce: string;
}

/** `c=biws,r=nonce,p=proof` */
export interface ClientFinal {
  /** Decoded: the GS2 header of the first message. */
  readonly channelBinding: string;
  readonly nonce: string;
  readonly proof: Buffer;
  /** All before the proof: part of what is signed. */
  readonly withoutProof: string;
}

/** `c-nonce`: printable ASCII but the comma. */
const NONCE = /^[\x21-\x2b\x2d-\x7e]+$/;
const EXTENSION = /^[A-Za-z]=[^\0,]+$/u;

/** Undefined for everything that is not exactly such a message, mandatory extensions and channel binding included. */
export function parseClientFirst(data: Uint8Array): ClientFirst | undefined {
  const text = decode(data);
  // gs2-header: `n` asks for no channel binding, `y` would have liked one. `p=` demands it, which no mechanism here offers.
  const header = text === undefined ? null : /^[ny],(?:a=([^,]+))?,/u.exec(text);
  if (text === undefined || header === null) return undefined;
  const [gs2Header, givenAuthzid] = header;
  const bare = text.slice(gs2Header.length);
  const [name, nonce, ...extensions] = bare.split(',');
  // `m=` in front would be an extension that must be understood (RFC 5802 section 5.1).
  if (name?.startsWith('n=') !== true || nonce?.startsWith('r=') !== true) return undefined;
  const username = unescape(name.slice(2));
  const authzid = givenAuthzid === undefined ? undefined : unescape(givenAuthzid);
  const isSound = NONCE.test(nonce.slice(2)) && extensions.every((extension) => EXTENSION.test(extension));
  if (username === undefined || !isSound || (givenAuthzid !== undefined && authzid === undefined)) return undefined;
  return { gs2Header, bare, username, authzid, nonce: nonce.slice(2) };
}

export function parseClientFinal(data: Uint8Array): ClientFinal | undefined {
  const text = decode(data);
  const proofAt = text?.lastIndexOf(',p=') ?? -1;
  if (text === undefined || proofAt < 0) return undefined;
  const withoutProof = text.slice(0, proofAt);
  const [binding, nonce, ...extensions] = withoutProof.split(',');
  if (binding?.startsWith('c=') !== true || nonce?.startsWith('r=') !== true) return undefined;
  const channelBinding = base64(binding.slice(2));
  const proof = base64(text.slice(proofAt + 3));
  const isSound = NONCE.test(nonce.slice(2)) && extensions.every((extension) => EXTENSION.test(extension));
  if (channelBinding === undefined || proof === undefined || !isSound) return undefined;
  return { channelBinding: channelBinding.toString('latin1'), nonce: nonce.slice(2), proof, withoutProof };
}

export function printServerFirst(nonce: string, salt: Buffer, iterationCount: number): string {
  return `r=${nonce},s=${salt.toString('base64')},i=${iterationCount}`;
}

export function printServerFinal(signature: Buffer): string {
  return `v=${signature.toString('base64')}`;
}

function decode(data: Uint8Array): string | undefined {
  if (data.length > MAX_MESSAGE_BYTES || utf8Problem(data, 0, data.length) !== undefined) return undefined;
  return Buffer.from(data).toString('utf8');
}

/** `saslname`: comma and equals sign are written `=2C` and `=3D`; any other `=` is an error (RFC 5802 section 5.1). */
function unescape(text: string): string | undefined {
  if (text === '' || text.includes('\0') || /=(?!2C|3D)/.test(text)) return undefined;
  return text.replaceAll('=2C', ',').replaceAll('=3D', '=');
}

/** Undefined for what is not the one base64 spelling of some bytes. */
function base64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return text !== '' && bytes.toString('base64') === text ? bytes : undefined;
}
