/** Carries the routes of api/ over HTTP: checks who asks and what is asked, answers failures in EMQX's form, never leaks more. */
import swagger from '@fastify/swagger';
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { refusalFor } from '../api/permission.ts';
import { refuse, type Reply } from '../api/reply.ts';
import type { ApiPorts, Principal, Route } from '../api/route.ts';
import { API_PREFIX, ROUTES } from '../api/routeTable.ts';
import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { isLoopbackHost, type HostPort } from '../config/address.ts';
import { serveApiDocs } from './apiDocs.ts';
import type { ApiSessions } from './apiSessions.ts';
import { listenError } from './listenError.ts';
import { openApiInfo, openApiSchema } from './openApi.ts';
import { parseUpload } from './uploads.ts';

/** Largest request body; a larger one is answered with 413. */
const MAX_BODY_BYTES = 65_536;
/** Largest file that is uploaded, and largest list that may come instead. */
const MAX_UPLOAD_BYTES = 16 * 1024 * 1024;
/** Longest parameter in a path: a topic of 65,535 bytes, percent-encoded. */
const MAX_PARAM_CHARS = 196_605;
/** Time a request has to arrive completely, and an idle connection to send its next. */
const REQUEST_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 65_000;
/** Connections at a time, EMQX's default; further ones wait in the system's backlog. */
const MAX_HTTP_CONNECTIONS = 512;

const TAKES_FILES: ReadonlySet<string> = new Set(ROUTES.filter((route) => route.uploads).map((route) => API_PREFIX + route.path));

const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
};

export interface HttpServerOptions {
  readonly ports: ApiPorts;
  readonly sessions: ApiSessions;
  readonly bind: HostPort;
  /** Whether `/api-docs` exists. */
  readonly docs: boolean;
  /** Where the files of Swagger UI are, if not in the usual places. */
  readonly swaggerUiFolder?: string;
  readonly log: Log;
}

export interface HttpServer {
  /** As bound: the port is the real one. */
  readonly address: HostPort;
  close(): Promise<void>;
}

interface Asker {
  readonly principal: Principal | undefined;
  readonly token: string | undefined;
}

/** @throws BusbarError API_PORT_IN_USE, LISTENER_FAILED */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const app = createApp(options);
  if (options.docs) {
    await app.register(swagger, openApiInfo(options.ports.version));
    serveApiDocs(app, options.swaggerUiFolder);
  }
  const askers = new WeakMap<FastifyRequest, Asker>();
  for (const route of ROUTES) addRoute(app, route, options, askers);
  await listen(app, options.bind);
  app.server.maxConnections = MAX_HTTP_CONNECTIONS;
  const bound = app.server.address();
  const port = typeof bound === 'object' && bound ? bound.port : options.bind.port;
  return { address: { host: options.bind.host, port }, close: () => app.close() };
}

function createApp({ bind, log }: HttpServerOptions): FastifyInstance {
  const app = Fastify({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: true,
    return503OnClosing: true,
    routerOptions: { maxParamLength: MAX_PARAM_CHARS },
    ajv: { customOptions: { coerceTypes: 'array', removeAdditional: false, useDefaults: true, allErrors: false } },
    frameworkErrors: (error, _request, reply) => void sendReply(reply, replyToFailure(error, log)),
  });
  app.removeContentTypeParser('text/plain');
  app.addContentTypeParser('multipart/form-data', { parseAs: 'buffer' }, readUpload);
  // The schemas of answers describe them and tests hold answers against them; they must not cut fields off in silence.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS);
    // A page elsewhere that got its name to point here (DNS rebinding) still carries that name in Host.
    if (isLoopbackHost(bind.host) && request.hostname !== '' && !isLoopbackHost(request.hostname.replace(/^\[|\]$/g, ''))) {
      return sendReply(reply, refuse('HOST_NOT_ALLOWED', `This server answers on loopback only, not as ${request.hostname}.`));
    }
    return undefined;
  });
  app.setErrorHandler((error: FastifyError, _request, reply) => sendReply(reply, replyToFailure(error, log)));
  app.setNotFoundHandler((request, reply) => sendReply(reply, replyToUnknownPath(request)));
  return app;
}

function addRoute(
  app: FastifyInstance,
  route: Route,
  { ports, sessions }: HttpServerOptions,
  askers: WeakMap<FastifyRequest, Asker>,
): void {
  const authorize = async (request: FastifyRequest, reply: FastifyReply) => {
    if (route.access === 'anyone') return undefined;
    const found = sessions.authenticate(request.headers.authorization);
    const refusal = found.ok ? refusalFor(found.principal, route) : found.reply;
    if (found.ok) askers.set(request, found);
    return refusal && sendReply(reply, refusal);
  };
  const handler = async (request: FastifyRequest, reply: FastifyReply) => {
    const asker = askers.get(request);
    const checked = {
      params: request.params,
      query: request.query,
      body: request.body,
      peerHost: request.ip,
      principal: asker?.principal,
      token: asker?.token,
    };
    // The router has held params, query and body against the schemas of this route.
    return sendReply(reply, await route.handle(checked as Parameters<Route['handle']>[0], ports));
  };
  app.route({
    method: route.method,
    url: `${API_PREFIX}${route.path}`,
    schema: openApiSchema(route),
    onRequest: authorize,
    handler,
    ...(route.uploads && { bodyLimit: MAX_UPLOAD_BYTES }),
  });
  if (route.alsoAt !== undefined) {
    app.route({
      method: route.method,
      url: route.alsoAt,
      schema: { ...openApiSchema(route), hide: true },
      onRequest: authorize,
      handler,
    });
  }
}

/** Fastify's form of a parser: the content of a form's file, where the route takes one. */
async function readUpload(request: FastifyRequest, body: Buffer): Promise<unknown> {
  if (!TAKES_FILES.has(request.routeOptions.url ?? '')) throw Object.assign(new Error('This path takes no files.'), { code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE', statusCode: 415 });
  const file = parseUpload(request.headers['content-type'] ?? '', body);
  if (file === undefined) throw Object.assign(new Error('The form holds no file that is UTF-8 text.'), { statusCode: 400 });
  return file;
}

function sendReply(reply: FastifyReply, { status, body, headers = {} }: Reply): FastifyReply {
  reply.code(status).headers(headers);
  if (body === undefined) return reply.send();
  return typeof body === 'string'
    ? reply.type('text/plain; charset=utf-8').send(body)
    : reply.type('application/json; charset=utf-8').send(JSON.stringify(body));
}

function replyToFailure(error: FastifyError, log: Log): Reply {
  if (error.validation) {
    return refuse(error.validationContext === 'body' ? 'BAD_REQUEST' : 'INVALID_PARAMETER', error.message);
  }
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return refuse('BODY_TOO_LARGE', 'The body is larger than this path takes.');
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
    return refuse('UNSUPPORTED_MEDIA_TYPE', 'Send the body as application/json.');
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500)
    return refuse('BAD_REQUEST', error.message);
  log.error('api_request_failed', { reason: messageOf(error), stack: error.stack });
  return refuse('INTERNAL_ERROR', 'This is a fault of the broker; its log has the details.');
}

function replyToUnknownPath(request: FastifyRequest): Reply {
  const path = request.url.split('?', 1)[0] ?? '';
  const methods = ROUTES.filter((route) => isPathOf(route, path)).map((route) => route.method);
  if (methods.length === 0) return refuse('API_NOT_EXIST', `There is no ${path}.`);
  return refuse('METHOD_NOT_ALLOWED', `${path} does not take ${request.method}.`, { allow: methods.join(', ') });
}

function isPathOf(route: Route, path: string): boolean {
  const expected = `${API_PREFIX}${route.path}`.split('/');
  const given = path.split('/');
  const fits = expected.length === given.length && expected.every((part, index) => part.startsWith(':') || part === given[index]);
  return fits || route.alsoAt === path;
}

async function listen(app: FastifyInstance, bind: HostPort): Promise<void> {
  try {
    await app.listen({ host: bind.host, port: bind.port });
  } catch (error) {
    await app.close();
    throw await listenError(error, 'the dashboard', bind, 'API_PORT_IN_USE', { listener: 'http:dashboard' });
  }
}
