import assert from "node:assert/strict";
import {
  earliestResponse,
  isolationBudget,
  isolationResponse,
  responseBudget,
} from "../../../../verification/drills/isolationTiming";
import { reportingSeconds } from "../../../../verification/drills/timing";
import type { ClusterState } from "../../../../verification/model";

type Settings = Pick<ClusterState, "settings">;

const settings = (options: Record<string, string> = {}): Settings => ({ settings: { haAdvancedOptions: options } });

// The instants of the isolation timelines of a secondary (T30) and of a master (T5, its successor T50) are VMware's.
describe("the timing of an isolated host", () => {
  it("has vCenter report it when its declaration is known, and says why", () => {
    const secondary = isolationBudget("secondary");
    assert.equal(secondary.seconds, 30 + reportingSeconds);
    assert.match(secondary.basis, /an isolated secondary declares itself isolated 30 s after it was cut off/);
    const master = isolationBudget("master");
    assert.equal(master.seconds, 50 + reportingSeconds);
    assert.match(master.basis, /an isolated master declares itself isolated after 5 s, and its successor .* by 50 s/);
    for (const { basis } of [secondary, master]) {
      assert.ok(
        basis.endsWith(
          `(vSphere HA timeline); ${reportingSeconds.toString()} s more for vCenter to report it (our allowance)`,
        ),
      );
    }
  });

  it("gives a secondary its declaration, the delay, and the guest's shutdown", () => {
    const off = responseBudget("secondary", "powerOff", settings());
    assert.equal(off.seconds, 30 + 30 + reportingSeconds);
    assert.deepEqual(off.basis.split("; "), [
      "a secondary host declares itself isolated after 30 s (vSphere HA timeline)",
      "it waits 30 s (fdm.isolationPolicyDelaySec, 30 or more)",
      "it powers the VM off",
      `${reportingSeconds.toString()} s more for the master to read of it on the heartbeat datastores (our allowance)`,
    ]);
    const shutdown = responseBudget("secondary", "shutdown", settings());
    assert.equal(shutdown.seconds, 30 + 30 + 300 + reportingSeconds);
    assert.equal(shutdown.basis.split("; ")[2], "a guest has 300 s to shut down (das.isolationshutdowntimeout)");
  });

  it("waits for a master's successor, unless the response takes longer still", () => {
    const off = responseBudget("master", "powerOff", settings());
    assert.equal(off.seconds, 50 + reportingSeconds, "stopped at 35 s, known by 50 s");
    assert.equal(off.basis.split("; ")[3], "the new master knows of it by 50 s");
    const asLong = responseBudget("master", "powerOff", settings({ "fdm.isolationPolicyDelaySec": "45" }));
    assert.equal(asLong.seconds, 50 + reportingSeconds);
    assert.doesNotMatch(asLong.basis, /new master/);
    const longer = responseBudget("master", "powerOff", settings({ "fdm.isolationPolicyDelaySec": "60" }));
    assert.equal(longer.seconds, 65 + reportingSeconds);
    assert.doesNotMatch(longer.basis, /new master/);
  });

  it("takes the cluster's own delay when it is longer, and its own shutdown time", () => {
    const own = settings({ "fdm.isolationPolicyDelaySec": "60", "das.isolationshutdowntimeout": "120" });
    assert.equal(responseBudget("secondary", "shutdown", own).seconds, 30 + 60 + 120 + reportingSeconds);
    assert.equal(responseBudget("secondary", "powerOff", own).seconds, 30 + 60 + reportingSeconds);
    const shorter = settings({ "fdm.isolationPolicyDelaySec": "10" });
    assert.equal(responseBudget("secondary", "powerOff", shorter).seconds, 30 + 30 + reportingSeconds);
  });

  it("calls no response early that comes 15 s before its time", () => {
    assert.equal(earliestResponse("secondary", settings()).seconds, 45);
    assert.equal(earliestResponse("master", settings()).seconds, 20);
    const own = earliestResponse("secondary", settings({ "fdm.isolationPolicyDelaySec": "60" }));
    assert.equal(own.seconds, 75);
    assert.match(
      own.basis,
      /a secondary host declares itself isolated after 30 s and waits 60 s; 15 s less .* keep their own/,
    );
  });
});

describe("the response to isolation", () => {
  function cluster(response: string | undefined, override: object = {}): ClusterState {
    const overrides = [{ vm: "vm-1", restartPriority: undefined, ...override }];
    return { settings: { haHostIsolationResponse: response }, overrides } as unknown as ClusterState;
  }

  it("is the VM's own before the cluster's", () => {
    assert.equal(isolationResponse(cluster("none"), "vm-1"), "none");
    assert.equal(isolationResponse(cluster("none", { isolationResponse: "powerOff" }), "vm-1"), "powerOff");
    assert.equal(isolationResponse(cluster("none", { isolationResponse: "shutdown" }), "vm-1"), "shutdown");
    assert.equal(isolationResponse(cluster("none", { isolationResponse: "powerOff" }), "vm-2"), "none");
  });

  it("is none where the VM is not restarted", () => {
    const own = cluster("powerOff", { restartPriority: "disabled" });
    assert.equal(isolationResponse(own, "vm-1"), "none");
    assert.equal(isolationResponse(own, "vm-2"), "powerOff");
  });

  it("is not known when vCenter tells none, or another", () => {
    assert.equal(isolationResponse(cluster(undefined), "vm-1"), undefined);
    assert.equal(isolationResponse(cluster("explode"), "vm-1"), undefined);
  });
});
