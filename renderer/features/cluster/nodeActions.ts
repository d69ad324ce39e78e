/** What can be done with a node, for the inspector, the context menu and the palette alike. */
import type { NodeState } from '../../../electron/contract/cluster.ts';
import { useClusterStore } from '../../stores/cluster.ts';
import { useNoticesStore } from '../../stores/notices.ts';
import type { BbIconName } from '../../ui/icons.ts';
import { useClusterViewStore, type NodeAction } from './clusterView.ts';

export const ACTION_ICONS: Readonly<Record<NodeAction, BbIconName>> = { start: 'play', stop: 'stop', kill: 'power', restart: 'restart' };

/** The actions that make sense in a state, in order. */
export function actionsIn(state: NodeState | undefined): readonly NodeAction[] {
  switch (state) {
    case 'running':
      return ['restart', 'stop', 'kill'];
    case 'starting':
    case 'joining':
      return ['stop', 'kill'];
    case 'stopping':
      return ['kill'];
    case 'stopped':
    case 'failed':
      return ['start'];
    default:
      return [];
  }
}

/** What an action costs, told before it is done. */
export interface ActionPreview {
  readonly panes: number;
  readonly others: number;
}

export function useNodeActions() {
  const cluster = useClusterStore();
  const notices = useNoticesStore();
  const view = useClusterViewStore();

  function preview(node: string): ActionPreview {
    const card = view.cards.find((other) => other.name === node);
    return { panes: card?.docked.length ?? 0, others: card?.foreign ?? 0 };
  }

  async function perform(action: NodeAction, node: string): Promise<void> {
    view.pending = null;
    try {
      await cluster.act(`node/${action}`, node);
    } catch (error) {
      notices.failed(error, `cluster.failed.${action}`, { node });
    }
  }

  /** Killing always asks first; stopping and restarting ask when somebody is connected. */
  async function request(action: NodeAction, node: string): Promise<void> {
    const { panes, others } = preview(node);
    if (action === 'kill' || (action !== 'start' && panes + others > 0)) {
      view.select(node);
      view.pending = { action, node };
    } else await perform(action, node);
  }

  return { preview, perform, request };
}
