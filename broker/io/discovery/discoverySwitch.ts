/** Whether a node looks for others (R12): `discovery.off` in its data directory says that it does not. */
import { access, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../atomicFile.ts';

const OWNER_READS = 0o600;
const switchFile = (dataDir: string) => join(dataDir, 'discovery.off');

export async function isDiscoveryEnabled(dataDir: string): Promise<boolean> {
  return access(switchFile(dataDir)).then(
    () => false,
    () => true,
  );
}

export async function setDiscoveryEnabled(dataDir: string, enabled: boolean): Promise<void> {
  if (enabled) await rm(switchFile(dataDir), { force: true });
  else await writeFileAtomically(switchFile(dataDir), 'This node has left its cluster. `ctl cluster discovery enable` removes this file.\n', OWNER_READS);
}
