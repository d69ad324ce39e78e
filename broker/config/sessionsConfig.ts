/** How sessions outlive a process or a machine. */

/** `synchronous` matters unless durability is `memory`. */
export interface DurableSessionsConfig {
  readonly durability: 'memory' | 'disk' | 'replicated';
  readonly synchronous: 'full' | 'normal';
}
