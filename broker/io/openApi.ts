/** The OpenAPI document, made of the same schemas that check requests. */
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import type { FastifySchema } from 'fastify';
import { API_ERRORS, type ApiErrorCode } from '../api/errors.ts';
import type { Route } from '../api/route.ts';
import { API_PREFIX } from '../api/routeTable.ts';

export function openApiInfo(version: string): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: '3.0.3',
      info: { title: 'Busbar API', version, description: 'The REST API of an MQTT broker, in the shapes of EMQX 5.' },
      servers: [{ url: API_PREFIX }],
      components: {
        securitySchemes: {
          basicAuth: { type: 'http', scheme: 'basic', description: 'API key and secret' },
          bearerAuth: { type: 'http', scheme: 'bearer', description: 'Token from POST /login' },
        },
      },
    },
  };
}

const SECURITY = {
  anyone: [],
  user: [{ bearerAuth: [] }],
  userOrKey: [{ basicAuth: [] }, { bearerAuth: [] }],
};
/** Refusals that precede every route that needs credentials. */
const AUTHENTICATION_ERRORS: readonly ApiErrorCode[] = [
  'AUTHORIZATION_HEADER_ERROR',
  'BAD_API_KEY_OR_SECRET',
  'TOKEN_TIME_OUT',
  'BAD_TOKEN',
  'API_KEY_NOT_ALLOW',
  'UNAUTHORIZED_ROLE',
];

/** Refusals of every route with a body, before it is read. */
const BODY_ERRORS: readonly ApiErrorCode[] = ['BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'];

/** Refusals of every route with something in its address, before it is handled. */
const PARAMETER_ERRORS: readonly ApiErrorCode[] = ['INVALID_PARAMETER'];

export function openApiSchema(route: Route): FastifySchema {
  const errors = new Set<ApiErrorCode>([
    ...(route.access === 'anyone' ? [] : AUTHENTICATION_ERRORS),
    ...route.errors,
    ...(route.params ?? route.query ? PARAMETER_ERRORS : []),
    ...(route.body ? BODY_ERRORS : []),
  ]);
  return {
    summary: route.summary,
    tags: [route.tag],
    security: SECURITY[route.access],
    ...(route.params && { params: route.params }),
    ...(route.query && { querystring: route.query }),
    ...(route.body && { body: route.body }),
    response: { ...answersOf(route), ...errorsByStatus([...errors], route.statusOf) },
  };
}

function answersOf(route: Route): Record<number, unknown> {
  return Object.fromEntries(
    Object.entries(route.answers).map(([status, schema]) => {
      if (!schema) return [status, { description: 'Done', type: 'null' }];
      const text = route.path === '/status' ? { 'text/plain': { schema: { type: 'string' } } } : {};
      return [status, { description: 'Answer', content: { 'application/json': { schema }, ...text } }];
    }),
  );
}

function errorsByStatus(codes: readonly ApiErrorCode[], statusOf: Route['statusOf'] = {}): Record<number, unknown> {
  const byStatus = new Map<number, ApiErrorCode[]>();
  for (const code of codes) {
    const status = statusOf[code] ?? API_ERRORS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, enumeration]) => [
      status,
      {
        description: enumeration.join(', '),
        type: 'object',
        properties: { code: { type: 'string', enum: enumeration }, message: { type: 'string' } },
        required: ['code', 'message'],
      },
    ]),
  );
}
