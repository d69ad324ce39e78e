/** The words for the state of a node, the same everywhere (ui.md section 6), and of a client's session. */
export type MarkState = 'starting' | 'joining' | 'running' | 'degraded' | 'draining' | 'isolated' | 'stopping' | 'stopped' | 'failed' | 'offline';
