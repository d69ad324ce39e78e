/** How sessions outlive a process or a machine. */

/** A Redis that all nodes reach (R71). */
export interface RedisConfig {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Its first line is the password. */
  readonly passwordFile: string | undefined;
  readonly database: number;
  readonly prefix: string;
}

/** `synchronous` matters unless durability is `memory`. */
export interface DurableSessionsConfig {
  readonly durability: 'memory' | 'disk' | 'replicated';
  readonly synchronous: 'full' | 'normal';
  /** Takes the place of disk and second node; undefined when there is none. */
  readonly redis: RedisConfig | undefined;
}
