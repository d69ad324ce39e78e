/** Forms of values that only listeners have: binds, rates, access rules, TLS versions, further certificates. */
import type { Rate } from '../base/tokenBucket.ts';
import { parseListenerBind, type HostPort, type UnixSocketPath } from './address.ts';
import type { HoconValue } from './hocon.ts';
import type { AccessRule, CertificatePart, SniCertificate, TlsVersion } from './listenerConfig.ts';
import { accepted, byteSize, listOfTexts, oneOf, parseByteSize, rate, REFUSED, scalar, type ValueType } from './valueTypes.ts';

export const listenerBind: ValueType<HostPort | UnixSocketPath> = scalar(
  'a port such as 1883 (on loopback), an address and port such as 0.0.0.0:1883 or [::1]:1883, or a socket file such as unix:/run/busbar.sock',
  parseListenerBind,
);

export const anyText = (maxChars: number): ValueType<string> =>
  scalar(`text of at most ${maxChars} characters`, (given) => (given.length <= maxChars ? given : undefined));

/** Undefined = disabled. */
export const serverReference: ValueType<string | undefined> = {
  form: 'servers such as broker-2.example.com:1883, several with spaces between, or disabled',
  read(value) {
    if (value.type !== 'scalar' || value.text.length > 1024) return REFUSED;
    if (value.text === 'disabled' || value.text === '') return accepted(undefined);
    // Section 4.11: names or addresses with optional ports.
    return /^[A-Za-z0-9.:[\]_-]+( [A-Za-z0-9.:[\]_-]+)*$/.test(value.text) ? accepted(value.text) : REFUSED;
  },
};

export const urlPath: ValueType<string> = scalar('a path such as /mqtt', (given) =>
  /^\/[\x21\x24-\x3e\x40-\x7e]{0,255}$/.test(given) ? given : undefined,
);

export const certificatePart: ValueType<CertificatePart | undefined> = oneOf<CertificatePart | undefined>({
  disabled: undefined,
  cn: 'cn',
  dn: 'dn',
  crt: 'crt',
  pem: 'pem',
  md5: 'md5',
});

/** Below it a turn's own output would count as congestion. */
const MIN_WATERMARK_BYTES = 131_072;
export const watermark: ValueType<number> = scalar('a size such as 128KB or 1MB, at least 128KB', (given) => {
  const bytes = parseByteSize(given);
  return bytes !== undefined && bytes >= MIN_WATERMARK_BYTES ? bytes : undefined;
});

/** In lower case, as Node.js has them. */
export const headerName: ValueType<string> = scalar('the name of a header such as x-forwarded-for, or nothing', (given) =>
  /^[A-Za-z0-9-]{0,64}$/.test(given) ? given.toLowerCase() : undefined,
);

export const byteSizeOrInfinity = (maxBytes: number): ValueType<number> => {
  const size = byteSize(maxBytes);
  return {
    form: `${size.form}, or infinity`,
    read: (value) => (value.type === 'scalar' && value.text === 'infinity' ? accepted(Number.POSITIVE_INFINITY) : size.read(value)),
  };
};

/** A rate; a bare number is per second, as EMQX 4 has it. */
export const rateOrCount: ValueType<Rate> = {
  form: rate.form,
  read: (value) =>
    value.type === 'scalar' && /^[1-9]\d{0,12}$/.test(value.text) ? accepted({ tokens: Number(value.text), intervalMs: 1000 }) : rate.read(value),
};

export const fileMode: ValueType<number> = scalar('an octal file mode such as 600 or 660', (given) =>
  /^0?[0-7]{3}$/.test(given) ? Number.parseInt(given, 8) : undefined,
);

export const accessRules: ValueType<readonly AccessRule[]> = {
  form: 'a list such as ["deny 10.0.0.0/8", "allow all"]',
  read(value) {
    const texts = listOfTexts(value);
    const rules: AccessRule[] = [];
    for (const given of texts ?? []) {
      const [, permission, who] = /^(allow|deny)\s+(all|[0-9A-Fa-f.:]{2,39}(?:\/\d{1,3})?)$/.exec(given) ?? [];
      if ((permission !== 'allow' && permission !== 'deny') || who === undefined) return REFUSED;
      rules.push({ permission, who });
    }
    return texts ? accepted(rules) : REFUSED;
  },
};

/** Undefined is what `none` means. */
export const tcpKeepalive: ValueType<number | undefined> = {
  form: 'none, or seconds such as "240,30,5" (idle, interval, count)',
  read(value) {
    if (value.type !== 'scalar') return REFUSED;
    if (value.text === 'none') return accepted(undefined);
    const idle = /^(\d{1,6})(?:,\d{1,6},\d{1,6})?$/.exec(value.text)?.[1];
    return idle === undefined || Number(idle) === 0 ? REFUSED : accepted(Number(idle) * 1000);
  },
};

const VERSIONS: readonly TlsVersion[] = ['tlsv1.3', 'tlsv1.2', 'tlsv1.1', 'tlsv1'];
export const tlsVersions: ValueType<readonly TlsVersion[]> = {
  form: `a list of ${VERSIONS.join(', ')} without a gap`,
  read(value) {
    const texts = listOfTexts(value) ?? [];
    const chosen = VERSIONS.filter((version) => texts.includes(version));
    if (chosen.length === 0 || texts.some((given) => !VERSIONS.some((version) => version === given))) return REFUSED;
    // OpenSSL is told the lowest and the highest.
    const span = VERSIONS.indexOf(chosen.at(-1) ?? 'tlsv1') - VERSIONS.indexOf(chosen[0] ?? 'tlsv1') + 1;
    return span === chosen.length ? accepted(chosen) : REFUSED;
  },
};

/** A list of plain texts, in brackets or with commas between them. */
export const textList = (form: string, fits: RegExp): ValueType<readonly string[]> => ({
  form,
  read(value) {
    const texts = listOfTexts(value);
    return texts?.every((given) => fits.test(given)) === true ? accepted(texts) : REFUSED;
  },
});

const CERTIFICATE_FIELDS = ['sni', 'certfile', 'keyfile', 'password'];
export const sniCertificates: ValueType<readonly SniCertificate[]> = {
  form: 'a list such as [{certfile = "a.pem", keyfile = "a.key", sni = "a.example.com"}]',
  read(value) {
    if (value.type !== 'array') return REFUSED;
    const certificates: SniCertificate[] = [];
    for (const item of value.items) {
      const certificate = readSniCertificate(item);
      if (!certificate) return REFUSED;
      certificates.push(certificate);
    }
    return accepted(certificates);
  },
};

function readSniCertificate(value: HoconValue): SniCertificate | undefined {
  if (value.type !== 'object') return undefined;
  const fields = new Map(value.fields.map((field) => [field.path.join('.'), field.value]));
  if ([...fields.keys()].some((name) => !CERTIFICATE_FIELDS.includes(name))) return undefined;
  const textOf = (name: string) => {
    const field = fields.get(name);
    return field?.type === 'scalar' && field.text !== '' ? field.text : undefined;
  };
  const sni = fields.get('sni');
  const names = sni === undefined ? [] : listOfTexts(sni);
  const certfile = textOf('certfile');
  const keyfile = textOf('keyfile');
  if (certfile === undefined || keyfile === undefined || names?.every((name) => /^(\*\.)?[A-Za-z0-9._-]{1,253}$/.test(name)) !== true)
    return undefined;
  return { names: names.map((name) => name.toLowerCase()), certfile, keyfile, password: textOf('password') };
}
