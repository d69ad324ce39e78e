/** Where our own pages come from. Everything that asks "is this ours" asks here. */

export const APP_SCHEME = 'app';
export const APP_HOST = 'bundle';
export const APP_ORIGIN = `${APP_SCHEME}://${APP_HOST}`;
export const APP_START = `${APP_ORIGIN}/index.html`;

export function isAppAddress(address: string): boolean {
  try {
    const url = new URL(address);
    // `origin` is "null" for schemes the URL standard does not know; scheme and host say the same.
    return url.protocol === `${APP_SCHEME}:` && url.host === APP_HOST;
  } catch {
    return false;
  }
}
