/** What a user does to a client, from wherever it is asked for; failures become notices that name the client. */
import type { ConnectionSpec } from '../../../electron/contract/clients.ts';
import type { ConnectSecrets } from '../../../electron/contract/connectionParts.ts';
import { useAccessExplainStore, type ExplainForm } from '../../stores/accessExplain.ts';
import { useClientsStore } from '../../stores/clients.ts';
import { useConnectionsStore } from '../../stores/connections.ts';
import { useNoticesStore } from '../../stores/notices.ts';
import { useOpener } from '../../workbench/opener.ts';
import { useTabsStore } from '../../workbench/tabs.ts';
import type { ViewRef } from '../../workbench/paneTree.ts';
import { useClientsView } from './view.ts';

/** Sessions of the workbench reach its own nodes from here. */
const LOOPBACK = '127.0.0.1';
export const PAGE = 'clients';
export const PANE_VIEW = 'clients.pane';

/** The pane of one client. */
export function paneOf(id: string): ViewRef {
  return { view: PANE_VIEW, key: id, params: { id } };
}

/** An id for a new connection: readable in file names, unique by its random end. */
function newId(name: string): string {
  const readable = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40);
  return `${readable || 'client'}-${crypto.randomUUID().slice(0, 8)}`;
}

export interface ClientActs {
  connect(spec: ConnectionSpec, secrets?: ConnectSecrets): Promise<void>;
  disconnect(spec: ConnectionSpec): Promise<void>;
  /** Saves a new or changed connection; a new one gets its id here. */
  save(spec: ConnectionSpec): Promise<ConnectionSpec | undefined>;
  duplicate(spec: ConnectionSpec): Promise<void>;
  /** Docks the client to another node and connects there if it was connected. */
  move(spec: ConnectionSpec, node: string): Promise<void>;
  remove(spec: ConnectionSpec): Promise<void>;
  clear(spec: ConnectionSpec): Promise<void>;
  open(id: string, beside?: boolean): void;
  /** Asks the access rules why they decide as they do. */
  explain(spec: ConnectionSpec, request: Pick<ExplainForm, 'action' | 'topic' | 'qos' | 'retain'>): void;
}

export function useClientActs(): ClientActs {
  const clients = useClientsStore();
  const connections = useConnectionsStore();
  const notices = useNoticesStore();
  const tabs = useTabsStore();
  const view = useClientsView();
  const opener = useOpener();
  const explainer = useAccessExplainStore();

  async function attempt<T>(key: string, spec: ConnectionSpec, run: () => Promise<T>): Promise<T | undefined> {
    try {
      return await run();
    } catch (error) {
      notices.failed(error, `clients.failed.${key}`, { name: spec.name });
      return undefined;
    }
  }

  const acts: ClientActs = {
    connect: async (spec, secrets) => void (await attempt('connect', spec, () => clients.connect(spec.id, secrets))),
    disconnect: async (spec) => void (await attempt('disconnect', spec, () => clients.disconnect(spec.id))),
    save: (spec) => attempt('save', spec, () => clients.save(spec.id === '' ? { ...spec, id: newId(spec.name) } : spec)),
    async duplicate(spec) {
      const names = new Set(connections.specs.map(({ name }) => name));
      let number = 2;
      while (names.has(`${spec.name} ${number}`)) number += 1;
      const clientId = spec.clientId === '' ? '' : `${spec.clientId}-${number}`;
      const copy = await acts.save({ ...spec, id: '', name: `${spec.name} ${number}`, clientId });
      if (copy) acts.open(copy.id);
    },
    async move(spec, node) {
      if (spec.target.kind === 'node' && spec.target.node === node) return;
      const wasConnected = connections.states.get(spec.id)?.state === 'connected';
      if (wasConnected) await acts.disconnect(spec);
      const moved = await acts.save({ ...spec, target: { kind: 'node', node } });
      if (moved && wasConnected) await acts.connect(moved);
    },
    async remove(spec) {
      await attempt('remove', spec, async () => {
        await clients.remove(spec.id);
        tabs.closeWhere(PAGE, (ref) => ref.view === PANE_VIEW && ref.key === spec.id);
        view.forget(spec.id);
      });
    },
    clear: async (spec) => void (await attempt('clear', spec, () => clients.clear(spec.id))),
    open(id, beside = false) {
      const here = tabs.focusedPane(PAGE);
      // The page's empty home is a place to fill, not a tab to keep.
      if (here?.view.view === PANE_VIEW && here.view.key === '') tabs.replace(PAGE, here.id, paneOf(id));
      else if (beside) tabs.openBeside(PAGE, paneOf(id));
      else tabs.open(PAGE, paneOf(id));
    },
    explain(spec, request) {
      const clientId = connections.states.get(spec.id)?.assignedClientId ?? spec.clientId;
      explainer.ask({ clientId, username: spec.username, peerHost: LOOPBACK, ...request });
      opener.open('explain', spec.id);
    },
  };
  return acts;
}
