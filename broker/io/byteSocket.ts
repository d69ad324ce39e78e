/** What a Connection needs of a socket. A TCP or TLS socket has it as it is, a WebSocket by listeners/webSocket/webSocketStream.ts. */
export interface ByteSocket {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  /** Bytes handed over that have not left yet. */
  readonly writableLength: number;
  readonly destroyed: boolean;
  setNoDelay(noDelay?: boolean): unknown;
  /** `shared`: the next read of whatever socket overwrites the chunk. A socket of the system's own never says so. */
  on(event: 'data', listener: (chunk: Buffer, shared?: boolean) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end' | 'close', listener: () => void): unknown;
  /** Calls `written` when the bytes, and all before them, have left. */
  write(bytes: Uint8Array, written?: () => void): boolean;
  pause(): unknown;
  resume(): unknown;
  end(): unknown;
  destroy(): unknown;
}
