import { outcome, type Check } from "./check";

/** Time enough to renew a certificate in office hours. */
export const leastCertificateDays = 14;
const dayMs = 86_400_000;

/** Whole days from one instant to the end of a certificate's validity; negative when that has passed. */
export function daysLeft(validTo: Date, now: Date): number {
  return Math.floor((validTo.getTime() - now.getTime()) / dayMs);
}

export const vcenterCertificate: Check = {
  id: "vcenter-certificate",
  title: "vCenter's certificate is not about to expire",
  severity: "warning",
  settles: false,
  expected: `vCenter's certificate is valid for ${leastCertificateDays.toString()} days more`,
  why: "with an expired certificate neither this library, nor nova, nor backups can talk to vCenter",
  source: "RFC 5280, 4.1.2.5; the period is ours",
  remedy: "renew the certificate in vCenter's certificate management; then update caFile or thumbprint",
  judge: ({ inventory, config }) => {
    const { certificateValidTo: validTo, takenAt } = inventory;
    const expected = `valid for ${leastCertificateDays.toString()} days`;
    const { server } = config.vcenter;
    if (validTo === undefined)
      return outcome("none", [], [{ subject: server, read: "no certificate was shown", expected }]);
    const days = daysLeft(validTo, takenAt);
    const read = `expire${days < 0 ? "d" : "s"} on ${validTo.toISOString().slice(0, 10)}`;
    return outcome(read, days >= leastCertificateDays ? [] : [{ subject: server, read, expected }]);
  },
};
