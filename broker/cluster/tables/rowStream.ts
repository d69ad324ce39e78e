/** How far one link has been told of our table. */
export interface RowStream {
  /** Last change sent. */
  sentSeq: number;
  /** Rows that a snapshot under way has still to send; live, so it is followed by the changes made meanwhile. `untaken`: slices not yet applied. */
  snapshot: { readonly rows: Iterator<[string, Uint8Array]>; first: boolean; untaken: number } | undefined;
  /** A PULL of ours is under way on this link. */
  pulling: boolean;
}
