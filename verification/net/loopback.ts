/** True for an address that only this machine reaches: what goes there needs no TLS. */
export function isLoopback(hostname: string): boolean {
  return /^127(\.\d{1,3}){3}$/.test(hostname) || hostname === "[::1]" || hostname === "::1" || hostname === "localhost";
}
