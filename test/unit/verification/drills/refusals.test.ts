import assert from "node:assert/strict";
import type { VerificationConfig } from "../../../../verification/config";
import type { PlanOptions } from "../../../../verification/drills/plan";
import { variantOf, type DrillName } from "../../../../verification/drills/variants";
import type { HostState, Inventory, VmState } from "../../../../verification/model";
import { World } from "./world";

type Change = (inventory: Inventory, config: VerificationConfig) => void;

/** What a user reads instead of a drill: word for word, as it says what to do. */
describe("a drill is refused", () => {
  let world: World;
  beforeEach(() => {
    world = new World();
    world.settings = {
      ...world.settings,
      haHostIsolationResponse: "powerOff",
      haVmComponentProtection: "enabled",
      haDatastoreApdResponse: "restartConservative",
      haDatastorePdlResponse: "restartAggressive",
      drsEnabled: true,
      drsAutomationLevel: "fullyAutomated",
    };
  });

  function refusals(drill: DrillName, change: Change, options: Partial<PlanOptions> = {}, host = "esx-02"): string[] {
    const [inventory, config] = [world.inventory(), world.config()];
    change(inventory, config);
    const given = { includeBystanders: false, keepUp: [], ...options };
    return variantOf(drill).plan(inventory, config, host, given).refusals;
  }

  const hostOf = ({ hosts }: Inventory, name = "esx-02"): HostState =>
    hosts.find((one) => one.name === name) ?? assert.fail(name);

  const stranger = ({ vms }: Inventory, name: string, changes: Partial<VmState> = {}): void => {
    const [vm] = vms;
    if (vm !== undefined) vms.push({ ...vm, id: name, name, hostId: "esx-02", addresses: [], ...changes });
  };

  const cases: [drill: DrillName, what: string, change: Change, told: string[]][] = [
    [
      "host-loss",
      "where HA is off",
      ({ cluster }) => (cluster.settings["haEnabled"] = false),
      ["vSphere HA is off on cluster compute: nothing would restart; set haEnabled to true"],
    ],
    [
      "host-loss",
      "where hosts are not monitored",
      ({ cluster }) => (cluster.settings["haHostMonitoring"] = "disabled"),
      ["host monitoring is disabled on cluster compute: set haHostMonitoring to enabled"],
    ],
    [
      "host-loss",
      "in a cluster without hosts",
      (inventory) => (inventory.hosts = []),
      ["host esx-02 is not in cluster compute, which has none"],
    ],
    [
      "host-loss",
      "of a host without an HA agent",
      (inventory) => (hostOf(inventory).fdmState = undefined),
      ["the HA agent of esx-02 is not running; it must be master or connectedToMaster"],
    ],
    [
      "host-loss",
      "of a host that is in standby",
      (inventory) => (hostOf(inventory).powerState = "standBy"),
      ["host esx-02 is connected, standBy; bring it back first"],
    ],
    [
      "host-loss",
      "without VMs to observe",
      (_, config) => (config.vms = []),
      [
        "the configuration names no VM: there is nothing to observe; set vms",
        "ubuntu-1, xp-1 on esx-02 are not of the target: move them to another host, or fail them too with --include-bystanders",
      ],
    ],
    [
      "host-loss",
      "with one VM of other people's",
      (inventory) => stranger(inventory, "theirs"),
      ["theirs on esx-02 is not of the target: move them to another host, or fail them too with --include-bystanders"],
    ],
    [
      "host-loss",
      "where a VM has no address to probe, is a template, or is off",
      ({ vms }) => {
        const by = (name: string): VmState => vms.find((vm) => vm.name === name) ?? assert.fail(name);
        by("ubuntu-2").addresses = [];
        by("xp-2").powerState = "suspended";
        by("ubuntu-1").template = true;
      },
      [
        "VM ubuntu-1 is not in cluster compute; check vms[].name",
        "VM ubuntu-2 has no address: VMware Tools report none; set vms[].address",
        "VM xp-2 is suspended; power it on",
      ],
    ],
    [
      "host-isolation",
      "without SSH",
      (_, config) => {
        for (const host of config.hosts) host.ssh = undefined;
      },
      ["host esx-02 has no SSH in the configuration; this drill acts in its ESXi Shell: set hosts[].ssh"],
    ],
    [
      "host-isolation",
      "without management adapters",
      (inventory) => (hostOf(inventory).management = []),
      ["vCenter does not tell which adapters of esx-02 carry management traffic, so it cannot be cut off"],
    ],
    [
      "maintenance-mode",
      "where no other host would be left",
      (inventory) => {
        hostOf(inventory, "esx-01").inMaintenanceMode = true;
        hostOf(inventory, "esx-03").connectionState = "disconnected";
      },
      [
        "esx-02 is the only host of cluster compute that runs VMs; add another",
        "without esx-02, no host would be left: a failure during the drill had nowhere to fail over; add a host",
        "esx-02 cannot be evacuated: ubuntu-1 can start on no other host: there is none",
        "esx-02 cannot be evacuated: xp-1 can start on no other host: there is none",
      ],
    ],
    [
      "apd",
      "where no VM is on shared storage",
      ({ datastores }) => {
        for (const one of datastores) one.hostIds = ["esx-02"];
      },
      ["not applicable to esx-02: no VM of the target is on a shared VMFS or NFS datastore there"],
    ],
    [
      "pdl",
      "where no VM is on VMFS",
      () => undefined,
      [
        "not applicable to esx-02: no VM of the target is on a shared VMFS datastore there. Permanent device loss is told " +
          "by SCSI sense codes, which other storage does not have",
      ],
    ],
    [
      "second-failure",
      "where only two hosts run VMs",
      (inventory) => (hostOf(inventory, "esx-03").inMaintenanceMode = true),
      ["of the hosts that run VMs, fewer than three are left with esx-02: add hosts"],
    ],
  ];
  for (const [drill, what, change, told] of cases) {
    it(`${what}: ${drill}`, () => {
      assert.deepEqual(refusals(drill, change), told);
    });
  }

  it("not for VMs that the host carries without running them, or that the platform owns", () => {
    const change: Change = (inventory) => {
      stranger(inventory, "off", { powerState: "poweredOff" });
      stranger(inventory, "vCLS-9", { system: true });
    };
    assert.deepEqual(refusals("host-loss", change), []);
  });

  it("for VMs that must stay up, whoever owns them and whatever is allowed", () => {
    const change: Change = (inventory) => {
      stranger(inventory, "vcsa", { addresses: ["192.0.2.200", "198.51.100.1"] });
      stranger(inventory, "old-vcsa", { addresses: ["198.51.100.1"], powerState: "poweredOff" });
      stranger(inventory, "theirs");
    };
    const text = "VM vcsa on esx-02 carries vCenter or this verification itself; move it to another host";
    const keepUp = ["198.51.100.1"];
    assert.deepEqual(refusals("host-loss", change, { keepUp, includeBystanders: true }), [text]);
    assert.deepEqual(refusals("host-loss", change, { keepUp }), [
      text,
      "theirs on esx-02 is not of the target: move them to another host, or fail them too with --include-bystanders",
    ]);
  });
});
