import type { LoadResult } from "../../../../verification/load/model";
import type { CheckResult, DrillResult, Journal } from "../../../../verification/model";

const at = (seconds: number): string => new Date(Date.parse("2026-01-31T12:00:00Z") + seconds * 1000).toISOString();
const wall = (seconds: number): number => Date.parse(at(seconds));

export function check(changes: Partial<CheckResult> = {}): CheckResult {
  return {
    id: "ha-on",
    title: "HA is on",
    severity: "error",
    verdict: "passed",
    read: "on",
    expected: "on",
    why: "nothing restarts without it",
    source: "vSphere Availability",
    remedy: "set haEnabled to true",
    findings: [],
    ...changes,
  };
}

export function drill(changes: Partial<DrillResult> = {}): DrillResult {
  return {
    id: "host-loss-1-esx-01",
    drill: "host-loss",
    host: "esx-01",
    fdmRole: "master",
    verdict: "passed",
    summary: "esx-01 (master) was lost, and all that was expected of HA was seen",
    started: at(0),
    ended: at(300),
    faultAt: at(20),
    steadyStateBefore: [check()],
    steadyStateAfter: [check()],
    expectations: [
      {
        id: "vm-answers:ubuntu-1",
        statement: "ubuntu-1 answers again within 190 s",
        basis: "detection 55 s, restart 15 s, boot 120 s",
        verdict: "passed",
        seen: "answered again 151.2 to 152.2 s after the fault",
      },
    ],
    vms: [
      {
        vm: "ubuntu-1",
        guestOs: "ubuntu",
        windowSeconds: 300,
        downtimeSeconds: { lower: 150, upper: 152 },
        availabilityPercent: { lower: 49.333333, upper: 50 },
        intervals: [{ startAfter: wall(20), startBefore: wall(21), endAfter: wall(171), endBefore: wall(172) }],
        unobservedSeconds: 0,
        samples: { sent: 600, answered: 300, lost: 0 },
        affected: true,
        hostBefore: "esx-01",
        hostAfter: "esx-02",
        shares: { detectionSeconds: 50, restartSeconds: 12, bootSeconds: 89.5 },
      },
      {
        vm: "xp-1",
        guestOs: "windowsxp",
        windowSeconds: 300,
        downtimeSeconds: { lower: 0, upper: 0 },
        availabilityPercent: { lower: 100, upper: 100 },
        intervals: [],
        unobservedSeconds: 0,
        samples: { sent: 600, answered: 600, lost: 0 },
        affected: false,
        hostBefore: "esx-02",
        hostAfter: "esx-02",
        shares: undefined,
      },
    ],
    timeline: [
      { at: at(20), t: 0, kind: "fault", text: "cutting the power of esx-01 (master)" },
      { at: at(180), t: 160, kind: "recovery", text: "esx-01 has power" },
    ],
    undo: { fault: { kind: "host-power", host: "esx-01" }, description: "power on esx-01 through its BMC", done: true },
    ...changes,
  };
}

export function journal(changes: Partial<Journal> = {}): Journal {
  return {
    schemaVersion: 1,
    tool: { name: "vsphere-ha", version: "0.1.0" },
    command: "drill host-loss",
    started: at(0),
    ended: at(310),
    vcenter: {
      server: "vcenter.example.com:443",
      about: { fullName: "VMware vCenter Server 8.0.3", version: "8.0.3", instanceUuid: "u", simulated: false },
    },
    timeScale: 1,
    simulated: [],
    lockOwner: "someone",
    target: {
      datacenter: "dc",
      cluster: "compute",
      hosts: ["esx-01", "esx-02"],
      vms: [
        { name: "ubuntu-1", guestOs: "ubuntu" },
        { name: "xp-1", guestOs: "windowsxp" },
      ],
    },
    checks: [check()],
    drills: [drill()],
    means: [
      {
        guestOs: "ubuntu",
        hosts: 1,
        windowSeconds: 300,
        availabilityPercent: { lower: 49.333333, upper: 50 },
        downtimeSeconds: { lower: 150, upper: 152 },
        publishedPercent: 94.88037823,
      },
    ],
    verdict: "passed",
    error: undefined,
    ...changes,
  };
}

/** A load that ended well, with nothing read. */
export function loadResult(changes: Partial<LoadResult> = {}): LoadResult {
  return {
    verdict: "passed",
    summary: "the CPU usage of guests and hosts rose with the load",
    started: at(0),
    ended: at(300),
    levels: [0, 50, 100],
    levelSeconds: 60,
    expectations: [],
    readings: [],
    slopes: [],
    undo: { programs: [], description: "end the load programs in ubuntu-1", done: true },
    ...changes,
  };
}

/** Text that breaks out of HTML, XML, SVG and Markdown where it is not escaped. */
export const hostile = `<script>alert("1")</script>&'"]]>| *x* \u0007`;

/** A journal in which every text that comes from outside is hostile. */
export function hostileJournal(): Journal {
  const bad = check({
    verdict: "failed",
    title: hostile,
    read: hostile,
    expected: hostile,
    why: hostile,
    remedy: hostile,
    source: hostile,
    findings: [{ subject: hostile, read: hostile, expected: hostile }],
  });
  const base = drill();
  return journal({
    checks: [bad],
    error: hostile,
    simulated: [hostile],
    vcenter: {
      server: hostile,
      about: { fullName: hostile, version: hostile, instanceUuid: hostile, simulated: true },
    },
    target: { datacenter: hostile, cluster: hostile, hosts: [hostile], vms: [{ name: hostile, guestOs: "ubuntu" }] },
    drills: [
      drill({
        host: hostile,
        fdmRole: hostile,
        summary: hostile,
        verdict: "failed",
        expectations: base.expectations.map((one) => {
          return { ...one, verdict: "failed", statement: hostile, seen: hostile, basis: hostile };
        }),
        vms: base.vms.map((vm) => ({ ...vm, vm: hostile, hostBefore: hostile, hostAfter: hostile })),
        timeline: base.timeline.map((entry) => ({ ...entry, text: hostile })),
        undo: { fault: { kind: "host-power", host: "esx-01" }, description: hostile, done: false },
      }),
    ],
  });
}
