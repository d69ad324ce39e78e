/**
 * The files of swagger-ui-dist that `/api-docs` serves. A bundled broker looks for them in the folder `swagger-ui` beside its
 * own file; the build copies them there. From source they are taken from node_modules.
 */
export const SWAGGER_UI_FOLDER = 'swagger-ui';

/** File name → content type. */
export const SWAGGER_UI_FILES: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'index.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};
