import assert from "node:assert/strict";
import { describePlan } from "../../../../verification/drills/describe";
import type { Companion } from "../../../../verification/drills/companion";
import type { DrillPlan } from "../../../../verification/drills/plan";
import { drillNames, variantOf, type DrillName } from "../../../../verification/drills/variants";
import { faultWords, kindWords } from "../../../../verification/faults/words";
import type { Inventory } from "../../../../verification/model";
import { World } from "./world";

/** A cluster on which every drill may be done. */
function ready(): World {
  const world = new World();
  world.settings = {
    ...world.settings,
    haVmMonitoring: "vmMonitoringOnly",
    haHostIsolationResponse: "powerOff",
    haVmComponentProtection: "enabled",
    haDatastoreApdResponse: "restartConservative",
    haDatastorePdlResponse: "restartAggressive",
    drsEnabled: true,
    drsAutomationLevel: "fullyAutomated",
    haAdmissionControlPolicy: "slotPolicy",
    haAdmissionControlHostFailureTolerance: 2,
  };
  return world;
}

const options = { includeBystanders: false, keepUp: ["198.51.100.1"] };

function planOf(drill: DrillName, world = ready(), subject?: string, inventory?: Inventory): DrillPlan {
  const { plan, ofVm } = variantOf(drill);
  if (drill === "pdl") {
    world.datastores = world.datastores.map((one) => ({ ...one, type: "VMFS", devices: ["naa.1"] }));
  }
  const name = subject ?? (ofVm === true ? "xp-1" : "esx-02");
  const planned = plan(inventory ?? world.inventory(), world.config(), name, options);
  return "host" in planned ? planned : assert.fail(planned.refusals.join());
}

describe("plan of a drill", () => {
  for (const drill of drillNames) {
    describe(drill, () => {
      it("states each expectation with what it rests on, and none twice", () => {
        const { expected, refusals } = planOf(drill);
        assert.deepEqual(refusals, []);
        assert.ok(expected.length > 2);
        assert.equal(new Set(expected.map(({ id }) => id)).size, expected.length);
        for (const { id, statement, basis, limitSeconds, vm } of expected) {
          assert.match(statement, /\w+ \w+/, id);
          assert.match(basis, /\w+ \w+/, id);
          if (limitSeconds !== undefined) assert.match(statement, new RegExp(`\\b${limitSeconds.toString()} s\\b`));
          if (vm !== undefined) assert.match(statement, new RegExp(`\\b${vm.name}\\b`));
        }
      });

      it("says of every VM of the target what becomes of it", () => {
        const { targets, expected } = planOf(drill);
        for (const { vm } of targets)
          assert.ok(
            expected.some((one) => one.vm?.id === vm.id),
            vm.name,
          );
      });

      it("is told whole: the host, its VMs, what is broken and undone, each expectation", () => {
        const plan = planOf(drill);
        const text = describePlan(plan, undefined);
        const words = faultWords(plan.fault);
        for (const part of [words.named, words.breaks, words.undo, ...plan.onHost.map(({ vm }) => vm.name)]) {
          assert.ok(text.includes(part), part);
        }
        for (const { statement, basis } of plan.expected)
          assert.ok(text.includes(`\n    ${statement}\n      ${basis}`));
        assert.doesNotMatch(text, /refused/);
      });

      it("has words for the fault that say it in every place, and count it", () => {
        const { fault } = planOf(drill);
        for (const [name, text] of Object.entries(faultWords(fault))) {
          if (name !== "note" || text !== undefined) assert.match(String(text), /\w+/, name);
        }
        const { counted, none, shown } = kindWords(fault.kind);
        assert.match(counted(1), /^1 (host|guest) (was|lost) ?/);
        assert.match(counted(2), /^2 (hosts|guests) (were|lost) /);
        assert.equal(counted(1).split(" ").slice(3).join(" "), counted(2).split(" ").slice(3).join(" "));
        assert.match(none, /^No (host|guest) /);
        assert.match(shown, /\w+ \w+/);
      });
    });
  }

  const told = (plan: DrillPlan): string => describePlan(plan, undefined);

  it("tells a host without VMs, and what is moved there first", () => {
    const text = told(planOf("host-loss", ready(), "esx-01"));
    assert.match(
      text,
      /\n {2}VMs on it now:\n {4}none\n {2}first:\n {4}move (ubuntu|xp)-1 \(\w+\) from esx-02 to esx-01\n/,
    );
  });

  it("tells that nothing is moved where a VM of each guest OS is there", () => {
    assert.match(told(planOf("host-loss")), /\n {2}first:\n {4}nothing to move: a VM of each guest OS is there\n/);
  });

  it("tells each VM on the host with its state, whose it is, and whether HA restarts it", () => {
    const world = ready();
    world.overrides = { "ubuntu-1": "disabled" };
    world.vms.push({ ...world.vm("payroll", undefined, "esx-02"), poweredOn: false });
    const inventory = world.inventory();
    const template = inventory.vms.find(({ name }) => name === "payroll") ?? assert.fail();
    inventory.vms.push({ ...template, id: "template", name: "golden", template: true });
    const [, list = ""] = told(planOf("host-loss", world, "esx-02", inventory)).split("VMs on it now:\n");
    assert.deepEqual(
      list
        .split("\n")
        .slice(0, 5)
        .map((line) => line.trim()),
      [
        "ubuntu-1 (poweredOn, of the target, restart disabled)",
        "xp-1 (poweredOn, of the target)",
        "vCLS-1 (poweredOn, of the platform: left out)",
        "payroll (poweredOff, not of the target)",
        "golden (template, not of the target)",
      ],
    );
  });

  it("tells which services are probed, and which of them must not notice", () => {
    const text = told(planOf("host-loss"));
    assert.match(text, /\n {4}xp-1 at [\d.]+:22: fails with the host\n/);
    assert.match(text, /\n {4}xp-2 at [\d.]+:22: must not notice\n/);
  });

  it("tells why it must not be done, and what is put back beside the host", () => {
    const plan = { ...planOf("host-loss"), refusals: ["one reason", "another"] };
    assert.match(told(plan), /\n {2}refused:\n {4}one reason\n {4}another$/);
    const nothing = (): Promise<void> => Promise.resolve();
    const companion: Companion = {
      expectations: () => [{ id: "a", statement: "nova sees it", basis: "it asks" }],
      undo: "start it",
      prepare: nothing,
      begin: nothing,
      failedOver: nothing,
      restore: nothing,
      conclude: () => assert.fail(),
      stop: () => undefined,
    };
    const text = describePlan(planOf("host-loss"), undefined, companion);
    assert.match(text, /\n {4}\(afterwards: start it\)\n/);
    assert.match(text, /\n {4}nova sees it\n {6}it asks\n/);
  });
});

describe("plan of a second failure", () => {
  const settled = (change: (world: World) => void = () => undefined, host = "esx-02"): DrillPlan => {
    const world = ready();
    change(world);
    return planOf("second-failure", world, host);
  };
  const seconds = ({ detection, second, budgets }: DrillPlan): [number, number, number | undefined] => {
    return [detection.seconds, second?.detection.seconds ?? 0, budgets[0]?.detection.seconds];
  };

  it("gives HA the time of both declarations: of a master, where one of them is, or was chosen meanwhile", () => {
    // Published: 18 s for a secondary, 50 s for the master; 5 s more to report each, and 5 s until the second is failed.
    assert.deepEqual(seconds(settled()), [23, 55, 83]);
    assert.deepEqual(seconds(settled(() => undefined, "esx-01")), [55, 55, 115]);
    assert.deepEqual(seconds(settled((world) => (world.master = "esx-03"))), [23, 23, 51]);
    assert.match(
      settled().budgets[0]?.detection.basis ?? "",
      /^the first host: .*; 5 s until the second .*; the second: .*/,
    );
  });

  it("is of the VMs on both hosts, but for those that are off, the platform's own, and not restarted", () => {
    const plan = settled((world) => {
      world.vms.push(world.vm("ubuntu-9", "ubuntu", "esx-01"), world.vm("xp-9", "windowsxp", "esx-01"));
      world.vms.push(world.vm("vCLS-2", undefined, "esx-01"));
      world.vms.push({ ...world.vm("off", undefined, "esx-01"), poweredOn: false });
      world.overrides = { "ubuntu-9": "disabled" };
    });
    const names = (list: { vm: { name: string } }[]): string[] => list.map(({ vm }) => vm.name).sort();
    assert.deepEqual(names(plan.affected), ["ubuntu-1", "ubuntu-9", "xp-1", "xp-9"]);
    assert.deepEqual(names(plan.budgets), ["ubuntu-1", "xp-1", "xp-9"]);
    assert.ok(names(plan.onHost).includes("off"));
    const of = (name: string): string[] => plan.expected.filter(({ vm }) => vm?.name === name).map(({ kind }) => kind);
    assert.deepEqual(of("ubuntu-9"), ["vm-not-restarted"]);
    assert.ok(of("xp-9").includes("vm-restarted") && of("xp-9").includes("vm-answers"));
    assert.deepEqual(of("xp-2"), ["vm-undisturbed"]);
  });

  it("counts a VM once that is moved from the second host to the first", () => {
    const plan = settled((world) => {
      world.vmNamed("xp-1").host = "esx-01";
      world.vmNamed("xp-2").host = "esx-01";
    });
    assert.equal(plan.moves.length, 1);
    assert.equal(plan.affected.filter(({ vm }) => vm.id === plan.moves[0]?.vm.id).length, 1);
  });

  it("is refused with what admission control keeps room for, and how to keep more", () => {
    const text = (settings: object): string =>
      settled((world) => Object.assign(world.settings, settings)).refusals.find((one) => /admission/.test(one)) ?? "";
    const tail =
      "and this drill fails two hosts: nothing promises that the VMs come back; set haAdmissionControlHostFailureTolerance to 2";
    const kept = (number: number): object => ({ haAdmissionControlHostFailureTolerance: number });
    assert.equal(
      text(kept(1)),
      `admission control of cluster compute (slotPolicy) keeps room for 1 host failure, ${tail}`,
    );
    assert.equal(
      text(kept(0)),
      `admission control of cluster compute (slotPolicy) keeps room for 0 host failures, ${tail}`,
    );
    assert.equal(
      text({ haAdmissionControlPolicy: "disabled" }),
      `admission control of cluster compute is off, ${tail}`,
    );
    assert.equal(text({ haAdmissionControlPolicy: undefined }), `admission control of cluster compute is off, ${tail}`);
    const percent = { haAdmissionControlResourcePercentageCpu: 70, haAdmissionControlResourcePercentageMemory: 70 };
    assert.match(
      text({ ...percent, ...kept(1) }),
      /\(slotPolicy\) keeps room for 1/,
      "percentages are of another policy",
    );
    assert.match(
      text({ haAdmissionControlPolicy: "resourcePercentage", haAdmissionControlResourcePercentageCpu: 70, ...kept(1) }),
      /keeps room for 1/,
      "of one resource alone",
    );
  });

  it("knows no host that is not there", () => {
    const world = ready();
    const { plan } = variantOf("second-failure");
    assert.deepEqual(plan(world.inventory(), world.config(), "esx-09", options).refusals, [
      "host esx-09 is not in cluster compute, which has esx-01, esx-02, esx-03",
    ]);
    world.hosts.delete("esx-03");
    world.hosts.delete("esx-01");
    assert.match(plan(world.inventory(), world.config(), "esx-02", options).refusals.join(), /fewer than three/);
  });
});

describe("plan of a guest that hangs", () => {
  it("is on the host where the VM runs, with what runs there", () => {
    const plan = planOf("guest-hang");
    assert.deepEqual([plan.host.name, plan.role, plan.staysOnHost], ["esx-02", "secondary", true]);
    assert.deepEqual(
      plan.onHost.map(({ vm }) => vm.name),
      ["ubuntu-1", "xp-1", "vCLS-1"],
    );
    assert.deepEqual(plan.moves, []);
    const world = ready();
    world.vmNamed("xp-1").host = "esx-01";
    assert.equal(planOf("guest-hang", world).role, "master");
  });

  it("says what does not let it be done: whose monitoring is off, and where no heartbeat was seen", () => {
    const refusals = (change: (world: World, inventory: Inventory) => void): string => {
      const world = ready();
      const inventory = world.inventory();
      change(world, inventory);
      return planOf("guest-hang", world, "xp-1", inventory).refusals.join("\n");
    };
    assert.match(
      refusals(({ settings }) => (settings["haVmMonitoring"] = "vmMonitoringDisabled")),
      /VM monitoring of xp-1 is off, and HA does not reset it; set haVmMonitoring/,
    );
    const beat = (heartbeat: "red" | undefined) =>
      refusals((_, { vms }) => {
        const vm = vms.find(({ name }) => name === "xp-1") ?? assert.fail();
        vm.guestHeartbeat = heartbeat;
      });
    assert.match(beat("red"), /VMware Tools of xp-1 send no heartbeat \(red\)/);
    assert.match(beat(undefined), /VMware Tools of xp-1 send no heartbeat \(not told\)/);
  });

  it("knows no VM that is not of the configuration, or runs on no host", () => {
    const world = ready();
    const { plan } = variantOf("guest-hang");
    const refused = (name: string, inventory = world.inventory(), config = world.config()): string =>
      plan(inventory, config, name, options).refusals.join();
    assert.equal(
      refused("vCLS-1"),
      "VM vCLS-1 runs on no host of cluster compute, or is not in the configuration, which has ubuntu-1, ubuntu-2, xp-1, xp-2",
    );
    assert.match(refused("xp-9"), /^VM xp-9 runs on no host/);
    const lost = world.inventory();
    lost.hosts = lost.hosts.filter(({ name }) => name !== "esx-02");
    assert.match(refused("xp-1", lost), /^VM xp-1 runs on no host/);
    assert.match(refused("xp-1", world.inventory(), { ...world.config(), vms: [] }), /which has none$/);
  });
});
