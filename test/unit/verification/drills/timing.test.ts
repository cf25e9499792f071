import assert from "node:assert/strict";
import type { VmState } from "../../../../verification/model";
import { detectionBudget, hasHeartbeatDatastores, restartBudget } from "../../../../verification/drills/timing";
import { restartPriority } from "../../../../verification/restartPriority";
import { override } from "../checks/fixture";
import { World } from "./world";

const world = new World();

function vm(name: string): VmState {
  const found = world.inventory().vms.find((one) => one.name === name);
  assert.ok(found !== undefined);
  return found;
}

describe("detection budget", () => {
  for (const [role, heartbeats, nominal] of [
    ["secondary", true, 18],
    ["secondary", false, 15],
    ["master", true, 50],
    ["master", false, 35],
  ] as const) {
    it(`of a ${role} ${heartbeats ? "with" : "without"} heartbeat datastores is ${nominal} s and the reporting`, () => {
      const { seconds, basis } = detectionBudget(role, heartbeats);
      assert.equal(seconds, nominal + 5);
      assert.ok(basis.includes(`declared dead ${nominal} s after its failure`), basis);
    });
  }

  it("knows whether HA has heartbeat datastores", () => {
    const inventory = world.inventory();
    const changed = (settings: object, hostIds: string[]): boolean =>
      hasHeartbeatDatastores({
        ...inventory,
        cluster: { ...inventory.cluster, settings: { ...settings } },
        datastores: inventory.datastores.map((one) => ({ ...one, hostIds })),
      });
    assert.equal(changed({ haHeartbeatDatastoreIds: ["datastore-1"] }, []), true);
    assert.equal(changed({ haHeartbeatDatastorePolicy: "userSelectedDs" }, ["a", "b"]), false);
    assert.equal(changed({}, ["a", "b"]), true);
    assert.equal(changed({}, ["a"]), false);
  });
});

describe("restart priority", () => {
  it("is the VM's override, else the cluster's", () => {
    const inventory = world.inventory();
    const withOverride = (priority: string): typeof inventory => ({
      ...inventory,
      cluster: { ...inventory.cluster, overrides: [override("xp-1", { restartPriority: priority })] },
    });
    assert.equal(restartPriority(inventory.cluster, "xp-1"), "medium");
    assert.equal(restartPriority(withOverride("disabled").cluster, "xp-1"), "disabled");
  });
});

describe("restart budget", () => {
  function budget(settings: Record<string, string | number>, overrides: Record<string, string>, name = "xp-1"): number {
    const inventory = world.inventory();
    inventory.cluster.settings = { ...inventory.cluster.settings, ...settings };
    inventory.cluster.overrides = Object.entries(overrides).map(([of, restartPriority]) =>
      override(of, { restartPriority }),
    );
    const restarted = ["xp-1", "ubuntu-1", "ubuntu-2"].map((one) => ({ vm: vm(one), bootSeconds: 120 }));
    return restartBudget(inventory, vm(name), restarted).seconds;
  }

  it("is placement and power-on when nothing goes before", () => {
    assert.equal(budget({}, {}), 15);
    assert.equal(budget({}, { "ubuntu-1": "low" }), 15);
  });

  it("adds the additional delay once for each higher priority that has VMs", () => {
    const delay = { haVmRestartAdditionalDelay: 30 };
    assert.equal(budget(delay, { "ubuntu-1": "highest" }), 45);
    assert.equal(budget(delay, { "ubuntu-1": "highest", "ubuntu-2": "high" }), 75);
    assert.equal(budget(delay, { "ubuntu-1": "highest", "ubuntu-2": "highest" }), 45);
    assert.equal(budget(delay, { "ubuntu-1": "highest" }, "ubuntu-1"), 15);
  });

  it("waits for the condition of the higher priority, at most its timeout", () => {
    const first = { "ubuntu-1": "highest" };
    assert.equal(budget({ haVmDependencyRestartCondition: "poweredOn" }, first), 30);
    assert.equal(budget({ haVmDependencyRestartCondition: "guestHbStatusGreen" }, first), 15 + 15 + 120);
    const short = { haVmDependencyRestartCondition: "guestHbStatusGreen", haVmRestartTimeout: 60 };
    assert.equal(budget(short, first), 15 + 60);
  });
});
