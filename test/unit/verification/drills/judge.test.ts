import assert from "node:assert/strict";
import type { TimedEvent } from "../../../../verification/drills/events";
import type { Expected, ExpectedKind } from "../../../../verification/drills/expected";
import { judge, overall, type FailedHost } from "../../../../verification/drills/judge";
import { outage, type DrillObservation } from "../../../../verification/drills/observation";
import type { DownInterval, Inventory, VmAvailability } from "../../../../verification/model";
import { World } from "./world";

const sent = 1_000_000;
/** So many seconds after the fault was sent; it was confirmed one second after that. */
const at = (seconds: number): number => sent + seconds * 1000;
const host: FailedHost = { id: "esx-02", name: "esx-02", tooLate: "when esx-02 had its power back" };
const vm = { id: "xp-1", name: "xp-1" };

function event(type: string, seconds: number, about: { hostId?: string; vmId?: string; message?: string }): TimedEvent {
  const { hostId, vmId, message = "" } = about;
  return { key: 1, createdAt: new Date(at(seconds)), at: at(seconds), type, message, hostId, vmId };
}

/** Down between so many seconds after the fault; probes tell each edge to a second. */
function down(from: number, to?: number): DownInterval {
  const end =
    to === undefined ? { endAfter: at(400), endBefore: undefined } : { endAfter: at(to), endBefore: at(to + 1) };
  return { startAfter: at(from), startBefore: at(from + 1), ...end };
}

function availability(changes: Partial<VmAvailability> = {}): VmAvailability {
  return {
    vm: vm.name,
    guestOs: "windowsxp",
    windowSeconds: 400,
    downtimeSeconds: { lower: 0, upper: 0 },
    availabilityPercent: { lower: 100, upper: 100 },
    intervals: [],
    unobservedSeconds: 0,
    samples: { sent: 800, answered: 800, lost: 0 },
    ...changes,
  };
}

/** A cluster whose VM xp-1 runs on a host. */
function runningOn(hostName: string, break_: (world: World) => void = () => undefined): Inventory {
  const world = new World();
  world.vmNamed("xp-1").host = hostName;
  break_(world);
  return world.inventory();
}

function observation(changes: Partial<DrillObservation> = {}): DrillObservation {
  return {
    faultSent: sent,
    faultConfirmed: at(1),
    undone: at(300),
    availability: new Map([[vm.name, availability()]]),
    events: [],
    eventsMissing: undefined,
    failedOver: runningOn("esx-01"),
    after: runningOn("esx-01"),
    clockStepSeconds: 0,
    ...changes,
  };
}

const probed = (changes: Partial<VmAvailability>): Partial<DrillObservation> => ({
  availability: new Map([[vm.name, availability(changes)]]),
});
const unprobed: Partial<DrillObservation> = { availability: new Map() };
const unread: Partial<DrillObservation> = { eventsMissing: "vCenter is busy" };

function judged(
  kind: ExpectedKind,
  seen: Partial<DrillObservation>,
  more: Partial<Expected> & { second?: FailedHost["second"] } = {},
): string {
  const { second, ...changes } = more;
  const expected: Expected = { id: kind, kind, statement: "s", basis: "b", vm, limitSeconds: undefined, ...changes };
  const [result] = judge([expected], observation(seen), { ...host, second }, (ms) => ms / 1000);
  assert.deepEqual([result?.id, result?.statement, result?.basis], [kind, "s", "b"]);
  return `${result?.verdict ?? ""}: ${result?.seen ?? ""}`;
}

type Case = [what: string, seen: Partial<DrillObservation>, told: string, more?: Parameters<typeof judged>[2]];

function cases(kind: ExpectedKind, list: Case[]): void {
  describe(`judges ${kind}`, () => {
    for (const [what, seen, told, more] of list) {
      it(what, () => {
        assert.equal(judged(kind, seen, more), told);
      });
    }
  });
}

const failedEvent = (seconds: number, hostId = "esx-02"): TimedEvent =>
  event("DasHostFailedEvent", seconds, { hostId });

describe("the verdict on what a drill expects", () => {
  const limit = { limitSeconds: 20 };
  cases("host-declared-failed", [
    [
      "in time",
      { events: [failedEvent(18)] },
      "passed: declared failed 17.0 to 18.0 s after the fault; expected 20.0 s",
      limit,
    ],
    [
      "at the very limit",
      { events: [failedEvent(20)] },
      "passed: declared failed 19.0 to 20.0 s after the fault; expected 20.0 s",
      limit,
    ],
    [
      "with the limit between the bounds",
      { events: [failedEvent(20.5)] },
      "inconclusive: declared failed 19.5 to 20.5 s after the fault; expected 20.0 s, which lies between the bounds",
      limit,
    ],
    [
      "too late",
      { events: [failedEvent(22)] },
      "failed: declared failed 21.0 to 22.0 s after the fault; expected 20.0 s",
      limit,
    ],
    [
      "before it was confirmed",
      { events: [failedEvent(0.5)] },
      "passed: declared failed 0.0 to 0.5 s after the fault; expected 20.0 s",
      limit,
    ],
    [
      "of another host alone",
      { events: [failedEvent(18, "esx-01")] },
      "failed: vCenter reported no failure of the host",
      limit,
    ],
    ["without all events", unread, "inconclusive: events are missing: vCenter is busy", limit],
    [
      "not at all where vCenter could not know",
      {},
      "inconclusive: events are missing: vCenter did not run then",
      { ...limit, mayBeUnreported: true },
    ],
  ]);

  const second = { id: "esx-01", name: "esx-01" };
  const both = { second: { sent: at(20), confirmed: at(21) } };
  cases("second-declared-failed", [
    [
      "from its own failure on",
      { ...both, events: [failedEvent(10), failedEvent(38, "esx-01")] },
      "passed: declared failed 17.0 to 18.0 s after its failure; expected 20.0 s",
      { ...limit, second },
    ],
    [
      "too late",
      { ...both, events: [failedEvent(90, "esx-01")] },
      "failed: declared failed 69.0 to 70.0 s after its failure; expected 20.0 s",
      { ...limit, second },
    ],
    [
      "before it was confirmed",
      { ...both, events: [failedEvent(20.5, "esx-01")] },
      "passed: declared failed 0.0 to 0.5 s after its failure; expected 20.0 s",
      { ...limit, second },
    ],
    ["never", both, "failed: vCenter reported no failure of the host", { ...limit, second }],
    [
      "where none was failed",
      { events: [failedEvent(18, "esx-01")] },
      "inconclusive: no second host was failed",
      { ...limit, second },
    ],
    ["where none was named", both, "inconclusive: no second host was failed", limit],
  ]);

  cases("observed", [
    ["with what was sent and read", { events: [failedEvent(1)] }, "passed: 800 probes, 0 lost; 1 events"],
    [
      "with probes lost, few enough",
      probed({ samples: { sent: 800, answered: 790, lost: 10 }, unobservedSeconds: 20 }),
      "passed: 800 probes, 10 lost; 0 events",
    ],
    [
      "of two VMs together",
      {
        availability: new Map(
          ["a", "b"].map((name) => [name, availability({ vm: name, samples: { sent: 5, answered: 4, lost: 1 } })]),
        ),
      },
      "passed: 10 probes, 2 lost; 0 events",
    ],
    [
      "not, with more than a twentieth without evidence",
      probed({ samples: { sent: 800, answered: 700, lost: 100 }, unobservedSeconds: 21 }),
      "inconclusive: xp-1 was not observed for 21.0 s: 100 of its 800 probes were lost",
    ],
    ["with a step of the clock that is small", { clockStepSeconds: -1 }, "passed: 800 probes, 0 lost; 0 events"],
    [
      "not, with all that was missing",
      { ...unread, clockStepSeconds: -1.5 },
      "inconclusive: the system clock was stepped by -1.5 s; events are missing: vCenter is busy",
    ],
  ]);

  cases("vm-fails", [
    ["when it stopped", probed({ intervals: [down(1, 100)] }), "passed: it stopped answering"],
    [
      "and takes one that went on for another",
      {},
      "inconclusive: it went on answering: the probe does not reach this VM",
    ],
    [
      "and not by an outage before the fault",
      probed({ intervals: [down(-10, -5)] }),
      "inconclusive: it went on answering: the probe does not reach this VM",
    ],
    ["not without probes", unprobed, "inconclusive: it was not probed"],
    ["not without a VM", {}, "inconclusive: no VM named", { vm: undefined }],
  ]);

  const until = { limitSeconds: 60 };
  cases("vm-runs-until", [
    [
      "when it stopped after that",
      probed({ intervals: [down(61, 100)] }),
      "passed: stopped 60.0 to 62.0 s after the fault; expected not before 60.0 s",
      until,
    ],
    [
      "not when it stopped before",
      probed({ intervals: [down(30, 100)] }),
      "failed: stopped 29.0 to 31.0 s after the fault; expected not before 60.0 s",
      until,
    ],
    [
      "not with the limit between the bounds",
      probed({ intervals: [down(59, 100)] }),
      "inconclusive: stopped 58.0 to 60.0 s after the fault; expected not before 60.0 s, which lies between the bounds",
      until,
    ],
    [
      "from the fault on",
      probed({ intervals: [down(0.5, 100)] }),
      "failed: stopped 0.0 to 1.5 s after the fault; expected not before 60.0 s",
      until,
    ],
    ["when it should have stopped, and did not", {}, "failed: it went on answering", until],
    ["not without probes", unprobed, "inconclusive: it was not probed", until],
  ]);

  const answers = { limitSeconds: 150 };
  cases("vm-answers", [
    [
      "in time",
      probed({ intervals: [down(1, 100)] }),
      "passed: answered again 99.0 to 101.0 s after the fault; expected 150.0 s",
      answers,
    ],
    [
      "too late",
      probed({ intervals: [down(1, 160)] }),
      "failed: answered again 159.0 to 161.0 s after the fault; expected 150.0 s",
      answers,
    ],
    [
      "from the end of its last outage",
      probed({ intervals: [down(-20, -10), down(1, 50), down(60, 140)] }),
      "passed: answered again 139.0 to 141.0 s after the fault, after 2 outages; expected 150.0 s",
      answers,
    ],
    [
      "not when it is still down after that",
      probed({ intervals: [down(1)] }),
      "failed: still down 399.0 s after the fault",
      answers,
    ],
    [
      "not when the observation ended before that",
      probed({ intervals: [{ ...down(1), endAfter: at(151) }] }),
      "inconclusive: still down when the observation ended, 150.0 s after the fault",
      answers,
    ],
    ["not when it was never down", {}, "inconclusive: it was never seen to stop answering", answers],
    ["not without probes", unprobed, "inconclusive: it was not probed", answers],
  ]);

  cases("vm-undisturbed", [
    ["when every probe was answered", {}, "passed: 800 probes answered, none refused"],
    [
      "not after an outage",
      probed({ intervals: [down(5, 8)], downtimeSeconds: { lower: 2, upper: 4 } }),
      "failed: down for 2.0 to 4.0 s, in one outage",
    ],
    [
      "not after several",
      probed({ intervals: [down(5, 8), down(20, 22)], downtimeSeconds: { lower: 3, upper: 7 } }),
      "failed: down for 3.0 to 7.0 s, in 2 outages",
    ],
    ["not when it was not observed", probed({ unobservedSeconds: 21 }), "inconclusive: not observed for 21.0 s"],
    [
      "not when no probe was sent",
      probed({ samples: { sent: 0, answered: 0, lost: 0 } }),
      "inconclusive: it was not probed",
    ],
    ["not without probes", unprobed, "inconclusive: it was not probed"],
  ]);

  const restarted = (seconds: number, vmId = "xp-1"): TimedEvent => {
    return event("com.vmware.vc.ha.VmRestartedByHAEvent", seconds, { vmId });
  };
  cases("vm-restarted", [
    ["when HA said so", { events: [restarted(30)] }, "passed: restarted 30.0 s after the fault"],
    [
      "when HA said so before the host had its power back",
      { events: [restarted(300)] },
      "passed: restarted 300.0 s after the fault",
    ],
    [
      "not when it was only then",
      { events: [restarted(301)] },
      "failed: restarted only when esx-02 had its power back",
    ],
    ["not by the restart of another VM", { events: [restarted(30, "xp-2")] }, "failed: vCenter reported no restart"],
    [
      "with vCenter's reason where HA could not",
      { events: [event("NotEnoughResourcesToStartVmEvent", 30, { vmId: "xp-1", message: "Not enough memory." })] },
      "failed: vCenter says: Not enough memory.",
    ],
    [
      "with the event's name where it gave no reason",
      { events: [event("VmFailoverFailed", 30, { vmId: "xp-1" })] },
      "failed: vCenter says: VmFailoverFailed",
    ],
    [
      "without a reason that is of another VM",
      { events: [event("VmFailoverFailed", 30, { vmId: "xp-2" })] },
      "failed: vCenter reported no restart",
    ],
    ["not without all events", unread, "inconclusive: events are missing: vCenter is busy"],
  ]);

  const reset = (seconds: number, vmId = "xp-1"): TimedEvent => event("VmDasBeingResetEvent", seconds, { vmId });
  cases("vm-reset", [
    ["in time", { events: [reset(19)] }, "passed: reset 18.0 to 19.0 s after the fault; expected 20.0 s", limit],
    ["at once", { events: [reset(0.5)] }, "passed: reset 0.0 to 0.5 s after the fault; expected 20.0 s", limit],
    ["too late", { events: [reset(30)] }, "failed: reset 29.0 to 30.0 s after the fault; expected 20.0 s", limit],
    [
      "until the drill was over",
      { events: [reset(300)] },
      "passed: reset 299.0 to 300.0 s after the fault; expected 350.0 s",
      { limitSeconds: 350 },
    ],
    [
      "not when the drill was over",
      { events: [reset(301)] },
      "failed: reset only when esx-02 had its power back",
      { limitSeconds: 350 },
    ],
    [
      "not by the reset of another VM",
      { events: [reset(19, "xp-2")] },
      "failed: vCenter reported no reset by HA",
      limit,
    ],
  ]);

  const off = (name: string): Inventory => runningOn(name, (world) => (world.vmNamed("xp-1").poweredOn = false));
  const gone = runningOn("esx-01", (world) => (world.vms = world.vms.filter(({ name }) => name !== "xp-1")));
  cases("vm-elsewhere", [
    ["when it runs on another host", {}, "passed: runs on esx-01"],
    ["not on the host that failed", { failedOver: runningOn("esx-02") }, "failed: still on esx-02"],
    ["not on the second one that failed", {}, "failed: still on esx-01", { second }],
    ["not when it is off", { failedOver: off("esx-01") }, "failed: poweredOff on esx-01"],
    ["not when it is off on a host that is gone", { failedOver: off("esx-09") }, "failed: poweredOff on no host"],
    ["not when vCenter did not answer", { failedOver: undefined }, "inconclusive: vCenter did not tell"],
    ["not when vCenter does not know it", { failedOver: gone }, "inconclusive: vCenter did not tell"],
  ]);

  cases("vm-stays", [
    ["when it runs where it ran", { failedOver: runningOn("esx-02") }, "passed: on esx-02"],
    ["not on another host", {}, "failed: runs on esx-01"],
    ["not when it is off", { failedOver: off("esx-02") }, "failed: poweredOff on esx-02"],
    ["not when it is off elsewhere", { failedOver: off("esx-01") }, "failed: poweredOff on esx-01"],
    ["not when vCenter did not answer", { failedOver: undefined }, "inconclusive: vCenter did not tell"],
    ["not when vCenter does not know it", { failedOver: gone }, "inconclusive: vCenter did not tell"],
  ]);

  cases("vm-not-restarted", [
    ["when it stayed on the host that failed", { failedOver: runningOn("esx-02") }, "passed: it was not restarted"],
    ["when it is off", { failedOver: off("esx-01") }, "passed: it was not restarted"],
    [
      "not when HA said that it was",
      { events: [restarted(30)], failedOver: runningOn("esx-02") },
      "failed: HA restarted it",
    ],
    [
      "also when HA started it once the host was back",
      { events: [restarted(300)], failedOver: runningOn("esx-02") },
      "passed: it was not restarted",
    ],
    ["not when it runs elsewhere", {}, "failed: runs on esx-01"],
    ["not when vCenter did not answer", { failedOver: undefined }, "inconclusive: vCenter did not tell"],
  ]);

  cases("vm-protected", [
    ["when HA protects it again", {}, "passed: protected"],
    [
      "not when HA does not",
      { after: runningOn("esx-01", (world) => (world.vmNamed("xp-1").answers = false)) },
      "failed: not protected",
    ],
    [
      "whatever of other VMs",
      { after: runningOn("esx-01", (world) => (world.vmNamed("xp-2").answers = false)) },
      "passed: protected",
    ],
    ["not when vCenter did not answer", { after: undefined }, "inconclusive: vCenter did not tell"],
    ["not when vCenter does not know it", { after: gone }, "inconclusive: vCenter did not tell"],
  ]);

  const isolated = (seconds: number, hostId = "esx-02"): TimedEvent =>
    event("DasHostIsolatedEvent", seconds, { hostId });
  const partitioned = (hostId = "esx-02"): TimedEvent =>
    event("com.vmware.vc.HA.HostPartitionedFromMasterEvent", 30, { hostId });
  cases("host-isolated", [
    [
      "in time",
      { events: [isolated(19)] },
      "passed: reported isolated 18.0 to 19.0 s after the fault; expected 20.0 s",
      limit,
    ],
    [
      "at once",
      { events: [isolated(0.5)] },
      "passed: reported isolated 0.0 to 0.5 s after the fault; expected 20.0 s",
      limit,
    ],
    [
      "until its isolation ended",
      { events: [isolated(300)] },
      "passed: reported isolated 299.0 to 300.0 s after the fault; expected 350.0 s",
      { limitSeconds: 350 },
    ],
    [
      "not by what was told after its isolation",
      { events: [isolated(301)] },
      "failed: vCenter did not report it as isolated",
      limit,
    ],
    [
      "not by the isolation of another host",
      { events: [isolated(19, "esx-01"), partitioned("esx-01")] },
      "failed: vCenter did not report it as isolated",
      limit,
    ],
    [
      "not when it was but partitioned",
      { events: [partitioned()] },
      "failed: vCenter reported it as partitioned: an isolation address, or another agent, still answers it",
      limit,
    ],
  ]);

  const terminated = (seconds: number, vmId = "xp-1"): TimedEvent => {
    return event("com.vmware.vc.HA.VmcpTerminatingVm", seconds, { vmId });
  };
  const span = { limitSeconds: 20, notBeforeSeconds: 10 };
  cases("vm-terminated", [
    [
      "in time",
      { events: [terminated(15)] },
      "passed: terminated 14.0 to 15.0 s after the fault; expected 20.0 s",
      span,
    ],
    [
      "at once, before the loss was confirmed",
      { events: [terminated(0.5)] },
      "passed: terminated 0.0 to 0.5 s after the fault; expected 20.0 s",
      { limitSeconds: 20 },
    ],
    [
      "at the very instants between which it must be",
      { events: [terminated(11)] },
      "passed: terminated 10.0 to 11.0 s after the fault; expected 20.0 s",
      span,
    ],
    [
      "with the earliest instant between the bounds",
      { events: [terminated(10)] },
      "inconclusive: terminated 9.0 to 10.0 s after the fault; expected not before 10.0 s, which lies between the bounds",
      span,
    ],
    [
      "too early",
      { events: [terminated(9.9)] },
      "failed: terminated 8.9 to 9.9 s after the fault; expected not before 10.0 s",
      span,
    ],
    [
      "too late",
      { events: [terminated(22)] },
      "failed: terminated 21.0 to 22.0 s after the fault; expected 20.0 s",
      span,
    ],
    [
      "not by that of another VM",
      { events: [terminated(15, "xp-2")] },
      "failed: vCenter reported no termination",
      span,
    ],
    ["not without all events", unread, "inconclusive: events are missing: vCenter is busy", span],
  ]);

  cases("vm-left-alone", [
    [
      "when vCenter reports nothing of it",
      { events: [terminated(15, "xp-2")] },
      "passed: vCenter reported none of these",
    ],
    ["not when HA terminated it", { events: [terminated(15)] }, "failed: HA terminated it"],
    ["not when HA reset it, be it when its storage was back", { events: [reset(301)] }, "failed: HA reset it"],
    ["not when HA restarted it", { events: [restarted(30)] }, "failed: HA restarted it"],
    ["not without all events", unread, "inconclusive: events are missing: vCenter is busy"],
    ["not by what it saw, events missing or not", { ...unread, events: [reset(5)] }, "failed: HA reset it"],
  ]);

  const lost = { apd: "esx.problem.storage.apd.start", pdl: "esx.problem.scsi.device.state.permanentloss" };
  for (const loss of ["apd", "pdl"] as const) {
    const reported = (seconds: number, hostId = "esx-02"): TimedEvent => event(lost[loss], seconds, { hostId });
    const other = event(lost[loss === "apd" ? "pdl" : "apd"], 3, { hostId: "esx-02" });
    cases(`storage-${loss}`, [
      ["when the host reports it", { events: [reported(3)] }, "passed: reported 3.0 s after the fault"],
      ["at once", { events: [reported(-0.2)] }, "passed: reported 0.0 s after the fault"],
      ["until the storage was back", { events: [reported(300)] }, "passed: reported 300.0 s after the fault"],
      ["not after that", { events: [reported(301)] }, "failed: vCenter reported none of this host"],
      [
        "not by another loss, or that of another host",
        { events: [other, reported(3, "esx-01")] },
        "failed: vCenter reported none of this host",
      ],
      ["not without all events", unread, "inconclusive: events are missing: vCenter is busy"],
    ]);
  }

  const maintenance = (change: (world: World) => void = () => undefined): Inventory =>
    runningOn("esx-01", (world) => {
      world.setMaintenance("esx-02", true);
      change(world);
    });
  cases("host-evacuated", [
    ["when no VM runs on it", { failedOver: maintenance() }, "passed: in maintenance mode, no VM runs on it"],
    [
      "also with VMs on it that are off, or the platform's own",
      {
        failedOver: maintenance((world) => {
          Object.assign(world.vmNamed("xp-2"), { host: "esx-02", poweredOn: false });
          world.vmNamed("vCLS-1").host = "esx-02";
        }),
      },
      "passed: in maintenance mode, no VM runs on it",
    ],
    [
      "not with VMs that run on it",
      { failedOver: maintenance((world) => ["xp-1", "xp-2"].forEach((name) => (world.vmNamed(name).host = "esx-02"))) },
      "failed: xp-1, xp-2 still on it",
    ],
    [
      "not out of maintenance mode, with the VMs that keep it",
      { failedOver: runningOn("esx-02", (world) => (world.vmNamed("ubuntu-1").host = "esx-01")) },
      "failed: esx-02 did not come into maintenance mode, xp-1 still on it",
    ],
    [
      "not out of maintenance mode, without any",
      { failedOver: runningOn("esx-01", (world) => (world.vmNamed("ubuntu-1").host = "esx-01")) },
      "failed: esx-02 did not come into maintenance mode",
    ],
    ["not when vCenter did not answer", { failedOver: undefined }, "inconclusive: vCenter did not tell"],
    [
      "not when the host is gone",
      { failedOver: runningOn("esx-01", (world) => world.hosts.delete("esx-02")) },
      "inconclusive: vCenter did not tell",
    ],
  ]);
});

describe("the verdict on a whole", () => {
  it("is the worst of its parts, and passes nothing that was not shown", () => {
    assert.equal(overall(["passed", "inconclusive", "failed"]), "failed");
    assert.equal(overall(["passed", "inconclusive", "not-applicable"]), "inconclusive");
    assert.equal(overall(["passed", "not-applicable"]), "passed");
    assert.equal(overall(["not-applicable"]), "not-applicable");
    assert.equal(overall([]), "inconclusive");
  });
});

describe("an outage", () => {
  it("is from the first interval that the fault can have caused to the end of the last", () => {
    const told = availability({ intervals: [down(-20, -10), down(1, 50), down(60, 140)] });
    assert.deepEqual(outage(told, sent), { ...down(1), endAfter: at(140), endBefore: at(141) });
    assert.deepEqual(outage(availability({ intervals: [down(1)] }), sent), down(1));
    assert.equal(outage(availability({ intervals: [{ ...down(-20, -1), endBefore: sent }] }), sent), undefined);
  });
});
