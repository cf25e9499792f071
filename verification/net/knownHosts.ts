import { createHmac } from "node:crypto";

/**
 * The keys that a known_hosts file gives a server, as in `.pub` files (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"): names may be
 * listed, hashed, negated, or hold `*` and `?`. Keys that are revoked, and certificate authorities, count for nothing.
 */
export function knownHostKeys(text: string, host: string, port: number): string[] {
  // A port other than 22 stands in the name.
  const name = port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port.toString()}`;
  const entries = text.split("\n").flatMap((line) => {
    const words = line.trim().split(/\s+/);
    const marker = words[0]?.startsWith("@") ? words.shift() : undefined;
    const [names, type, key] = words;
    if (names === undefined || names.startsWith("#") || type === undefined || key === undefined) return [];
    return isNamed(names, name) ? [{ marker, key: `${type} ${key}` }] : [];
  });
  const revoked = new Set(entries.filter(({ marker }) => marker === "@revoked").map(({ key }) => key));
  return entries.filter(({ marker, key }) => marker === undefined && !revoked.has(key)).map(({ key }) => key);
}

function isNamed(names: string, name: string): boolean {
  const [, salt, hash] = /^\|1\|([^|]+)\|([^|]+)$/.exec(names) ?? [];
  if (salt !== undefined) return createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest("base64") === hash;
  const patterns = names.toLowerCase().split(",");
  if (patterns.some((pattern) => pattern.startsWith("!") && matches(pattern.slice(1), name))) return false;
  return patterns.some((pattern) => matches(pattern, name));
}

function matches(pattern: string, name: string): boolean {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`).test(name);
}
