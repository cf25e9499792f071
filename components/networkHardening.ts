/**
 * What no guest needs on a port group that this library makes: to overhear others, to send as others, to change its
 * address (vSphere Security Configuration Guide 8, ESXi: standard switches). A standard switch allows the last two.
 */
export const networkHardening = {
  allowPromiscuous: false,
  allowForgedTransmits: false,
  allowMacChanges: false,
} as const;
