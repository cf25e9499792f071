import assert from "node:assert/strict";
import type { VerificationConfig } from "../../../../verification/config";
import { planGuestHang } from "../../../../verification/drills/guestHangPlan";
import type { DrillPlan } from "../../../../verification/drills/plan";
import type { Inventory } from "../../../../verification/model";
import { override } from "../checks/fixture";
import { World } from "./world";

const vm = "xp-1";

type Change = (inventory: Inventory, config: VerificationConfig) => void;

function made(change: Change = () => undefined, name = vm): ReturnType<typeof planGuestHang> {
  const world = new World();
  world.settings = { ...world.settings, haVmMonitoring: "vmMonitoringOnly" };
  const [inventory, config] = [world.inventory(), world.config()];
  change(inventory, config);
  return planGuestHang(inventory, config, name, { includeBystanders: false, keepUp: [] });
}

function plan(change?: Change): DrillPlan {
  const planned = made(change);
  assert.ok("host" in planned, planned.refusals.join());
  return planned;
}

describe("plan of a guest that hangs", () => {
  it("states what must happen to it, within which seconds, and nothing to the others", () => {
    const { expected, detection, budgets, role, onHost, affected } = plan();
    const silent =
      "no Tools heartbeat for 30 s (failureInterval) and no disk or network I/O for 120 s (das.iostatsinterval), " +
      "not before it has run for 120 s (minUpTime); 10 s more for the agent to look and vCenter to report it (our allowance)";
    const boot = "the VM's boot budget (configuration, vms[].bootSeconds)";
    assert.deepEqual(detection, { seconds: 130, basis: silent });
    assert.deepEqual(
      budgets.map(({ restart, total, ...of }) => [of.vm.name, restart, of.boot, total]),
      [[vm, { seconds: 0, basis: "a reset takes no time of its own" }, { seconds: 120, basis: boot }, 250]],
    );
    assert.deepEqual(
      expected
        .filter(({ id }) => id !== "observed")
        .map(({ id, statement, basis, limitSeconds }) => [id, statement, basis, limitSeconds]),
      [
        [
          "vm-fails:xp-1",
          "xp-1 stops answering when its guest hangs",
          "a probe that does not notice measures something else",
          undefined,
        ],
        ["vm-reset:xp-1", "HA resets xp-1 within 130 s", silent, 130],
        ["vm-answers:xp-1", "xp-1 answers again within 250 s", `reset 130 s, boot 120 s. ${boot}`, 250],
        [
          "vm-stays:xp-1",
          "xp-1 runs where it ran",
          "VM monitoring resets a VM on its host; only a lost host's VMs go elsewhere",
          undefined,
        ],
        ["vm-protected:xp-1", "xp-1 is protected afterwards", "the next failure must find it protected", undefined],
        ...["ubuntu-1", "ubuntu-2", "xp-2"].map((other) => {
          const undisturbed = expected.find(({ id }) => id === `vm-undisturbed:${other}`);
          assert.equal(undisturbed?.basis, "nothing happens to it: only xp-1 hangs");
          return [undisturbed.id, undisturbed.statement, undisturbed.basis, undisturbed.limitSeconds];
        }),
      ],
    );
    assert.equal(role, "secondary");
    assert.deepEqual(
      onHost.map((one) => one.vm.name),
      ["ubuntu-1", "xp-1", "vCLS-1"],
    );
    assert.deepEqual(
      affected.map((one) => one.vm.name),
      [vm],
    );
    assert.equal(plan().staysOnHost, true);
  });

  it("tells the host's role", () => {
    const master = plan(({ hosts }) => {
      for (const host of hosts) host.fdmState = host.name === "esx-02" ? "master" : "connectedToMaster";
    });
    assert.equal(master.role, "master");
  });

  it("waits until the VM has run for long enough, from nothing when its uptime is not told", () => {
    const aged = (uptimeSeconds: number | undefined) =>
      plan(({ cluster, vms }) => {
        cluster.settings = { ...cluster.settings, haVmMinimumUptime: 600 };
        for (const one of vms) one.uptimeSeconds = uptimeSeconds;
      }).detection.seconds;
    assert.equal(aged(100), 500 + 10);
    assert.equal(aged(undefined), 600 + 10);
    assert.equal(aged(700), 120 + 10);
  });

  it("is none for a VM that is not there, is a template, runs nowhere, or is not in the configuration", () => {
    const refusal =
      "VM xp-1 runs on no host of cluster compute, or is not in the configuration, which has ubuntu-1, ubuntu-2, xp-1, xp-2";
    const changes: Change[] = [
      ({ vms }) => vms.splice(0),
      ({ vms }) => {
        for (const one of vms) one.template = true;
      },
      ({ hosts }) => hosts.splice(0),
    ];
    for (const change of changes) assert.deepEqual(made(change), { refusals: [refusal] });
    const others = made((_, config) => {
      config.vms = config.vms.filter(({ name }) => name === "ubuntu-1");
    });
    assert.match(others.refusals.join(), /is not in the configuration, which has ubuntu-1$/);
    assert.match(made((_, config) => config.vms.splice(0)).refusals.join(), /which has none$/);
    assert.match(made(undefined, "nobody").refusals.join(), /^VM nobody runs on no host/);
  });

  it("is refused where nobody would reset the guest, and says whose setting that is", () => {
    assert.deepEqual(
      plan(({ cluster }) => {
        cluster.settings = { ...cluster.settings, haEnabled: false };
      }).refusals,
      ["vSphere HA is off on cluster compute: nobody would reset xp-1; set haEnabled to true"],
    );
    assert.deepEqual(
      plan(({ cluster }) => {
        cluster.settings = { ...cluster.settings, haVmMonitoring: "vmMonitoringDisabled" };
      }).refusals,
      ["the drill is not applicable: VM monitoring of xp-1 is off, and HA does not reset it; set haVmMonitoring"],
    );
    const mode = { mode: "vmMonitoringDisabled", followsCluster: false };
    assert.deepEqual(plan(({ cluster }) => cluster.overrides.push(override(vm, { monitoring: mode }))).refusals, [
      "the drill is not applicable: VM monitoring of xp-1 is off, by its override, and HA does not reset it; set haVmMonitoring",
    ]);
  });

  it("is refused without a Tools heartbeat, which it names", () => {
    const heartbeat = (guestHeartbeat: Inventory["vms"][number]["guestHeartbeat"]): string[] =>
      plan(({ vms }) => {
        for (const one of vms) one.guestHeartbeat = guestHeartbeat;
      }).refusals;
    const text = (told: string): string =>
      `VMware Tools of xp-1 send no heartbeat (${told}): HA resets only a VM whose heartbeat it has seen`;
    assert.ok(heartbeat("gray").includes(text("gray")));
    assert.ok(heartbeat(undefined).includes(text("not told")));
    assert.deepEqual(heartbeat("green"), []);
  });
});
