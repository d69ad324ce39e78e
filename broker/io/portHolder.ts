/** Which process holds a TCP port, where the system tells: Linux, by /proc. A hint for people, never a decision. */
import { readdir, readFile, readlink } from 'node:fs/promises';

const LISTEN_STATE = '0A';

export interface PortHolder {
  readonly pid: number;
  readonly command: string;
}

/** Undefined when nobody is found: another system, another user's process, or a port that is free by now. */
export async function findPortHolder(port: number): Promise<PortHolder | undefined> {
  try {
    const inodes = new Set([...(await listeningInodes('/proc/net/tcp', port)), ...(await listeningInodes('/proc/net/tcp6', port))]);
    if (inodes.size === 0) return undefined;
    for (const name of await readdir('/proc')) {
      if (/^\d+$/.test(name) && (await holdsAny(name, inodes))) return { pid: Number(name), command: await commandOf(name) };
    }
  } catch {
    // No /proc here: the error goes out without a name.
  }
  return undefined;
}

async function listeningInodes(table: string, port: number): Promise<string[]> {
  const text = await readFile(table, 'utf8').catch(() => '');
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  return text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(`:${hexPort}`) === true && fields[3] === LISTEN_STATE)
    .map((fields) => fields[9] ?? '');
}

async function holdsAny(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
  for (const descriptor of descriptors) {
    const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '');
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode !== undefined && inodes.has(inode)) return true;
  }
  return false;
}

/** The program and its script. Further arguments stay out: a command line may hold secrets, and this text is logged. */
async function commandOf(pid: string): Promise<string> {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  const [program = '', script = ''] = text.split('\0');
  return (script === '' || script.startsWith('-') ? program : `${program} ${script}`).slice(0, 200);
}
