/** Where things lie in a project folder. Above the line: text for people and git. Below `.busbar/`: ours, ignored by git. */
import { homedir } from 'node:os';
import { join, sep } from 'node:path';

export interface ProjectLayout {
  readonly root: string;
  readonly definitionFile: string;
  readonly clientsDir: string;
  readonly aclFile: string;
  readonly gitignore: string;

  readonly privateDir: string;
  readonly lockFile: string;
  readonly cookieFile: string;
  readonly portsFile: string;
  readonly windowTokenFile: string;
  readonly databaseFile: string;
  readonly logsDir: string;
  nodeDir(name: string): string;
}

export function projectLayout(root: string): ProjectLayout {
  const privateDir = join(root, '.busbar');
  return {
    root,
    definitionFile: join(root, 'busbar.yaml'),
    clientsDir: join(root, 'clients'),
    aclFile: join(root, 'acl', 'acl.conf'),
    gitignore: join(root, '.gitignore'),
    privateDir,
    lockFile: join(privateDir, 'lock'),
    cookieFile: join(privateDir, 'cookie'),
    portsFile: join(privateDir, 'ports.json'),
    windowTokenFile: join(privateDir, 'window-token'),
    databaseFile: join(privateDir, 'workspace.db'),
    logsDir: join(privateDir, 'logs'),
    nodeDir: (name) => join(privateDir, 'nodes', name),
  };
}

/** The project that is opened when none is named. */
export function defaultProjectDir(): string {
  return join(homedir(), 'busbar', 'first');
}

/** A path as people write it: `~/busbar/first`. */
export function displayPath(path: string): string {
  const home = homedir();
  return path === home || path.startsWith(home + sep) ? `~${path.slice(home.length)}` : path;
}
