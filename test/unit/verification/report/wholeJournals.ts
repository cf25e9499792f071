import type { LoadReading } from "../../../../verification/load/model";
import type { DrillResult, DrillVm, Journal, RestorePart } from "../../../../verification/model";
import { check, drill, journal, loadResult } from "./fixture";

const [ubuntu, xp] = drill().vms as [DrillVm, DrillVm];

function lost(host: string, changes: Partial<DrillResult> = {}): DrillResult {
  const undo = {
    fault: { kind: "host-power" as const, host },
    description: `power on ${host} through its BMC`,
    done: true,
  };
  return drill({ id: `host-loss-${host}`, host, undo, ...changes });
}

function reading(guests: LoadReading["guests"], levelPercent: number, seen = true): LoadReading {
  const usage = (cpuPercent: number): LoadReading["hosts"][number]["usage"] =>
    seen ? { samples: 4, cpuPercent, cpuMhz: 26 * cpuPercent, readyPercent: 1.5, memoryPercent: 20.25 } : undefined;
  const loaded = guests !== "idle";
  return {
    guests,
    levelPercent,
    from: "2026-01-31T12:00:00.000Z",
    to: "2026-01-31T12:02:00.000Z",
    moved: [],
    hosts: ["esx-02", "esx-01"].map((host, k) => ({
      host,
      loaded: loaded ? ["ubuntu-1"] : [],
      usage: usage(2 + k + levelPercent / 4),
    })),
    vms: [
      {
        vm: "ubuntu-1",
        guestOs: "ubuntu",
        host: "esx-01",
        loaded,
        usage: usage(levelPercent),
        latencyMs: seen ? { median: 0.44, p95: 1.25 } : undefined,
      },
    ],
  };
}

const load = loadResult({
  expectations: [
    { id: "a", statement: "vCenter measured", basis: "every 20 s", verdict: "passed", seen: "40 samples" },
    { id: "b", statement: "esx-01 rises", basis: "its guests do", verdict: "passed", seen: "0.250" },
  ],
  readings: [
    reading("idle", 0),
    reading("ubuntu", 50),
    reading("ubuntu", 100),
    reading("windowsxp", 50, false),
    reading("windowsxp", 100),
    reading("mixed", 50),
    reading("mixed", 100),
  ],
  slopes: [
    {
      guests: "ubuntu",
      kind: "host",
      name: "esx-01",
      slope: 0.25,
      interval: { lower: 0.2404, upper: 0.2601 },
      levels: 3,
    },
    { guests: "mixed", kind: "host", name: "esx-02", slope: 0.5, interval: undefined, levels: 2 },
    { guests: "mixed", kind: "vm", name: "esx-02", slope: 9, interval: undefined, levels: 2 },
  ],
});

const part = (seconds: number): RestorePart => ({
  seconds,
  n: 2,
  interval: { lower: seconds - 2, upper: seconds + 2 },
});

const isolated: DrillResult["undo"] = {
  fault: { kind: "host-isolation", host: "esx-02", adapters: ["vmk0"], undoSeconds: 240 },
  description: "wait until esx-02 enables vmk0 by itself, 240 s after the fault, or enable it at its console",
  done: true,
};
const unpathed: DrillResult["undo"] = {
  fault: {
    kind: "apd",
    host: "esx-01",
    datastores: ["nfs-1", "nfs-2"],
    devices: [],
    paths: [],
    rulesets: ["nfsClient"],
  },
  description: "bring nfs-1 and nfs-2 back at esx-01",
  done: true,
};

/** A run in the lab in which all went as expected, with all that a report can hold. */
const passed: Journal = journal({
  timeScale: 10,
  simulated: ["vCenter, its hosts, their BMCs and the guests (in memory)", "the guests"],
  openstack: {
    cloud: "keystone.example.com:5000, region R",
    capacity: { vcenter: "24 vCPUs, 49152 MB", nova: "24 vCPUs, 49152 MB", placement: undefined },
    instances: [
      { name: "ubuntu-os", id: "i", nova: "ACTIVE", vcenter: "poweredOn", host: "esx-02" },
      { name: "lost-os", id: "j", nova: "SHUTOFF", vcenter: undefined, host: undefined },
    ],
  },
  target: {
    datacenter: "dc",
    cluster: "compute",
    hosts: ["esx-01", "esx-02"],
    vms: [
      { name: "ubuntu-1", guestOs: "ubuntu" },
      { name: "xp-1", guestOs: "windowsxp" },
      { name: "ubuntu-os", guestOs: "ubuntu", openstack: true },
    ],
  },
  checks: [
    check(),
    check({ id: "clock", title: "Clocks agree", severity: "warning", verdict: "failed", read: "3 s", expected: "1 s" }),
    check({ id: "vmfs", title: "VMFS", verdict: "not-applicable", read: "none" }),
  ],
  drills: [
    lost("esx-01"),
    lost("esx-01", { id: "again" }),
    lost("esx-02", { vms: [{ ...ubuntu, windowSeconds: 310 }, xp] }),
    lost("esx-02", {
      drill: "nova-compute-down",
      vms: [{ ...ubuntu, vm: "ubuntu-os", openstack: true }],
      openstack: {
        cloud: "keystone.example.com:5000, region R",
        samples: 30,
        failed: 1,
        instances: [
          { vm: "ubuntu-os", id: "i", statuses: ["ACTIVE", "ACTIVE, powering-on"] },
          { vm: "gone-os", id: "k", statuses: [] },
        ],
        capacity: [
          { t: -5, text: "24 vCPUs" },
          { t: 12.34, text: "16 vCPUs" },
        ],
      },
    }),
    drill({ drill: "host-isolation", host: "esx-02", undo: isolated, loadPercent: 50 }),
    lost("esx-01", { loadPercent: 50 }),
    lost("esx-02", { loadPercent: 0 }),
    drill({
      drill: "apd",
      host: "esx-01",
      verdict: "not-applicable",
      undo: unpathed,
      faultAt: undefined,
      vms: [],
      timeline: [],
      summary: "all paths down does not apply to esx-01: no VM is there",
    }),
  ],
  load,
  means: [
    {
      guestOs: "ubuntu",
      hosts: 2,
      repetitions: 2,
      windowSeconds: 300,
      availabilityPercent: { lower: 49.333333, upper: 50 },
      downtimeSeconds: { lower: 150, upper: 152 },
      interval: { availabilityPercent: { lower: 49, upper: 51 }, downtimeSeconds: { lower: 148, upper: 154 } },
      restore: { total: part(151), detection: part(50), restart: undefined, boot: { seconds: 89, n: 1 } },
      longRun: { mtbfHours: 8760, availabilityPercent: { lower: 99.9995, upper: 100 } },
      publishedPercent: 94.88037823,
    },
    {
      guestOs: "windowsxp",
      hosts: 1,
      windowSeconds: 310,
      availabilityPercent: { lower: 40, upper: 40.001 },
      downtimeSeconds: { lower: 186, upper: 186.01 },
      publishedPercent: 96.36959032,
    },
  ],
});

/** A run on real hardware that went wrong in all ways at once. */
const failed: Journal = journal({
  verdict: "failed",
  error: "esx-02 could not be given its power back: its BMC does not answer; power it on by hand",
  checks: [
    check({
      verdict: "failed",
      read: "off",
      findings: [
        { subject: "compute", read: "off", expected: "on" },
        { subject: "xp-1", read: "off", expected: "on" },
      ],
    }),
    check({ id: "seen", title: "Seen", verdict: "inconclusive", read: "not told" }),
    check({ id: "good", title: "Good" }),
  ],
  drills: [
    lost("esx-01", {
      verdict: "failed",
      summary: "failed: ubuntu-1 answers again within 190 s: answered again 251.2 to 252.2 s after the fault",
      expectations: [
        {
          id: "vm-answers:ubuntu-1",
          statement: "ubuntu-1 answers again within 190 s",
          basis: "detection 55 s, restart 15 s, boot 120 s",
          verdict: "failed",
          seen: "answered again 251.2 to 252.2 s after the fault",
        },
        {
          id: "observed",
          statement: "the drill was observed",
          basis: "or it proves nothing",
          verdict: "passed",
          seen: "no gap",
        },
      ],
      steadyStateAfter: [check({ verdict: "failed", read: "off" })],
    }),
    lost("esx-02", {
      verdict: "inconclusive",
      summary: "inconclusive: the drill was observed: probes were lost",
      expectations: [
        {
          id: "observed",
          statement: "the drill was observed",
          basis: "or it proves nothing",
          verdict: "inconclusive",
          seen: "40 s",
        },
      ],
      vms: [{ ...ubuntu, unobservedSeconds: 40, shares: undefined, hostAfter: undefined }, xp] as DrillVm[],
      undo: { fault: { kind: "host-power", host: "esx-02" }, description: "power on esx-02", done: false },
      stopped: { at: "2026-01-31T12:02:00.000Z", reason: "mail went down, which is not of the blast radius" },
    }),
  ],
  means: [],
  load: loadResult({
    verdict: "failed",
    summary: "esx-01 does not rise",
    readings: [reading("idle", 0, false)],
    expectations: [
      { id: "a", statement: "esx-01 rises", basis: "its guests do", verdict: "failed", seen: "flat" },
      { id: "b", statement: "xp-1 is loaded", basis: "it was told", verdict: "not-applicable", seen: "none" },
    ],
    undo: { programs: [], description: "end the load programs in ubuntu-1", done: false },
  }),
});

const nothing = { drills: [], means: [] };

/** By name: each is written word for word as page, summary, JUnit and terminal text in texts/. */
export const journals: Record<string, Journal> = {
  "all-passed": passed,
  "all-failed": failed,
  "one-host-loss": journal(),
  "check-passed": journal({ ...nothing, command: "check", checks: [check(), check({ id: "other" })] }),
  "check-failed": journal({
    ...nothing,
    command: "check",
    verdict: "failed",
    checks: [
      check({ verdict: "failed" }),
      check({ id: "unseen", verdict: "inconclusive" }),
      check({ id: "w", severity: "warning", verdict: "failed" }),
      check({ id: "n", verdict: "not-applicable" }),
    ],
  }),
  "refused-drill": journal({ ...nothing, command: "drill guest-hang", verdict: "inconclusive", error: "HA is off" }),
  "refused-host-loss": journal({ ...nothing, verdict: "inconclusive", error: "HA is off" }),
  "refused-load": journal({ ...nothing, command: "load", verdict: "inconclusive", error: "no such guest" }),
  "load-alone": journal({ ...nothing, command: "load", load }),
  "recovered-with-an-open-check": journal({ verdict: "failed", checks: [check({ verdict: "failed" })] }),
  "cut-short": journal({ verdict: "inconclusive", error: "interrupted" }),
};
