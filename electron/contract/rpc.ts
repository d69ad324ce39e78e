/** Calls and events over a MessagePipe: `serveHost` at the host's end, `createHostClient` at the window's. */
import type { TSchema } from 'typebox';
import { borderError, rebuildError, reportOf } from './errors.ts';
import { HOST_CALLS, HOST_EVENTS } from './host.ts';
import type { AnswerOf, EventOf, HostCall, HostEvent, HostHandlers, RequestOf } from './host.ts';
import { misfit } from './misfit.ts';
import { Listeners } from './pipe.ts';
import type { MessagePipe, PipeMessage } from './pipe.ts';

/** Calls of one window that may be under way at once, on either end; one more fails with HOST_BUSY. */
export const MAX_OPEN_CALLS = 512;

/** Anything that tells events of the contract. `subscribe` returns the undo. */
export interface HostEventSource {
  subscribe(listener: <K extends HostEvent>(name: K, payload: EventOf<K>) => void): () => void;
}

export interface ServeOptions {
  /** Checks answers and events as well: for tests, where a host that breaks its word must be seen. */
  readonly checkAnswers?: boolean;
  /** Told of every failed call, for the log; `error` is what the handler threw. */
  readonly onFailure?: (name: string, error: unknown) => void;
}

/**
 * Serves one window. Every request is checked before its handler sees it; a message that is not a call closes the pipe.
 * Returns the undo, which leaves the pipe open.
 */
export function serveHost(pipe: MessagePipe, handlers: HostHandlers, events: HostEventSource, options: ServeOptions = {}): () => void {
  let open = true;
  let openCalls = 0;
  const send = (message: PipeMessage) => {
    if (open) pipe.send(message);
  };
  const run = async (id: number, name: string, request: unknown) => {
    openCalls += 1;
    try {
      if (openCalls > MAX_OPEN_CALLS) throw borderError('HOST_BUSY', `More than ${MAX_OPEN_CALLS} calls are under way.`);
      if (!isCallName(name)) throw borderError('UNKNOWN_CALL', `The host knows no call ${JSON.stringify(name)}.`);
      requireFit(HOST_CALLS[name].request, request, `request of ${name}`);
      const answer = await (handlers[name] as (request: unknown) => Promise<unknown>)(request);
      if (options.checkAnswers) requireFit(HOST_CALLS[name].answer, answer, `answer of ${name}`);
      send({ type: 'answer', id, answer });
    } catch (error) {
      options.onFailure?.(name, error);
      send({ type: 'failure', id, error: reportOf(error) });
    } finally {
      openCalls -= 1;
    }
  };
  const undo = [
    pipe.onMessage((message) => {
      // A pipe that refuses even the report of a failure is of no more use.
      if (isCallMessage(message)) run(message.id, message.name, message.request).catch(() => pipe.close());
      else pipe.close();
    }),
    pipe.onClose(() => stop()),
    events.subscribe((name, payload) => {
      if (options.checkAnswers) requireFit(HOST_EVENTS[name], payload, `event ${name}`);
      try {
        send({ type: 'event', name, payload });
      } catch {
        // A pipe that cannot take an event must not stop the host from telling the other windows.
        pipe.close();
      }
    }),
  ];
  const stop = () => {
    open = false;
    for (const step of undo) step();
  };
  return stop;
}

/** Arguments of `call`: a call without a request takes none. */
type CallArguments<K extends HostCall> = undefined extends RequestOf<K> ? [request?: undefined] : [request: RequestOf<K>];

export interface HostClient {
  /** Rejects with HostError: the host's own failure, or HOST_GONE when the connection ended first. */
  call<K extends HostCall>(name: K, ...request: CallArguments<K>): Promise<AnswerOf<K>>;
  /** Returns the undo. */
  on<K extends HostEvent>(name: K, listener: (payload: EventOf<K>) => void): () => void;
  /** Rejects what is under way and listens no more; the pipe stays open. */
  dispose(): void;
}

interface OpenCall {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** The window's end. Lives as long as the pipe, through its reconnections. */
export function createHostClient(pipe: MessagePipe): HostClient {
  const open = new Map<number, OpenCall>();
  const listeners = new Map<string, Listeners<[unknown]>>();
  let lastId = 0;
  let disposed = false;

  const failAll = () => {
    const calls = [...open.values()];
    open.clear();
    for (const call of calls) call.reject(borderError('HOST_GONE', 'The connection to the workbench host ended before it answered.'));
  };
  const receive = (message: unknown) => {
    if (isAnswerMessage(message)) {
      const call = open.get(message.id);
      open.delete(message.id);
      if (message.type === 'answer') call?.resolve(message.answer);
      else call?.reject(rebuildError(message.error));
    } else if (isEventMessage(message)) listeners.get(message.name)?.tell(message.payload);
  };
  const undo = [pipe.onMessage(receive), pipe.onClose(failAll)];

  return {
    call: (name, ...[request]) =>
      new Promise((resolve, reject) => {
        if (disposed) throw borderError('HOST_GONE', 'This window has let go of its host.');
        if (open.size >= MAX_OPEN_CALLS) throw borderError('HOST_BUSY', `${MAX_OPEN_CALLS} calls are under way.`);
        lastId += 1;
        const id = lastId;
        open.set(id, { resolve: resolve as (answer: unknown) => void, reject });
        try {
          pipe.send({ type: 'call', id, name, request });
        } catch (error) {
          open.delete(id);
          throw error;
        }
      }),
    on: (name, listener) => {
      const set = listeners.get(name) ?? new Listeners<[unknown]>();
      listeners.set(name, set);
      return set.add(listener as (payload: unknown) => void);
    },
    dispose: () => {
      disposed = true;
      for (const step of undo) step();
      failAll();
    },
  };
}

function isCallName(name: string): name is HostCall {
  return Object.hasOwn(HOST_CALLS, name);
}

/** Throws BAD_REQUEST naming the first field that does not fit. */
function requireFit(schema: TSchema, value: unknown, what: string): void {
  const problem = misfit(schema, value);
  if (problem !== undefined) throw borderError('BAD_REQUEST', `The ${what} does not fit the contract: ${problem}.`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isCallMessage(value: unknown): value is Extract<PipeMessage, { type: 'call' }> {
  return isObject(value) && value['type'] === 'call' && Number.isSafeInteger(value['id']) && typeof value['name'] === 'string';
}

function isAnswerMessage(value: unknown): value is Extract<PipeMessage, { type: 'answer' | 'failure' }> {
  return isObject(value) && (value['type'] === 'answer' || value['type'] === 'failure') && Number.isSafeInteger(value['id']);
}

function isEventMessage(value: unknown): value is Extract<PipeMessage, { type: 'event' }> {
  return isObject(value) && value['type'] === 'event' && typeof value['name'] === 'string';
}
