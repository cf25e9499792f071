/** A certificate's thumbprint in hex, without colons, upper case; undefined when it is neither SHA-1 nor SHA-256. */
export function normalThumbprint(text: string): string | undefined {
  const hex = text.replace(/[:\s]/g, "").toUpperCase();
  return /^([0-9A-F]{40}|[0-9A-F]{64})$/.test(hex) ? hex : undefined;
}

/** As normalThumbprint; throws RangeError where it gives undefined. */
export function parseThumbprint(text: string): string {
  const hex = normalThumbprint(text);
  if (hex === undefined) throw new RangeError(`${text} is no SHA-1 or SHA-256 thumbprint`);
  return hex;
}

/** True when the certificate has this (normal) thumbprint. */
export function matchesThumbprint(
  pin: string,
  certificate: { fingerprint?: string; fingerprint256?: string },
): boolean {
  const seen = pin.length === 40 ? certificate.fingerprint : certificate.fingerprint256;
  return seen !== undefined && normalThumbprint(seen) === pin;
}
