const MAX_ADDRESS_LENGTH = 2_048;
const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

/**
 * What may be handed to the operating system: https, and plain http to this machine (a node's dashboard and API
 * documents). Any other scheme would let a page start programs.
 */
export function isSafeExternal(address: string): boolean {
  if (address.length > MAX_ADDRESS_LENGTH) return false;
  try {
    const url = new URL(address);
    if (url.username || url.password) return false;
    return url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.includes(url.hostname));
  } catch {
    return false;
  }
}
