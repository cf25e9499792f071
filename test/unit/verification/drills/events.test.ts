import assert from "node:assert/strict";
import {
  hostFailedEvent,
  hostIsolatedEvent,
  hostPartitionedEvent,
  isTelling,
  restartFailedEvent,
  storageLostEvent,
  timed,
  vmResetEvent,
  vmRestartedEvent,
  vmTerminatedEvent,
  type TimedEvent,
} from "../../../../verification/drills/events";

function event(type: string, changes: Partial<TimedEvent> = {}): TimedEvent {
  return {
    key: 1,
    type,
    createdAt: new Date(0),
    message: "",
    hostId: "host-1",
    vmId: "vm-1",
    at: 0,
    ...changes,
  };
}

type Finder = (events: readonly TimedEvent[], of: string) => TimedEvent | undefined;

/** vCenter's own spelling of an id varies by version: classic classes, EventEx ids with "HA" or "ha". */
const ofHost: Record<string, [Finder, string[]]> = {
  "the failure of a host": [hostFailedEvent, ["com.vmware.vc.HA.DasHostFailedEvent", "DasHostFailedEvent"]],
  "the isolation of a host": [hostIsolatedEvent, ["com.vmware.vc.HA.DasHostIsolatedEvent", "DasHostIsolatedEvent"]],
  "the partition of a host": [hostPartitionedEvent, ["com.vmware.vc.HA.HostPartitionedFromMasterEvent"]],
  "all paths down": [(events, host) => storageLostEvent(events, host, "apd"), ["esx.problem.storage.apd.start"]],
  "a lost device": [
    (events, host) => storageLostEvent(events, host, "pdl"),
    ["esx.problem.scsi.device.state.permanentloss"],
  ],
};
const ofVm: Record<string, [Finder, string[]]> = {
  "the termination of a VM": [vmTerminatedEvent, ["com.vmware.vc.HA.VmcpTerminatingVM"]],
  "the restart of a VM": [
    vmRestartedEvent,
    ["com.vmware.vc.ha.VmRestartedByHAEvent", "VmRestartedOnAlternateHostEvent"],
  ],
  "the reset of a VM": [vmResetEvent, ["VmDasBeingResetEvent", "VmDasBeingResetWithScreenshotEvent"]],
  "a restart that failed": [restartFailedEvent, ["VmFailoverFailed", "NotEnoughResourcesToStartVmEvent"]],
};

describe("events of a failover", () => {
  for (const [what, [find, types]] of [...Object.entries(ofHost), ...Object.entries(ofVm)]) {
    for (const type of types) {
      it(`tell ${what}: ${type}, however it is spelt`, () => {
        for (const spelt of [type, type.toLowerCase(), type.toUpperCase()]) {
          const own = event(spelt, { hostId: "own", vmId: "own" });
          const others = event(spelt);
          assert.equal(find([event("AlarmClearedEvent", { hostId: "own", vmId: "own" }), others, own], "own"), own);
          assert.equal(find([others], "own"), undefined, "of another");
        }
      });
    }
  }

  it("tell the first of several", () => {
    const [first, second] = [event("DasHostFailedEvent", { at: 1 }), event("DasHostFailedEvent", { at: 2 })];
    assert.equal(hostFailedEvent([first, second], "host-1"), first);
  });

  it("are put onto this machine's clock", () => {
    assert.deepEqual(
      timed([event("x", { createdAt: new Date(5000) })], 1500).map(({ at }) => at),
      [3500],
    );
  });

  it("are shown on the timeline when they tell the story of a failover", () => {
    const telling = [
      "com.vmware.vc.HA.DasHostCompleteDatastoreFailureEvent",
      "esx.problem.storage.apd.start",
      "esx.problem.scsi.device.state.permanentloss",
      "DasHostFailedEvent",
      "VmFailoverFailed",
      "VmRestartedOnAlternateHostEvent",
      "VmPoweredOnEvent",
      "VmDasResetFailedEvent",
      "HostConnectedEvent",
      "HostConnectionLostEvent",
      "HostDisconnectedEvent",
      "DrsVmMigratedEvent",
    ];
    const others = [
      "UserLoginSessionEvent",
      "VmReconfiguredEvent",
      "HostAddedEvent",
      "TaskEvent",
      "esx.clear.storage.apd.exit",
      "com.example.Disaster",
      "SpareVmPoweredOnEvent",
      "GhostConnectedEvent",
      "XDrsVmMigratedEvent",
      "BandasEvent",
    ];
    assert.deepEqual(
      [...telling, ...others].filter((type) => isTelling(event(type))),
      telling,
    );
  });
});
