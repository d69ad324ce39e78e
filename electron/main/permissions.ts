/** Electron grants every permission unless told otherwise; here a page gets what the workbench uses and nothing else. */
import type { Session } from 'electron';
import { isAppAddress } from './appOrigin.ts';

/** Copying a topic or payload by a button. */
const GRANTED: readonly string[] = ['clipboard-sanitized-write'];

export function denyPermissions(session: Session): void {
  session.setPermissionRequestHandler((_contents, permission, answer, details) => {
    answer(GRANTED.includes(permission) && details.isMainFrame && isAppAddress(details.requestingUrl));
  });
  session.setPermissionCheckHandler((_contents, permission, requestingOrigin) => GRANTED.includes(permission) && isAppAddress(requestingOrigin));
  session.setDevicePermissionHandler(() => false);
}
