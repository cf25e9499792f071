import type { Finding, SettingValue } from "../model";
import type { Flavor, Quota } from "../openstack/model";
import { daysLeft, leastCertificateDays } from "./certificate";
import { notApplicable, outcome, plural } from "./check";
import { openstackCheck, whenRead } from "./openstackCheck";

export const drsFullyAutomated = openstackCheck({
  id: "openstack-drs-fully-automated",
  title: "DRS is fully automated",
  severity: "error",
  settles: false,
  expected: "on a cluster of more than one host, DRS is on and its automation level is fullyAutomated",
  why: "nova launches onto the cluster and leaves the choice of the host to DRS; another level refuses or waits",
  source: "nova, Compute drivers: VMware vSphere, Prerequisites",
  remedy: "declare drsEnabled: true and drsAutomationLevel: fullyAutomated",
  judge: ({ inventory: { cluster, hosts } }) => {
    if (hosts.length < 2) return notApplicable("the cluster has one host");
    const { drsEnabled, drsAutomationLevel } = cluster.settings;
    type Compared = [string, SettingValue | undefined, SettingValue];
    const compared: Compared[] = [
      ["drsEnabled", drsEnabled, true],
      ["drsAutomationLevel", drsAutomationLevel, "fullyAutomated"],
    ];
    const finding = ([subject, read, expected]: Compared): Finding => {
      return { subject, read: read === undefined ? "vCenter does not tell" : text(read), expected: text(expected) };
    };
    const unread = compared.filter(([, read]) => read === undefined);
    const wrong = compared.filter(([, read, expected]) => read !== undefined && read !== expected);
    const level = typeof drsAutomationLevel === "string" ? drsAutomationLevel : "level not told";
    return outcome(`${drsEnabled === true ? "on" : "not on"}, ${level}`, wrong.map(finding), unread.map(finding));
  },
});

function text(value: SettingValue): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

export const quotaLeft = openstackCheck({
  id: "openstack-quota",
  title: "the quota has room for one more instance",
  severity: "error",
  settles: false,
  expected: "instances, cores and RAM of the project have room for one more instance of every declared flavor",
  why: "what users cannot launch is as good as down",
  source: "Compute API reference, limits",
  remedy: "see `openstack quota show --usage`; raise the project's quota, or delete what is not used",
  judge: ({ openstack, cloud: { flavors: declared } }) => {
    if (declared.length === 0) return notApplicable("no flavor is declared");
    return whenRead(openstack.flavors, "nova", (flavors) => {
      return whenRead(openstack.quota, "nova", (quota) => {
        const findings = declared.flatMap((name): Finding[] => {
          const flavor = flavors.find((one) => one.name === name);
          if (flavor === undefined) return [{ subject: name, read: "nova knows no such flavor", expected: "a flavor" }];
          return shortOf(flavor, quota);
        });
        return outcome(quotaText(quota), findings);
      });
    });
  },
});

function shortOf(flavor: Flavor, quota: Quota): Finding[] {
  const needs = { instances: 1, vcpus: flavor.vcpus, memoryMb: flavor.memoryMb };
  return (["instances", "vcpus", "memoryMb"] as const).flatMap((what): Finding[] => {
    const { used, limit } = quota[what];
    if (limit === undefined || used + needs[what] <= limit) return [];
    const read = `${used.toString()} of ${limit.toString()} used`;
    return [{ subject: `${flavor.name}: ${quotaNames[what]}`, read, expected: `room for ${needs[what].toString()}` }];
  });
}

const quotaNames: Record<keyof Quota, string> = { instances: "instances", vcpus: "cores", memoryMb: "RAM in MB" };

function quotaText(quota: Quota): string {
  return (["instances", "vcpus", "memoryMb"] as const)
    .map(
      (what) => `${quotaNames[what]} ${quota[what].used.toString()} of ${quota[what].limit?.toString() ?? "no limit"}`,
    )
    .join(", ");
}

export const certificatesValid = openstackCheck({
  id: "openstack-certificates",
  title: "certificates of OpenStack's endpoints are not about to expire",
  severity: "warning",
  settles: false,
  expected: `every endpoint's certificate is valid for ${leastCertificateDays.toString()} days more`,
  why: "with an expired certificate the services refuse each other, nova-compute among them",
  source: "RFC 5280, 4.1.2.5; the period is ours",
  remedy: "renew the certificate",
  judge: ({ openstack }) => {
    return whenRead(openstack.certificates, "OpenStack", (certificates) => {
      const withTls = certificates.flatMap(({ validTo, ...rest }) =>
        validTo === undefined ? [] : [{ ...rest, validTo }],
      );
      if (withTls.length === 0) return notApplicable("all endpoints are plain HTTP on loopback");
      const findings = withTls.flatMap(({ service, server, validTo }): Finding[] => {
        const days = daysLeft(validTo, openstack.takenAt);
        if (days >= leastCertificateDays) return [];
        const read = `expire${days < 0 ? "d" : "s"} on ${validTo.toISOString().slice(0, 10)}`;
        return [
          { subject: `${service} ${server}`, read, expected: `valid for ${leastCertificateDays.toString()} days` },
        ];
      });
      return outcome(plural(withTls.length, "certificate"), findings);
    });
  },
});
