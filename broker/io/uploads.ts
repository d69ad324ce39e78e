/** A file in a form (`multipart/form-data`, RFC 7578), for routes that take one. */

export interface UploadedFile {
  readonly filename: string;
  readonly text: string;
}

/** Longest boundary (RFC 2046) and longest name that are read. */
const BOUNDARY = /^multipart\/form-data;.*\bboundary=(?:"([^"\r\n]{1,70})"|([^\s;"]{1,70}))/i;
const FILENAME = /^content-disposition:\s*form-data;.*\bfilename="([^"\r\n]{1,255})"/im;
const LINE_END = '\r\n';

/** The first part that is a file, as UTF-8 text; undefined when there is none or the form is broken. */
export function parseUpload(contentType: string, body: Buffer): UploadedFile | undefined {
  const [, quoted, plain] = BOUNDARY.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) return undefined;
  const delimiter = Buffer.from(`--${boundary}`);
  let at = body.indexOf(delimiter);
  while (at !== -1) {
    const begin = at + delimiter.length;
    if (body.subarray(begin, begin + 2).toString('latin1') !== LINE_END) return undefined; // `--`: the last delimiter
    const end = body.indexOf(Buffer.concat([Buffer.from(LINE_END), delimiter]), begin);
    if (end === -1) return undefined;
    const file = fileIn(body.subarray(begin + 2, end));
    if (file !== undefined) return file;
    at = end + 2;
  }
  return undefined;
}

function fileIn(part: Buffer): UploadedFile | undefined {
  const headEnd = part.indexOf(LINE_END + LINE_END);
  const filename = headEnd === -1 ? undefined : FILENAME.exec(part.subarray(0, headEnd).toString('utf8'))?.[1];
  if (filename === undefined) return undefined;
  try {
    return { filename, text: new TextDecoder('utf-8', { fatal: true }).decode(part.subarray(headEnd + 4)) };
  } catch {
    return undefined;
  }
}
