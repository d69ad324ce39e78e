/** Debian's redis-server with a folder that outlives it: every write is on disk before it is answered. */
import { findProgram, installPackages } from './debianPackages.ts';
import { freePort } from './ports.ts';
import { startProcess, type TestProcess } from './processes.ts';
import { createTempDir, removeTempDir } from './tempDir.ts';

export class RedisServer {
  readonly port: number;
  readonly #directory: string;
  readonly #password: string | undefined;
  #process: TestProcess | undefined;

  /** Installs the package if it is not there. Started by `start`. */
  static async make(password?: string): Promise<RedisServer> {
    if ((await findProgram('redis-server')) === null) await installPackages(['redis-server']);
    return new RedisServer(await freePort(), await createTempDir('redis-'), password);
  }

  private constructor(port: number, directory: string, password: string | undefined) {
    this.port = port;
    this.#directory = directory;
    this.#password = password;
  }

  async start(): Promise<void> {
    const program = await findProgram('redis-server');
    if (program === null) throw new Error('redis-server is not installed');
    const secret = this.#password === undefined ? [] : ['--requirepass', this.#password];
    const args = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#directory, '--appendonly', 'yes', '--appendfsync', 'always', '--save', '', ...secret];
    this.#process = startProcess(program, args);
    await this.#process.line((line) => line.includes('Ready to accept connections'), 20_000);
  }

  async kill(): Promise<void> {
    this.#process?.kill('SIGKILL');
    await this.#process?.exit();
    this.#process = undefined;
  }

  async end(): Promise<void> {
    await this.#process?.end();
    await removeTempDir(this.#directory);
  }
}
