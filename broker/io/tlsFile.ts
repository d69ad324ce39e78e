/** Certificates and keys as files: read whole, bounded, and told by name when that fails. */
import { readFile } from 'node:fs/promises';
import { BusbarError, messageOf } from '../base/errors.ts';

/** Larger than any chain or list of authorities; a larger file is refused. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;

/** Rejects with TLS_FILE_UNREADABLE, naming the file. */
export async function readTlsFile(path: string): Promise<Buffer> {
  try {
    const content = await readFile(path);
    if (content.length > MAX_FILE_BYTES) throw new Error(`the file is longer than ${MAX_FILE_BYTES} bytes`);
    return content;
  } catch (cause) {
    throw new BusbarError('TLS_FILE_UNREADABLE', `Cannot read ${path}: ${messageOf(cause)}`, { details: { path }, cause });
  }
}
