/** Questions between nodes for the REST API: CALL and REPLY by request id, bounded in number, bytes and time. */
import { ERROR_CATALOGUE, type ErrorCode } from '../base/errors.ts';
import type { Millis, NodeName } from '../base/ids.ts';
import { ANSWER_MAX_BYTES, ASK_MAX_BYTES, ASK_MAX_OPEN, ASK_MS, LINK_DATA_BYTES } from './limits.ts';
import type { LinkState } from './peer.ts';
import type { AnswerPort, AskResult } from './ports.ts';
import { protocolError } from './wire/bytes.ts';
import { decodeCall, decodeReply, encodeCall, encodeReply } from './wire/v1.ts';

interface OpenCall {
  readonly link: LinkState;
  readonly dueMs: Millis;
  readonly done: (result: AskResult) => void;
}

export function failed(code: ErrorCode, message: string, hint: string = ERROR_CATALOGUE[code]): AskResult {
  return { ok: false, code, message, hint };
}

/** Said of a peer that has no link, and of questions open when it broke. */
export function nodeDown(name: NodeName): AskResult {
  return failed('NODE_DOWN', `${name} is not linked to this node`);
}

export class Calls {
  readonly #open = new Map<number, OpenCall>();
  readonly #answer: AnswerPort;
  /** Called when an answer was put on a link outside of a step. */
  readonly #written: () => void;
  #lastRequestId = 0;

  constructor(answer: AnswerPort, written: () => void) {
    this.#answer = answer;
    this.#written = written;
  }

  get open(): number {
    return this.#open.size;
  }

  ask(link: LinkState, question: string, params: unknown, nowMs: Millis, done: (result: AskResult) => void): void {
    const { name } = link.peer;
    let openOnLink = 0;
    for (const call of this.#open.values()) if (call.link === link) openOnLink += 1;
    if (openOnLink >= ASK_MAX_OPEN) return done(failed('NODE_BUSY', `${ASK_MAX_OPEN} questions to ${name} wait for an answer`));
    const encoded = Buffer.from(JSON.stringify(params ?? null), 'utf8');
    if (encoded.length > ASK_MAX_BYTES)
      return done(failed('BAD_REQUEST', `A question of ${encoded.length} bytes is longer than ${ASK_MAX_BYTES}`));
    this.#lastRequestId = (this.#lastRequestId + 1) >>> 0;
    const requestId = this.#lastRequestId;
    this.#open.set(requestId, { link, dueMs: nowMs + ASK_MS, done });
    link.control(encodeCall({ requestId, question, params: encoded }));
  }

  onReply(link: LinkState, flags: number, body: Buffer): void {
    const reply = decodeReply(flags, body);
    const call = this.#open.get(reply.requestId);
    // An answer after its time-out: the asker has been told, nothing waits for it.
    if (call === undefined || call.link !== link) return;
    const result: AskResult = reply.ok
      ? { ok: true, answer: parse(reply.answer) }
      : failed(knownCode(reply.code), reply.message, reply.hint);
    this.#open.delete(reply.requestId);
    call.done(result);
  }

  onCall(link: LinkState, body: Buffer): void {
    const { requestId, question, params } = decodeCall(body);
    const send = (result: AskResult) => {
      link.control(encodeResult(requestId, result));
      this.#written();
    };
    if (link.answering >= ASK_MAX_OPEN) return send(failed('NODE_BUSY', `${ASK_MAX_OPEN} questions are being answered`));
    if (link.queueBytes > LINK_DATA_BYTES) return send(failed('NODE_BUSY', `${link.queueBytes} bytes wait on the link`));
    link.answering += 1;
    let answered = false;
    this.#answer(question, parse(params), (result) => {
      if (answered) return;
      answered = true;
      link.answering -= 1;
      // The link may have gone meanwhile; the asker has NODE_DOWN then.
      if (link.peer.link === link) send(result);
    });
  }

  linkClosed(link: LinkState): void {
    for (const [requestId, call] of this.#open) {
      if (call.link !== link) continue;
      this.#open.delete(requestId);
      call.done(nodeDown(link.peer.name));
    }
  }

  tick(nowMs: Millis): void {
    for (const [requestId, call] of this.#open) {
      if (nowMs < call.dueMs) continue;
      this.#open.delete(requestId);
      call.done(failed('NODE_TIMEOUT', `${call.link.peer.name} did not answer within ${ASK_MS / 1_000} s`));
    }
  }
}

function encodeResult(requestId: number, result: AskResult): Buffer {
  if (!result.ok) return encodeReply({ requestId, ...result });
  const answer = Buffer.from(JSON.stringify(result.answer ?? null), 'utf8');
  if (answer.length <= ANSWER_MAX_BYTES) return encodeReply({ requestId, ok: true, answer });
  const message = `The answer has ${answer.length} bytes, more than ${ANSWER_MAX_BYTES}`;
  return encodeReply({ requestId, ok: false, code: 'ANSWER_TOO_LARGE', message, hint: ERROR_CATALOGUE.ANSWER_TOO_LARGE });
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown;
  } catch {
    throw protocolError('A question or answer is not JSON');
  }
}

function knownCode(code: string): ErrorCode {
  return Object.hasOwn(ERROR_CATALOGUE, code) ? (code as ErrorCode) : 'INTERNAL';
}
