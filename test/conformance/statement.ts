/** A numbered normative statement of an MQTT standard, as the conformance table keeps it. */
export type Party = 'server' | 'client' | 'both' | 'sender' | 'receiver';

export interface Statement {
  /** As tests name it: `MQTT-3.1.2-24` for 5.0, `MQTT3-3.1.2-24` for 3.1.1. */
  readonly id: string;
  readonly binds: Party;
  readonly gist: string;
  /** Why no test of a server can cover it. Absent: it is a duty of the server, or one whose breach the server answers. */
  readonly notServer?: string;
}

/** Number in its standard, who is bound, gist, and why it is nothing for a server. */
export type StatementRow = readonly [number: string, binds: Party, gist: string, notServer?: string];

export function statements(prefix: string, rows: readonly StatementRow[]): readonly Statement[] {
  return rows.map(([number, binds, gist, notServer]) => ({
    id: `${prefix}-${number}`,
    binds,
    gist,
    ...(notServer === undefined ? {} : { notServer }),
  }));
}
