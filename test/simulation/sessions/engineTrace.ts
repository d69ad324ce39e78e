/** What an engine does, as lines of a trace: frames that came in, copies that changed, peers that came and went. For reading failing seeds. */
import type { NodeId } from '../../../broker/base/ids.ts';
import type { SessionEngine } from '../../../broker/cluster/sessions/engine.ts';
import { messageOfWire } from '../../../broker/cluster/sessions/message.ts';
import type { Frame } from '../../../broker/cluster/wire/frameReader.ts';
import { decodeRowChange } from '../../../broker/cluster/wire/v1SessionRows.ts';
import { decodeAsk, decodeAskNode, decodeCopyFrame, decodeForward, decodeLate, decodeReplicate, SessionKind } from '../../../broker/cluster/wire/v1Sessions.ts';
import { bodyOf } from './simMessage.ts';

export interface TraceTo {
  line(text: string): void;
  nameOf(node: NodeId): string;
}

const KIND_NAMES = new Map<number, string>(Object.entries(SessionKind).map(([name, kind]) => [kind, name]));
/** Too many to be of use. */
const SILENT: ReadonlySet<number> = new Set([SessionKind.beat, SessionKind.forwardAck, SessionKind.lateAck, SessionKind.replicateAck]);

export function traceFrame(to: TraceTo, from: NodeId, frame: Frame): void {
  if (SILENT.has(frame.kind)) return;
  to.line(`  ${KIND_NAMES.get(frame.kind) ?? frame.kind} from ${to.nameOf(from)}${about(to, from, frame)}`);
}

function about(to: TraceTo, from: NodeId, { kind, flags, body }: Frame): string {
  switch (kind) {
    case SessionKind.row: {
      const { clientId, row, movedTo } = decodeRowChange(flags, body, from);
      if (row === undefined) return ` ${clientId} gone${movedTo === undefined ? '' : ` to ${to.nameOf(movedTo)}`}`;
      const backup = row.backup === null ? '-' : to.nameOf(row.backup);
      return ` ${clientId} ${row.role}${row.connectedAt > 0 ? ' connected' : ''}, backup ${backup}${row.backed ? ' has it' : ''}, [${row.filters.join(' ')}]`;
    }
    case SessionKind.forward:
      return ` ${bodyOf(messageOfWire(decodeForward(flags, body).publish))}`;
    case SessionKind.late:
      return ` ${bodyOf(messageOfWire(decodeLate(flags, body).publish))}`;
    case SessionKind.grant:
    case SessionKind.unlock: {
      const { clientId, request, node } = decodeAskNode(body);
      return ` ${clientId} ${request} ${node === null ? '' : to.nameOf(node)}`;
    }
    case SessionKind.lock:
    case SessionKind.who:
    case SessionKind.whoIs:
    case SessionKind.begin:
    case SessionKind.refused:
    case SessionKind.flush:
    case SessionKind.handInAck:
    case SessionKind.needCopy: {
      const { clientId, request } = decodeAsk(body);
      return ` ${clientId} ${request}${flags === 0 ? '' : ` flags ${flags}`}`;
    }
    case SessionKind.state:
    case SessionKind.handIn: {
      const { clientId, request, sync } = decodeCopyFrame(flags, body);
      return ` ${clientId} ${request}${sync ? ' sync' : ''}`;
    }
    case SessionKind.replicate: {
      const { clientId, request, whole, byOwner } = decodeReplicate(flags, body);
      return ` ${clientId} ${request}${whole ? ' whole' : ''}${byOwner ? '' : ' not by its owner'}`;
    }
    default:
      return '';
  }
}

interface SeenState {
  readonly state: string;
  readonly items: ReadonlySet<string>;
}

/** Tells what is not as it was when it was last asked. */
export class EngineWatch {
  readonly #engine: Pick<SessionEngine, 'inspection'>;
  readonly #to: TraceTo;
  #copies = new Map<string, SeenState>();
  #peers = new Map<NodeId, string>();

  constructor(engine: Pick<SessionEngine, 'inspection'>, to: TraceTo) {
    this.#engine = engine;
    this.#to = to;
  }

  look(): void {
    const { copies, peers } = this.#engine.inspection;
    const now = new Map<string, SeenState>();
    for (const held of copies.all()) {
      const { copy, clientId, online, connecting, hold, leave } = held;
      const names = [copy.owner, copy.backup].map((node) => (node === null ? '-' : this.#to.nameOf(node)));
      const flags = [online && 'online', connecting && 'connecting', hold !== undefined && 'hold', leave !== undefined && 'leaving', held.isEnded && 'ended', held.backed && 'backed'];
      const subscriptions = [...copy.subscriptions.values()].map(({ topicFilter, on }) => `${on ? '' : '!'}${topicFilter}`);
      const state = `${copy.role} of ${names[0] ?? ''}, backup ${names[1] ?? ''}, ${flags.filter((flag) => flag !== false).join(' ')} [${subscriptions.join(' ')}]`;
      const items = new Set([...copy.items].map(({ message, state: itemState }) => `${bodyOf(message)}${itemState === 'queued' ? '' : `(${itemState})`}`));
      now.set(clientId, { state, items });
      const before = this.#copies.get(clientId);
      if (before?.state !== state) this.#to.line(`  copy of ${clientId}: ${state}`);
      const more = [...items].filter((item) => before?.items.has(item) !== true);
      const less = [...(before?.items ?? [])].filter((item) => !items.has(item));
      if (more.length + less.length > 0) this.#to.line(`  items of ${clientId}: ${[...more.map((item) => `+${item}`), ...less.map((item) => `-${item}`)].join(' ')}`);
    }
    for (const clientId of this.#copies.keys()) if (!now.has(clientId)) this.#to.line(`  copy of ${clientId}: none`);
    this.#copies = now;
    const standings = new Map([...peers.all()].map((peer) => [peer.nodeId, `${peer.standing}${peer.ready ? '' : ' not ready'}${peer.gone ? ' gone' : ''}`] as const));
    for (const [node, standing] of standings) if (this.#peers.get(node) !== standing) this.#to.line(`  ${this.#to.nameOf(node)} is ${standing}`);
    this.#peers = standings;
  }
}
