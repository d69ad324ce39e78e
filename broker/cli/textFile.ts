import { readFile, stat } from 'node:fs/promises';
import { BusbarError, messageOf, type ErrorCode } from '../base/errors.ts';

/** Larger than any file the checks accept; what is larger is not read. */
const MAX_FILE_BYTES = 16_777_216;

/** A file of UTF-8 text. Throws `code` when it cannot be read. */
export async function readTextFile(path: string, code: ErrorCode): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) throw new Error(`it has ${size} bytes, more than ${MAX_FILE_BYTES}`);
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(path));
  } catch (error) {
    const reason = error instanceof TypeError ? 'it is not UTF-8 text' : messageOf(error);
    throw new BusbarError(code, `Cannot read ${path}: ${reason}`, { cause: error });
  }
}
