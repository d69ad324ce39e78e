/** `/api-docs`: the description of the API for people, and as OpenAPI for programs. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { SWAGGER_UI_FILES, SWAGGER_UI_FOLDER } from './swaggerUiFiles.ts';

/** The page runs the one script of ours and the bundle, both from this server, and talks to nobody else. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Busbar API</title>
<link rel="stylesheet" href="swagger-ui.css">
<link rel="stylesheet" href="index.css">
<link rel="icon" type="image/png" href="favicon-32x32.png" sizes="32x32">
</head>
<body>
<div id="swagger-ui"></div>
<script src="swagger-ui-bundle.js"></script>
<script src="swagger-initializer.js"></script>
</body>
</html>
`;

const INITIALIZER = `window.ui = SwaggerUIBundle({
  url: 'swagger.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
});
`;

export function serveApiDocs(app: FastifyInstance, folder = findSwaggerUi()): void {
  const hidden = { schema: { hide: true } };
  const send = (reply: FastifyReply, type: string, content: string | Buffer) =>
    reply.header('content-security-policy', PAGE_POLICY).type(type).send(content);
  app.get('/api-docs', hidden, (_request, reply) => reply.redirect('/api-docs/index.html'));
  app.get('/api-docs/', hidden, (_request, reply) => reply.redirect('/api-docs/index.html'));
  app.get('/api-docs/index.html', hidden, (_request, reply) => send(reply, 'text/html; charset=utf-8', PAGE));
  app.get('/api-docs/swagger-initializer.js', hidden, (_request, reply) =>
    send(reply, 'text/javascript; charset=utf-8', INITIALIZER),
  );
  app.get('/api-docs/swagger.json', hidden, () => app.swagger());
  if (folder === undefined) return;
  for (const [name, type] of Object.entries(SWAGGER_UI_FILES)) {
    app.get(`/api-docs/${name}`, hidden, async (_request, reply) => send(reply, type, await readFile(join(folder, name))));
  }
}

/** Beside this file when the broker is bundled, in node_modules when it runs from source; undefined when neither is there. */
function findSwaggerUi(): string | undefined {
  const beside = join(dirname(fileURLToPath(import.meta.url)), SWAGGER_UI_FOLDER);
  if (existsSync(beside)) return beside;
  try {
    return dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')));
  } catch {
    return undefined;
  }
}
