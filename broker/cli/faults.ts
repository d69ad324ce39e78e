/** Faults of the links of the node that is asked (cluster-protocol R73). Busbar only. */
import type { Cluster } from '../api/schema/cluster.ts';
import { FAULT_DIRECTIONS, type Fault, type FaultKind } from '../api/schema/fault.ts';
import { BusbarError } from '../base/errors.ts';
import type { ApiClient } from './apiClient.ts';
import { ANSWER_IS_NO, DONE, type Command, type CommandContext } from './command.ts';

export const faultCommands: readonly Command[] = [
  {
    words: ['faults'],
    summary: 'Faults that were made between nodes, on any running node',
    async run({ api, print }) {
      const faults = await api.get<readonly Fault[]>('/faults');
      if (faults.length === 0) print('No faults.');
      for (const fault of faults) print(faultLine(fault));
      return DONE;
    },
  },
  setter('cut', 'Hold back all that this node sends to a peer (out), receives (in), or both', []),
  setter('drop', 'Throw it away; the connection is reset when that ends', []),
  setter('delay', 'Delay each byte by so many milliseconds', ['MILLISECONDS']),
  setter('throttle', 'Let so many bytes pass in a second', ['BYTES']),
  {
    words: ['faults', 'reset'],
    args: ['PEER'],
    summary: 'Break the connection to a peer once',
    run: (context) =>
      asked(context, async (api, path) => {
        await api.post(`${path}/reset`, { peer: context.args[0] });
        return 'The connection was broken.';
      }),
  },
  {
    words: ['faults', 'heal'],
    optionalArgs: ['PEER', 'in|out|both'],
    summary: 'End the faults of this node: all, or those towards one peer',
    run: (context) =>
      asked(context, async (api, path) => {
        const [peer, direction] = context.args;
        const query = new URLSearchParams({ ...(peer !== undefined && { peer }), ...(direction !== undefined && { direction: directionOf(direction) }) });
        await api.delete(`${path}?${query}`);
        return 'Healed.';
      }),
  },
];

function setter(kind: FaultKind, summary: string, amount: readonly string[]): Command {
  return {
    words: ['faults', kind],
    args: ['PEER', ...amount],
    optionalArgs: ['in|out|both'],
    summary,
    run: (context) =>
      asked(context, async (api, path) => {
        const [peer, ...rest] = context.args;
        const number = amount.length === 0 ? undefined : wholeNumber(amount[0] ?? '', rest.shift());
        const [direction = 'both'] = rest;
        await api.put(path, {
          peer,
          direction: directionOf(direction),
          kind,
          ...(kind === 'delay' && { delay_ms: number }),
          ...(kind === 'throttle' && { bytes_per_second: number }),
        });
        return 'The fault is there until it is healed: ctl faults heal';
      }),
  };
}

async function asked({ api, print }: CommandContext, act: (api: ApiClient, path: string) => Promise<string>): Promise<number> {
  const { self } = await api.get<Cluster>('/cluster');
  try {
    print(await act(api, `/nodes/${encodeURIComponent(self)}/faults`));
    return DONE;
  } catch (error) {
    if (!(error instanceof BusbarError) || error.code !== 'API_REFUSED') throw error;
    print(error.message);
    return ANSWER_IS_NO;
  }
}

function directionOf(text: string): string {
  if ((FAULT_DIRECTIONS as readonly string[]).includes(text)) return text;
  throw new BusbarError('CLI_BAD_VALUE', `${text} is no direction: give ${FAULT_DIRECTIONS.join(', ')}`);
}

function wholeNumber(name: string, text = ''): number {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new BusbarError('CLI_BAD_VALUE', `${text || 'Nothing'} is given for ${name}, which is a whole number from 1`);
}

const ARROWS = { out: '->', in: '<-' } as const;

/** `bus1@127.0.0.1 -> bus2@127.0.0.1: cut since 2026-11-20T19:00:00.000Z, 4096 bytes held` */
export function faultLine({ node, peer, direction, kind, delay_ms: delay, bytes_per_second: rate, since, held_bytes: held }: Fault): string {
  const amount = delay !== undefined ? ` ${delay} ms` : rate !== undefined ? ` ${rate} bytes/s` : '';
  return `${node} ${ARROWS[direction]} ${peer}: ${kind}${amount} since ${new Date(since).toISOString()}, ${held} bytes held`;
}
