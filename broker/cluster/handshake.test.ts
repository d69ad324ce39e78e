import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { NodeId, NodeName } from '../base/ids.ts';
import { Handshake, commonVersion, equalProofs, type HandshakeStep, type LinkRole } from './handshake.ts';
import type { ClusterOptions } from './ports.ts';
import { FrameReader, type Frame } from './wire/frameReader.ts';
import { decodeHello, encodeHello } from './wire/v1.ts';

let drawn = 0;
const crypto = {
  hmacSha256: (key: string, data: Uint8Array) => createHmac('sha256', key).update(data).digest(),
  randomBytes: (size: number) => Buffer.alloc(size, (drawn += 1)),
};

function options(number: number, changes: Partial<ClusterOptions> = {}): ClusterOptions {
  const nodeId = String(number).repeat(32) as NodeId;
  const identity = { nodeId, incarnation: number, nonce: String(number).repeat(16), name: `n${number}@h` as NodeName };
  return { identity, clusterName: 'c', cookie: 'secret', address: { host: 'h', port: number }, seeds: [], ...changes };
}

const end = (role: LinkRole, number: number, changes: Partial<ClusterOptions> = {}, binding?: Buffer) =>
  new Handshake(role, options(number, changes), crypto, 1_000_000, binding);

function frameIn(bytes: Buffer | undefined): Frame {
  const reader = new FrameReader(4_096);
  reader.push(bytes ?? Buffer.alloc(0));
  const frame = reader.next();
  if (frame === undefined) throw new Error('expected a frame');
  return frame;
}

/** What a step sends; undefined when it sends nothing. */
const sentBy = (step: HandshakeStep): Buffer | undefined => (step.type === 'send' ? step.bytes : undefined);

/** Runs a handshake to its end on both sides. */
function meet(dialler: Handshake, acceptor: Handshake): { readonly dialler: HandshakeStep; readonly acceptor: HandshakeStep } {
  const hello = acceptor.frame(frameIn(dialler.hello()));
  if (hello.type !== 'send') return { dialler: hello, acceptor: hello };
  const proof = dialler.frame(frameIn(hello.bytes));
  if (proof.type !== 'send') return { dialler: proof, acceptor: proof };
  const accepted = acceptor.frame(frameIn(proof.bytes));
  if (accepted.type !== 'proven') return { dialler: accepted, acceptor: accepted };
  return { acceptor: accepted, dialler: dialler.frame(frameIn(accepted.send)) };
}

describe('a handshake', () => {
  it('ends with both sides proven when they share cookie, name and version', () => {
    const { dialler, acceptor } = meet(end('dial', 1), end('accept', 2));
    expect(dialler).toMatchObject({ type: 'proven', version: 1, hello: { name: 'n2@h', incarnation: 2 } });
    expect(acceptor).toMatchObject({ type: 'proven', version: 1, hello: { name: 'n1@h', incarnation: 1 } });
  });

  it('never carries the cookie', () => {
    const [dialler, acceptor] = [end('dial', 1), end('accept', 2)];
    const hello = acceptor.frame(frameIn(dialler.hello()));
    const proof = dialler.frame(frameIn(sentBy(hello)));
    const said = [dialler.hello(), sentBy(hello), sentBy(proof)].map((bytes) => bytes?.toString('latin1') ?? 'nothing');
    expect(said).not.toContain('nothing');
    expect(said.join()).not.toContain('secret');
  });

  it('S1 is refused at the first proof with another cookie', () => {
    const { acceptor } = meet(end('dial', 1, { cookie: 'guess' }), end('accept', 2));
    expect(acceptor).toEqual({
      type: 'refused',
      refusal: { code: 'CLUSTER_WRONG_COOKIE', message: 'n1@h has another cookie than n2@h' },
      byPeer: false,
    });
  });

  it('S2 is refused with a reflected proof: what the dialler proved does not prove the acceptor', () => {
    const [dialler, acceptor] = [end('dial', 1), end('accept', 2)];
    const hello = acceptor.frame(frameIn(dialler.hello()));
    const proof = dialler.frame(frameIn(sentBy(hello)));
    const reflected = dialler.frame(frameIn(sentBy(proof)));
    expect(reflected).toMatchObject({ type: 'refused', refusal: { code: 'CLUSTER_WRONG_COOKIE' } });
  });

  it('S2 is refused with a replayed proof: both sides draw new challenges', () => {
    const [dialler, acceptor] = [end('dial', 1), end('accept', 2)];
    const helloFrame = frameIn(dialler.hello());
    const answer = acceptor.frame(helloFrame);
    const proofFrame = frameIn(sentBy(dialler.frame(frameIn(sentBy(answer)))));
    expect(acceptor.frame(proofFrame).type).toBe('proven');
    const again = end('accept', 2);
    expect(again.frame(helloFrame).type).toBe('send');
    expect(again.frame(proofFrame)).toMatchObject({ type: 'refused', refusal: { code: 'CLUSTER_WRONG_COOKIE' } });
  });

  it('over TLS is proven on one connection only: a proof that is passed on between two is refused (R6)', () => {
    const here = Buffer.alloc(32, 7);
    const { dialler, acceptor } = meet(end('dial', 1, {}, here), end('accept', 2, {}, here));
    expect([dialler.type, acceptor.type]).toEqual(['proven', 'proven']);
    for (const there of [Buffer.alloc(32, 8), undefined]) {
      const relayed = meet(end('dial', 1, {}, here), end('accept', 2, {}, there));
      expect(relayed.acceptor).toMatchObject({ type: 'refused', refusal: { code: 'CLUSTER_WRONG_COOKIE' } });
    }
  });

  it('S3 is refused when the version ranges do not meet', () => {
    const newer = decodeHello(frameIn(end('dial', 1).hello()).body);
    const step = end('accept', 2).frame(frameIn(encodeHello({ ...newer, versions: { min: 2, max: 3 } })));
    expect(step).toMatchObject({
      type: 'refused',
      refusal: { code: 'CLUSTER_VERSION', message: 'n1@h speaks wire versions 2 to 3, n2@h 1 to 1' },
    });
  });

  it('is refused for another cluster and for a clock more than an hour away', () => {
    const other = meet(end('dial', 1, { clusterName: 'other' }), end('accept', 2));
    expect(other.acceptor).toMatchObject({ type: 'refused', refusal: { code: 'CLUSTER_WRONG_NAME' } });
    const late = new Handshake('dial', options(1), crypto, 1_000_000 + 3_600_001);
    expect(meet(late, end('accept', 2)).acceptor).toMatchObject({ type: 'refused', refusal: { code: 'CLUSTER_CLOCK_TOO_FAR' } });
  });

  it('recognises ourselves', () => {
    expect(meet(end('dial', 1), end('accept', 1)).dialler).toEqual({ type: 'self' });
  });

  it('breaks off at a frame that has no place in it', () => {
    const acceptor = end('accept', 2);
    const hello = frameIn(end('dial', 1).hello());
    acceptor.frame(hello);
    expect(() => acceptor.frame(hello)).toThrow('A second HELLO');
    expect(() => end('accept', 2).frame({ kind: 0x30, flags: 0, body: Buffer.alloc(0) })).toThrow(
      'Frame kind 48 before the proof',
    );
    expect(() => end('accept', 2).frame({ kind: 0x02, flags: 0, body: Buffer.alloc(32) })).toThrow('A proof before HELLO');
  });
});

describe('versions and proofs', () => {
  it.each([
    [{ min: 1, max: 1 }, { min: 1, max: 3 }, 1],
    [{ min: 2, max: 5 }, { min: 1, max: 3 }, 3],
    [{ min: 3, max: 4 }, { min: 1, max: 2 }, undefined],
  ])('of %o and %o the highest common version is %s', (a, b, version) => {
    expect(commonVersion(a, b)).toBe(version);
    expect(commonVersion(b, a)).toBe(version);
  });

  it('are equal only in all bytes', () => {
    expect(equalProofs(Buffer.of(1, 2), Buffer.of(1, 2))).toBe(true);
    expect(equalProofs(Buffer.of(1, 2), Buffer.of(1, 3))).toBe(false);
    expect(equalProofs(Buffer.of(1, 2), Buffer.of(1, 2, 0))).toBe(false);
    expect(equalProofs(Buffer.of(), Buffer.of(0))).toBe(false);
  });
});
