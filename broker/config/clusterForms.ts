/** Forms of values below `cluster.*`. */
import { parseBind, type HostPort } from './address.ts';
import { accepted, listOfTexts, REFUSED, scalar, type ValueType } from './valueTypes.ts';

/** A list whose items are read one by one; `undefined` from `read` refuses the whole. */
function listOf<T>(form: string, read: (text: string) => T | undefined): ValueType<readonly T[]> {
  return {
    form,
    read(value) {
      const result: T[] = [];
      for (const text of listOfTexts(value) ?? [undefined]) {
        const item = text === undefined ? undefined : read(text);
        if (item === undefined) return REFUSED;
        result.push(item);
      }
      return accepted(result);
    },
  };
}

/** At most so many: each is asked in turn. */
const MAX_SERVERS = 16;

function parseUrl(text: string): string | undefined {
  // EMQX's examples write etcd servers with and without a scheme.
  const full = /^[a-z]+:\/\//i.test(text) ? text : `http://${text}`;
  return /^https?:\/\/(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?(?:\/[A-Za-z0-9._~/-]*)?$/i.test(full) ? full.replace(/\/+$/, '') : undefined;
}

export const url: ValueType<string> = scalar('an address such as https://kubernetes.default.svc:443', parseUrl);

const urlList = listOf(`a list of at most ${MAX_SERVERS} addresses, such as http://127.0.0.1:2379`, parseUrl);
export const urls: ValueType<readonly string[]> = {
  form: urlList.form,
  read(value) {
    const reading = urlList.read(value);
    return reading.ok && reading.value.length > MAX_SERVERS ? REFUSED : reading;
  },
};

export const ports: ValueType<readonly number[]> = listOf('a list of ports, such as 4369,4370', (text) => {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
});

const DNS_PORT = 53;
export const dnsServers: ValueType<readonly HostPort[]> = listOf('a list of addresses, such as 10.0.0.10 or 127.0.0.1:5353', (text) =>
  /^(?:\d{1,3}\.){3}\d{1,3}$/.test(text) || /^[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$/.test(text) ? { host: text, port: DNS_PORT } : parseBind(text),
);

/** IPv4: 224.0.0.0/4. IPv6: ff00::/8. */
export const multicastGroup: ValueType<string> = scalar('a multicast address such as 239.192.0.1', (text) => {
  const first = /^(\d{1,3})(?:\.\d{1,3}){3}$/.exec(text)?.[1];
  return (first !== undefined && Number(first) >= 224 && Number(first) <= 239) || /^ff[0-9a-f]{2}:[0-9a-f:]+$/i.test(text) ? text : undefined;
});

/** A name that becomes part of a path: of a service, a namespace, a domain. */
export const dnsName: ValueType<string> = scalar('a name such as emqx.default.svc.cluster.local', (text) =>
  /^[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252})$/.test(text) ? text : undefined,
);
