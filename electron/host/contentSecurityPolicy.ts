/**
 * The policy of every page of ours, sent as a header. Styles may be inline because Monaco and the UI kit inject them;
 * scripts may not. Monaco's workers start from blob: addresses. `webSocketOrigin` is where a browser's page finds its host.
 */
export function contentSecurityPolicy(webSocketOrigin?: string): string {
  return [
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "font-src 'self' data:",
    "img-src 'self' data:",
    "worker-src 'self' blob:",
    ...(webSocketOrigin === undefined ? [] : [`connect-src 'self' ${webSocketOrigin}`]),
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
