import assert from "node:assert/strict";
import { describePlan } from "../../../../verification/drills/describe";
import { planHostLoss } from "../../../../verification/drills/hostLossPlan";
import type { DrillPlan } from "../../../../verification/drills/plan";
import type { HostState, Inventory } from "../../../../verification/model";
import { World } from "./world";

describe("plan of a host loss", () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });

  const options = { includeBystanders: false, keepUp: ["198.51.100.1"] };

  function plan(host = "esx-02", change: (inventory: Inventory) => void = () => undefined): DrillPlan {
    const inventory = world.inventory();
    change(inventory);
    const made = planHostLoss(inventory, world.config(), host, options);
    assert.ok("host" in made, made.refusals.join());
    return made;
  }

  const refusals = (change: (inventory: Inventory) => void, host = "esx-02"): string[] => plan(host, change).refusals;

  const host = (inventory: Inventory, name: string): HostState => {
    const found = inventory.hosts.find((one) => one.name === name);
    assert.ok(found !== undefined);
    return found;
  };

  it("names all VMs on the host, and leaves out the platform's own", () => {
    const { onHost, affected } = plan();
    assert.deepEqual(
      onHost.map(({ vm, kind }) => `${vm.name}: ${kind}`),
      ["ubuntu-1: target", "xp-1: target", "vCLS-1: system"],
    );
    assert.deepEqual(
      affected.map(({ vm }) => vm.name),
      ["ubuntu-1", "xp-1"],
    );
  });

  it("needs no move where a VM of each guest OS is, and refuses nothing", () => {
    assert.deepEqual(plan().moves, []);
    assert.deepEqual(plan().refusals, []);
  });

  it("moves a VM of each guest OS that is not there, from where most of them are", () => {
    world.vmNamed("ubuntu-2").host = "esx-03";
    world.vmNamed("ubuntu-1").host = "esx-02";
    world.vms.push({ ...world.vm("ubuntu-3", "ubuntu", "esx-03") });
    assert.deepEqual(
      plan("esx-01").moves.map(({ vm, from }) => `${vm.name} from ${from}`),
      ["ubuntu-2 from esx-03", "xp-1 from esx-02"],
    );
  });

  it("moves one that runs, and counts what is off neither as one that is there nor as one that fails", () => {
    world.vmNamed("xp-1").poweredOn = false;
    const { moves, affected } = plan();
    assert.deepEqual(
      moves.map(({ vm, to }) => `${vm.name} to ${to.name}`),
      ["xp-2 to esx-02"],
    );
    assert.deepEqual(
      affected.map(({ vm }) => vm.name),
      ["ubuntu-1", "xp-2"],
    );
  });

  it("takes those that nova launched for a kind of their own", () => {
    const config = world.config();
    for (const vm of config.vms) if (vm.name === "xp-2") vm.openstack = { instanceId: "i" };
    const made = planHostLoss(world.inventory(), config, "esx-02", options);
    assert.ok("host" in made);
    assert.deepEqual(
      made.moves.map(({ vm }) => vm.name),
      ["xp-2"],
    );
    world.vmNamed("xp-2").datastoreIds = ["datastore-9"];
    assert.ok(
      planHostLoss(world.inventory(), config, "esx-02", options).refusals.includes(
        "no nova-launched windowsxp VM of the target can run on esx-02 and be restarted by HA",
      ),
    );
  });

  it("gives each VM the boot budget of its own", () => {
    const config = world.config();
    for (const vm of config.vms) if (vm.name === "xp-1") vm.bootSeconds = 300;
    const made = planHostLoss(world.inventory(), config, "esx-02", options);
    assert.ok("host" in made);
    assert.deepEqual(
      made.budgets.map(({ vm, total }) => [vm.name, total]),
      [
        ["ubuntu-1", 23 + 15 + 120],
        ["xp-1", 23 + 15 + 300],
      ],
    );
  });

  describe("where a rule keeps a VM of the host apart from the one that is to come", () => {
    const apart =
      (names: string[], enabled = true) =>
      (inventory: Inventory): void => {
        const vms = names.map((name) => inventory.vms.find((vm) => vm.name === name)?.id ?? "");
        inventory.cluster.rules = [{ kind: "apart", name: "apart", enabled, vms }];
      };
    const named = ({ vm, from, to }: DrillPlan["moves"][number]): string => `${vm.name}: ${from} to ${to.name}`;

    beforeEach(() => {
      world.vmNamed("xp-1").host = "esx-01";
    });

    it("has them change places, as DRS would move one of them when it likes", () => {
      const { moves, affected } = plan("esx-01", apart(["ubuntu-1", "xp-1"]));
      assert.deepEqual(moves.map(named), ["xp-1: esx-01 to esx-02", "ubuntu-1: esx-02 to esx-01"]);
      assert.deepEqual(
        affected.map(({ vm }) => vm.name),
        ["ubuntu-1"],
      );
    });

    it("moves only what must come when the rule is off or of other VMs", () => {
      for (const rule of [apart(["ubuntu-1", "xp-1"], false), apart(["ubuntu-1", "ubuntu-2"])]) {
        assert.deepEqual(plan("esx-01", rule).moves.map(named), ["ubuntu-1: esx-02 to esx-01"]);
      }
    });

    it("moves only what must come when the rule keeps them together, or the VM there is off", () => {
      const together = (inventory: Inventory): void => {
        apart(["ubuntu-1", "xp-1"])(inventory);
        for (const rule of inventory.cluster.rules) Object.assign(rule, { kind: "together" });
      };
      assert.deepEqual(plan("esx-01", together).moves.map(named), ["ubuntu-1: esx-02 to esx-01"]);
      world.vms.push({ ...world.vm("mail", undefined, "esx-01"), poweredOn: false });
      assert.deepEqual(plan("esx-01", apart(["ubuntu-1", "mail"])).moves.map(named), ["ubuntu-1: esx-02 to esx-01"]);
    });

    it("refuses to move a VM of somebody else's out of the way", () => {
      world.vms.push(world.vm("mail", undefined, "esx-01"));
      const told = refusals(apart(["ubuntu-1", "mail"]), "esx-01");
      assert.ok(told.includes("ubuntu-1 must not run beside mail on esx-01"), told.join("; "));
    });
  });

  it("judges a host that is not the master as a secondary", () => {
    assert.equal(plan("esx-01").role, "master");
    assert.equal(plan("esx-02").role, "secondary");
  });

  it("budgets detection, restart and boot for each affected VM of the target", () => {
    assert.deepEqual(
      plan().budgets.map(({ vm, total }) => [vm.name, total]),
      [
        ["ubuntu-1", 23 + 15 + 120],
        ["xp-1", 23 + 15 + 120],
      ],
    );
  });

  describe("refuses when", () => {
    it("the host is not in the cluster, naming those that are", () => {
      const made = planHostLoss(world.inventory(), world.config(), "esx-09", options);
      assert.deepEqual(made.refusals, ["host esx-09 is not in cluster compute, which has esx-01, esx-02, esx-03"]);
    });

    it("HA is off", () => {
      assert.match(
        refusals(({ cluster }) => (cluster.settings["haEnabled"] = false))[0] ?? "",
        /HA is off .* haEnabled/,
      );
    });

    it("HA does not monitor hosts", () => {
      const found = refusals(({ cluster }) => (cluster.settings["haHostMonitoring"] = "disabled"));
      assert.match(found[0] ?? "", /haHostMonitoring/);
    });

    it("the host is in maintenance mode", () => {
      const found = refusals((inventory) => (host(inventory, "esx-02").inMaintenanceMode = true));
      assert.ok(found.some((reason) => /esx-02 is in maintenance mode/.test(reason)));
    });

    it("the host is not connected", () => {
      const found = refusals((inventory) => (host(inventory, "esx-02").connectionState = "notResponding"));
      assert.ok(found.some((reason) => /esx-02 is notResponding/.test(reason)));
    });

    it("its HA agent is in no role", () => {
      const found = refusals((inventory) => (host(inventory, "esx-02").fdmState = "election"));
      assert.match(found[0] ?? "", /HA agent of esx-02 is election/);
    });

    it("no other host runs VMs", () => {
      const found = refusals((inventory) => (inventory.hosts = [host(inventory, "esx-02")]));
      assert.ok(found.some((reason) => /esx-02 is the only host/.test(reason)));
    });

    it("a VM of the target is missing, off or without address", () => {
      world.vmNamed("ubuntu-2").poweredOn = false;
      world.vmNamed("xp-2").addresses = [];
      const config = world.config();
      world.vms = world.vms.filter(({ name }) => name !== "xp-1");
      const made = planHostLoss(world.inventory(), config, "esx-02", options);
      assert.match(made.refusals.join("\n"), /ubuntu-2 is poweredOff/);
      assert.match(made.refusals.join("\n"), /xp-2 has no address/);
      assert.match(made.refusals.join("\n"), /xp-1 is not in cluster compute/);
    });

    it("no VM of a guest OS can be moved onto it", () => {
      world.vmNamed("xp-1").host = "esx-03";
      world.vmNamed("xp-1").datastoreIds = ["datastore-9"];
      world.vmNamed("xp-2").datastoreIds = ["datastore-9"];
      assert.match(plan().refusals.join(), /no windowsxp VM of the target can run on esx-02/);
    });

    it("what fails with it has no room elsewhere", () => {
      world.vmNamed("xp-1").memoryReservationMb = 20_000;
      assert.match(plan().refusals.join(), /cannot lose esx-02: xp-1 needs 32 MHz and 20050 MB/);
    });

    it("two VMs that would fit alone do not fit together", () => {
      for (const name of ["ubuntu-1", "xp-1"]) world.vmNamed(name).memoryReservationMb = 14_000;
      for (const name of ["ubuntu-2", "xp-2"]) world.vmNamed(name).host = "esx-03";
      world.vmNamed("ubuntu-2").memoryReservationMb = 10_000;
      assert.match(plan().refusals.join(), /cannot lose esx-02: (xp|ubuntu)-1 needs/);
    });

    it("its VM can start on no other host, naming what is missing there", () => {
      const found = refusals((inventory) => {
        for (const name of ["esx-01", "esx-03"]) host(inventory, name).networkIds = [];
      });
      assert.match(found.join(), /ubuntu-1 can start on no other host: esx-01 lacks network VM Network/);
    });

    it("the verifier's own machine is on it", () => {
      world.vms.push({ ...world.vm("ci-runner", undefined, "esx-02"), addresses: ["198.51.100.1"] });
      assert.deepEqual(plan().refusals, [
        "VM ci-runner on esx-02 carries vCenter or this verification itself; move it to another host",
      ]);
    });

    it("VMs of others run on it, but not when they are powered off", () => {
      world.vms.push(world.vm("payroll", undefined, "esx-02"));
      assert.match(plan().refusals.join(), /payroll on esx-02 is not of the target/);
      world.vmNamed("payroll").poweredOn = false;
      assert.deepEqual(plan().refusals, []);
    });
  });

  it("tells all refusals at once", () => {
    world.vms.push(world.vm("payroll", undefined, "esx-02"));
    const found = refusals((inventory) => {
      inventory.cluster.settings["haEnabled"] = false;
      host(inventory, "esx-02").inMaintenanceMode = true;
    });
    assert.equal(found.length, 3);
  });

  it("is described with every VM, move and expectation", () => {
    world.vmNamed("xp-1").host = "esx-03";
    const text = describePlan(plan(), { totalSeconds: 900 });
    for (const part of [
      "host loss of esx-02 (HA secondary)",
      "vCLS-1 (poweredOn, of the platform: left out)",
      "move xp-1 (windowsxp) from esx-03 to esx-02",
      "ubuntu-2 at ",
      "must not notice",
      "HA declares esx-02 failed within 23 s",
      "ubuntu-1 answers again within 158 s",
    ]) {
      assert.ok(text.includes(part), `${part}\n${text}`);
    }
  });
});
