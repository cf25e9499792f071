/** Reports that are hard to lay out: many hosts, four columns, long names, every verdict. */
import type { DrillResult, Guest, GuestMean, Journal, Verdict } from "../../../verification/model";
import { check, drill, journal } from "../../unit/verification/report/fixture";
import { load, reading } from "../../unit/verification/report/loadFixture";

const hosts = Array.from(
  { length: 10 },
  (_, k) => `esx-${(k + 1).toString().padStart(2, "0")}.rack-a.dc-frankfurt-2.example.com`,
);
const guests: readonly Guest[] = [
  { guestOs: "ubuntu" },
  { guestOs: "windowsxp" },
  { guestOs: "ubuntu", openstack: true },
  { guestOs: "windowsxp", openstack: true },
];
const nameOf = ({ guestOs, openstack }: Guest): string =>
  `verification-${guestOs}-${openstack ? "nova-launched" : "template"}-0001.tenant-blue.example.com`;

const base = drill();

function vmsOf(host: string, spare: string, down: boolean): DrillResult["vms"] {
  const [affected, quiet] = base.vms;
  if (affected === undefined || quiet === undefined) throw new Error("the fixture has two VMs");
  return guests.flatMap((guest) => [
    { ...affected, ...guest, vm: nameOf(guest), hostBefore: host, hostAfter: spare },
    {
      ...(down ? { ...quiet, intervals: affected.intervals } : quiet),
      ...guest,
      vm: `other-${nameOf(guest)}`,
      hostBefore: spare,
      hostAfter: spare,
    },
  ]);
}

function drillOf(host: string, index: number, verdict: Verdict): DrillResult {
  const [expected] = base.expectations;
  const broken = verdict === "failed" || verdict === "inconclusive";
  return drill({
    id: `host-loss-${(index + 1).toString()}-${host}`,
    host,
    verdict,
    summary: `${host} (secondary) was lost, and all that was expected of HA was seen`,
    vms: vmsOf(host, hosts[(index + 1) % hosts.length] ?? "", broken),
    expectations: [
      ...base.expectations,
      ...(broken && expected
        ? [{ ...expected, id: "vm-answers:late", verdict, seen: "answered again 251.2 to 252.2 s after the fault" }]
        : []),
    ],
    undo: { ...base.undo, fault: { kind: "host-power", host } },
  });
}

const part = { seconds: 50, n: 5, interval: { lower: 48, upper: 52 } };

function meanOf(guest: Guest): GuestMean {
  return {
    ...guest,
    hosts: hosts.length,
    repetitions: 5,
    windowSeconds: 300,
    availabilityPercent: { lower: 49.333333, upper: 50 },
    downtimeSeconds: { lower: 150, upper: 152 },
    interval: { availabilityPercent: { lower: 49, upper: 51 }, downtimeSeconds: { lower: 148, upper: 154 } },
    restore: { total: { ...part, seconds: 151 }, detection: part, restart: part, boot: part },
    longRun: { mtbfHours: 8760, availabilityPercent: { lower: 99.9995, upper: 99.9996 } },
    publishedPercent: guest.guestOs === "ubuntu" ? 94.88037823 : 96.36959032,
  };
}

/** A whole run of everything, with that verdict. */
export function wholeJournal(verdict: Verdict): Journal {
  const bad =
    verdict === "passed"
      ? []
      : [
          check({
            id: "vms-on-shared-storage",
            title: "Every VM of the target is on storage that all hosts have",
            verdict,
            read: "3 of 4 VMs",
            findings: [
              {
                subject: nameOf({ guestOs: "ubuntu" }),
                read: "datastore1 (local)",
                expected: "a datastore of all hosts",
              },
            ],
            remedy: "move its files with Storage vMotion",
          }),
          check({
            id: "host-clocks",
            title: "Clocks of the hosts",
            severity: "warning",
            verdict,
            read: "no time server",
          }),
        ];
  return journal({
    command: "drill host-loss",
    verdict,
    error: verdict === "passed" ? undefined : "stopped: vCenter has not answered for 300 s\nthe rest is left alone",
    timeScale: 10,
    simulated: [
      "vCenter, its hosts, their BMCs and the guests (VMware vCenter Server 8.0.3, simulated by the vsphere-ha lab)",
    ],
    target: {
      datacenter: "dc-frankfurt-2",
      cluster: "compute-production-blue-and-green-frankfurt-2",
      hosts,
      vms: guests.map((guest) => ({ ...guest, name: nameOf(guest) })),
    },
    checks: [...bad, check(), check({ id: "none", title: "Nothing to check", verdict: "not-applicable" })],
    // One shows what there is no word of: an outage whose parts nobody reported.
    drills: hosts.map((host, k) => drillOf(host, k, k === 0 ? verdict : "passed")),
    load: load({
      verdict,
      readings: hosts
        .slice(0, 4)
        .flatMap((host) => [
          reading("idle", 0, host),
          reading("ubuntu", 50, host),
          reading("ubuntu", 100, host),
          reading("windowsxp", 50, host),
          reading("windowsxp", 100, host),
          reading("mixed", 50, host),
          reading("mixed", 100, host),
        ]),
    }),
    means: guests.map(meanOf),
  });
}
