/** Sentences about nodes, shared by card, sidebar, table, inspector and status bar. */
import { formatAge, formatBytes, formatClock, formatExact, formatMs, formatPercent, formatRate } from '../../lib/format.ts';
import type { Translate } from '../../workbench/featurePage.ts';
import type { Problem } from './health.ts';
import type { NodeCardModel } from './nodeCards.ts';

/** The line below a node's name: `running · 4 h 12 m`, `failed · port 1883 in use`. */
export function stateLine(card: NodeCardModel, live: boolean, t: Translate): string {
  const word = t(`cluster.state.${card.mark}`);
  if (card.unreachable.length > 0 && card.mark === 'isolated') return t('cluster.isolatedFrom', { nodes: card.unreachable.join(', ') });
  if (!live && card.mark === 'stopped') return t('cluster.notThen');
  if (card.mark === 'failed') return card.reason ? `${word} · ${card.reason}` : word;
  if (card.mark === 'stopped') return `${word} · ${formatClock(card.sinceMs)}`;
  return `${card.mark === 'degraded' ? t('cluster.state.running') : word} · ${formatAge(card.ageMs)}`;
}

/** How a screen reader says a node: `busbar-3, running, degraded: event loop 118 ms, 1,311 connections`. */
export function spokenNode(card: NodeCardModel, live: boolean, t: Translate): string {
  const parts = [card.name, stateLine(card, live, t), ...card.problems.map((problem) => problemLine(problem, t))];
  const { value } = card.figures.connections;
  if (value !== null) parts.push(t('cluster.connectionsSpoken', { n: formatExact(value) }));
  return parts.join(', ');
}

export function problemLine({ key, node, values }: Problem, t: Translate): string {
  return t(`cluster.problems.${key}`, {
    node,
    ...values,
    rate: formatRate(Number(values['rate'])),
    ms: formatMs(Number(values['ms'])),
    share: formatPercent(Number(values['share'])),
    queue: formatBytes(Number(values['queue'])),
  });
}
