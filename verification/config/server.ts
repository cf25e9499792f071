export const serverRule = "must be host or host:port, without scheme, user or path";
export const serverRemedy = "write for example vcenter.example.com or vcenter.example.com:8443";

/** True for `host`, `host:port` and `[v6]:port`. */
export function isServer(text: string): boolean {
  const match = /^(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?$/.exec(text);
  if (match === null) return false;
  return match[1] === undefined || (Number(match[1]) >= 1 && Number(match[1]) <= 65_535);
}
