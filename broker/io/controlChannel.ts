/**
 * The channel to whoever started this process (broker/api/schema/control.ts): `process.send` under Node's fork, `parentPort`
 * in an Electron utility process, nothing on a command line.
 */
import type { NodeMessage, SupervisorMessage } from '../api/schema/control.ts';
import { isFaultAction } from '../api/schema/fault.ts';

export interface ControlChannel {
  send(message: NodeMessage): void;
  onMessage(listener: (message: SupervisorMessage) => void): void;
  /** The supervisor is gone. */
  onClose(listener: () => void): void;
  /** Lets the process end although the channel is open. */
  close(): void;
}

/** The part of Electron's `process.parentPort` that is used here. */
interface ParentPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { data: unknown }) => void): void;
}

/** Undefined when nobody supervises this process. */
export function openControlChannel(): ControlChannel | undefined {
  const parentPort = (process as NodeJS.Process & { parentPort?: ParentPort }).parentPort;
  if (parentPort !== undefined) return overParentPort(parentPort);
  return process.send === undefined ? undefined : overIpc();
}

function overIpc(): ControlChannel {
  return {
    send(message) {
      // A supervisor that has just gone is noticed by 'disconnect'; there is nobody left to tell.
      if (process.connected) process.send?.(message, undefined, undefined, () => {});
    },
    onMessage(listener) {
      process.on('message', (data) => {
        const message = parseSupervisorMessage(data);
        if (message !== undefined) listener(message);
      });
    },
    onClose(listener) {
      process.on('disconnect', listener);
    },
    close() {
      if (process.connected) process.disconnect?.();
    },
  };
}

/** Electron ends a utility process together with its main process, so there is no end to listen for. */
function overParentPort(port: ParentPort): ControlChannel {
  return {
    send: (message) => port.postMessage(message),
    onMessage(listener) {
      port.on('message', ({ data }) => {
        const message = parseSupervisorMessage(data);
        if (message !== undefined) listener(message);
      });
    },
    onClose() {},
    close() {},
  };
}

/** Undefined for what is no command of ours. */
export function parseSupervisorMessage(data: unknown): SupervisorMessage | undefined {
  if (typeof data !== 'object' || data === null || !('command' in data)) return undefined;
  if (data.command === 'stop') return { command: 'stop' };
  if (data.command === 'fault') return parseFaultMessage(data);
  if (data.command !== 'applyAcl') return undefined;
  const { requestId, text } = data as { requestId?: unknown; text?: unknown };
  return typeof requestId === 'number' && typeof text === 'string' ? { command: 'applyAcl', requestId, text } : undefined;
}

function parseFaultMessage(data: object): SupervisorMessage | undefined {
  const { requestId, action } = data as { requestId?: unknown; action?: unknown };
  return typeof requestId === 'number' && isFaultAction(action) ? { command: 'fault', requestId, action } : undefined;
}
