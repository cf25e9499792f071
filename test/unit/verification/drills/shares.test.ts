import assert from "node:assert/strict";
import type { TimedEvent } from "../../../../verification/drills/events";
import type { DrillObservation } from "../../../../verification/drills/observation";
import { downtimeShares } from "../../../../verification/drills/shares";
import type { DowntimeShares, VmAvailability } from "../../../../verification/model";

/** So many seconds after the fault was sent; it was confirmed a second later. */
const at = (seconds: number): number => 1_000_000 + seconds * 1000;
const ids = { host: "host-1", vm: "vm-1" };

function event(type: string, seconds: number, about: { hostId?: string; vmId?: string }): TimedEvent {
  const { hostId, vmId } = about;
  return { key: 1, createdAt: new Date(at(seconds)), at: at(seconds), type, message: "", hostId, vmId };
}

/** Down from and to, each known to a second; open at its end without `to`. */
function shares(events: TimedEvent[], down?: [from: number, to?: number]): DowntimeShares {
  const [from = 0, to] = down ?? [];
  const end =
    to === undefined ? { endAfter: at(400), endBefore: undefined } : { endAfter: at(to), endBefore: at(to + 1) };
  const availability: VmAvailability = {
    vm: "vm-1",
    guestOs: "ubuntu",
    windowSeconds: 400,
    downtimeSeconds: { lower: 0, upper: 0 },
    availabilityPercent: { lower: 100, upper: 100 },
    intervals: down === undefined ? [] : [{ startAfter: at(from), startBefore: at(from + 1), ...end }],
    unobservedSeconds: 0,
    samples: { sent: 0, answered: 0, lost: 0 },
  };
  const seen: DrillObservation = {
    faultSent: at(0),
    faultConfirmed: at(1),
    undone: at(390),
    availability: new Map(),
    events,
    eventsMissing: undefined,
    failedOver: undefined,
    after: undefined,
    clockStepSeconds: 0,
  };
  return downtimeShares(seen, ids, availability, (ms) => ms / 1000);
}

const told = ({ detectionSeconds, restartSeconds, bootSeconds }: DowntimeShares): (number | undefined)[] => [
  detectionSeconds,
  restartSeconds,
  bootSeconds,
];

const failed = event("DasHostFailedEvent", 19, { hostId: "host-1" });
const restarted = event("com.vmware.vc.ha.VmRestartedByHAEvent", 31, { vmId: "vm-1" });

describe("the parts of a VM's downtime", () => {
  it("are detection from the confirmed fault, restart from the declaration, boot until the middle of the last bounds", () => {
    assert.deepEqual(told(shares([failed, restarted], [0, 90])), [18, 12, 59.5]);
  });

  it("are of this host and this VM", () => {
    const others = [
      event("DasHostFailedEvent", 5, { hostId: "host-2" }),
      event("com.vmware.vc.ha.VmRestartedByHAEvent", 6, { vmId: "vm-2" }),
    ];
    assert.deepEqual(told(shares([...others, failed, restarted], [0, 90])), [18, 12, 59.5]);
  });

  it("are not known where an end was not seen", () => {
    assert.deepEqual(told(shares([failed], [0, 90])), [18, undefined, undefined]);
    assert.deepEqual(told(shares([restarted], [0, 90])), [undefined, undefined, 59.5]);
    assert.deepEqual(told(shares([failed, restarted], [0])), [18, 12, undefined], "still down");
    assert.deepEqual(told(shares([failed, restarted])), [18, 12, undefined], "never seen down");
    assert.deepEqual(told(shares([], [0, 90])), [undefined, undefined, undefined]);
  });

  it("hold no detection where HA itself stopped the VM, which was up until then", () => {
    const isolated = event("DasHostIsolatedEvent", 31, { hostId: "host-1" });
    const again = event("com.vmware.vc.ha.VmRestartedByHAEvent", 72, { vmId: "vm-1" });
    assert.deepEqual(told(shares([isolated, again], [60, 130])), [0, 11.5, 58.5]);
    const terminated = event("com.vmware.vc.HA.VmcpTerminatingVm", 40, { vmId: "vm-1" });
    assert.deepEqual(told(shares([terminated, restarted], [40, 130])), [0, 0, 99.5], "no part is negative");
    assert.deepEqual(told(shares([terminated, again], [39, 130])), [39, 32, 58.5], "stopped no later than that");
  });

  it("hold no restart where HA reset the guest: that is detection, and then it boots", () => {
    const reset = event("VmDasBeingResetEvent", 121, { vmId: "vm-1" });
    assert.deepEqual(told(shares([reset], [0, 180])), [120, 0, 59.5]);
  });
});
