import assert from "node:assert/strict";
import type { Finding } from "../../../../verification/model";
import { find, hostOf, look, override, resultOf, scene, vm, vmOf, type Scene } from "./fixture";

async function findingsOf(check: string, change: (broken: Scene) => void): Promise<Finding[]> {
  const broken = scene();
  change(broken);
  return resultOf(await look(broken), check).findings;
}

describe("hosts", () => {
  it("in standby are not connected hosts, whatever vCenter says of their connection", async () => {
    const findings = await findingsOf("hosts-connected", (broken) => (hostOf(broken, 1).powerState = "standBy"));
    assert.deepEqual(findings, [{ subject: "esx-1", read: "connected, standBy", expected: "connected, poweredOn" }]);
  });

  it("are compared with the version that most have, be it the older one", async () => {
    const findings = await findingsOf("host-versions-alike", (broken) => {
      hostOf(broken, 1).version = "7.0.3 build-9";
      hostOf(broken, 3).version = "7.0.3 build-9";
    });
    assert.deepEqual(findings, [{ subject: "esx-2", read: "8.0.3 build-1", expected: "7.0.3 build-9" }]);
  });

  it("of versions that are equally common are compared with the newest, by number", async () => {
    for (const order of [
      [9, 10],
      [10, 9],
    ]) {
      const findings = await findingsOf("host-versions-alike", (broken) => {
        broken.inventory.hosts.pop();
        order.forEach((build, n) => (hostOf(broken, n + 1).version = `8.0.3 build-${build.toString()}`));
      });
      const [{ read, expected } = {}] = findings;
      assert.deepEqual([findings.length, read, expected], [1, "8.0.3 build-9", "8.0.3 build-10"]);
    }
  });

  it("name every time server and physical adapter that was read", async () => {
    const broken = scene();
    hostOf(broken, 1).clock = { servers: ["a", "b"], running: false };
    hostOf(broken, 2).management = [{ adapter: "vmk0", uplinks: [] }];
    const results = await look(broken);
    assert.deepEqual(
      ["host-clocks-kept", "management-network-redundant"].map((id) => resultOf(results, id).findings[0]?.read),
      ["a, b, service stopped", "vmk0 over no physical adapter"],
    );
  });
});

describe("lost paths", () => {
  const timeouts = async (seconds: number[], change: (broken: Scene) => void = () => undefined): Promise<string[]> => {
    const findings = await findingsOf("apd-timeout-alike", (broken) => {
      seconds.forEach((timeoutSeconds, n) => (hostOf(broken, n + 1).apd = { handled: true, timeoutSeconds }));
      change(broken);
    });
    return findings.map(({ subject, read, expected }) => `${subject}: ${read}; ${expected}`);
  };

  it("are given up after the time that most hosts have, of usable hosts that handle them", async () => {
    assert.deepEqual(await timeouts([60, 140, 60]), ["esx-2: 140 s; 60 s"]);
    assert.deepEqual(await timeouts([60, 60, 60]), []);
    assert.deepEqual(await timeouts([60, 140, 140], (broken) => (hostOf(broken, 1).inMaintenanceMode = true)), []);
    const off = { handled: false, timeoutSeconds: 60 };
    assert.deepEqual(await timeouts([140, 140, 140], (broken) => (hostOf(broken, 1).apd = off)), []);
  });

  it("are no matter where HA does nothing about them, for any VM", async () => {
    const verdicts = async (change: (broken: Scene) => void): Promise<unknown[]> => {
      const broken = scene();
      hostOf(broken, 1).apd = { handled: false, timeoutSeconds: 60 };
      hostOf(broken, 2).apd = { handled: true, timeoutSeconds: 60 };
      change(broken);
      const results = await look(broken);
      return ["apd-handled", "apd-timeout-alike"].map((id) => resultOf(results, id).verdict);
    };
    const disabled = ({ inventory: { cluster } }: Scene): void => {
      cluster.settings.haDatastoreApdResponse = "disabled";
    };
    assert.deepEqual(await verdicts(disabled), ["not-applicable", "not-applicable"]);
    assert.deepEqual(
      await verdicts(({ inventory: { cluster } }) => (cluster.settings.haVmComponentProtection = "disabled")),
      ["not-applicable", "not-applicable"],
    );
    assert.deepEqual(
      await verdicts((broken) => {
        disabled(broken);
        const componentProtection = { apd: "warning", pdl: undefined };
        broken.inventory.cluster.overrides.push(override("vm-2", { componentProtection }));
      }),
      ["failed", "failed"],
    );
  });

  it("are handled in a way that vCenter does not tell: neither good nor bad", async () => {
    const broken = scene();
    hostOf(broken, 2).apd = undefined;
    const results = await look(broken);
    for (const id of ["apd-handled", "apd-timeout-alike"]) {
      const { verdict, findings } = resultOf(results, id);
      assert.equal(verdict, "inconclusive");
      assert.deepEqual(findings, [
        { subject: "esx-2", read: "vCenter does not tell", expected: "advanced settings of APD" },
      ]);
    }
  });
});

describe("heartbeat datastores", () => {
  it("are two a host where the advanced option names no number above 0", async () => {
    for (const stated of ["0", "-1", "many", " "]) {
      const findings = await findingsOf("heartbeat-datastores", ({ inventory }) => {
        inventory.cluster.settings.haAdvancedOptions = { "das.heartbeatDsPerHost": stated };
        find(inventory.datastores, "ha-b").accessible = false;
      });
      assert.deepEqual(
        findings.map(({ subject, read, expected }) => [subject, read, expected]),
        [1, 2, 3].map((n) => [`esx-${n.toString()}`, "1: ha-a", "2"]),
      );
    }
  });

  it("are not on vSAN: HA has its own network for that", async () => {
    const findings = await findingsOf("heartbeat-datastores", ({ inventory }) => {
      for (const datastore of inventory.datastores) datastore.type = "vSAN";
    });
    assert.deepEqual(findings[0], { subject: "esx-1", read: "0: none", expected: "2" });
  });
});

describe("isolation addresses", () => {
  it("are those stated, and the gateway unless it is turned off", async () => {
    const told = async (options: Record<string, string>): Promise<string> => {
      const changed = scene();
      changed.inventory.cluster.settings.haAdvancedOptions = options;
      return resultOf(await look(changed), "isolation-address").read;
    };
    assert.equal(await told({}), "default gateway");
    assert.equal(
      await told({ "das.isolationaddress": "a", "das.isolationAddress9": "b", "das.isolationaddress10": "c" }),
      "default gateway, a, b",
    );
    assert.equal(
      await told({ "das.usedefaultisolationaddress": "False", "das.isolationaddress0": "a", other: "b" }),
      "a",
    );
    assert.equal(await told({ "das.usedefaultisolationaddress": "false" }), "none");
  });
});

describe("certificates", () => {
  it("are good with just two weeks left, and expire, not expired, on their last day", async () => {
    const until = (validTo: string) => (changed: Scene) => (changed.inventory.certificateValidTo = new Date(validTo));
    assert.deepEqual(await findingsOf("vcenter-certificate", until("2026-01-15T00:00:00Z")), []);
    const [last] = await findingsOf("vcenter-certificate", until("2026-01-01T00:00:00Z"));
    assert.equal(last?.read, "expires on 2026-01-01");
  });
});

describe("declared VMs", () => {
  it("are told with every datastore that a host lacks, one that vCenter does not list by its id", async () => {
    const findings = await findingsOf("vms-on-shared-storage", (broken) => {
      vmOf(broken, "xp-1").datastoreIds = ["datastore-9", "datastore-1", "datastore-77"];
    });
    assert.deepEqual(findings, [
      {
        subject: "xp-1",
        read:
          "datastore local is missing on esx-2, esx-3; " + "datastore datastore-77 is missing on esx-1, esx-2, esx-3",
        expected: "on 3 hosts",
      },
    ]);
  });

  it("that are off are not probed", async () => {
    const asleep = scene();
    vmOf(asleep, "xp-1").powerState = "suspended";
    asleep.silent.add("10.0.2.2");
    const { verdict, read } = resultOf(await look(asleep), "vms-reachable");
    assert.deepEqual([verdict, read], ["passed", "1 of 1 VM"]);
  });
});

describe("rules", () => {
  const own = { enabled: true, kind: "vm-host", mandatory: true, avoid: false } as const;

  it("leave a VM two hosts of two", async () => {
    const findings = await findingsOf("vms-not-bound-to-one-host", ({ inventory }) => {
      inventory.hosts.pop();
      inventory.cluster.rules = [];
    });
    assert.deepEqual(findings, []);
  });

  it("may leave a VM of two hosts one, or none", async () => {
    const bound = (hosts: string[]) => (broken: Scene) => {
      broken.inventory.hosts.pop();
      broken.inventory.cluster.rules = [{ ...own, name: "left", vms: ["vm-1"], hosts }];
    };
    const read = async (hosts: string[]): Promise<string | undefined> =>
      (await findingsOf("vms-not-bound-to-one-host", bound(hosts)))[0]?.read;
    assert.equal(await read(["host-1"]), "esx-1 by left");
    assert.equal(await read([]), "none by left");
  });

  it("that keep VMs apart count those that run: the others take no room", async () => {
    const findings = await findingsOf("rules-leave-room-for-failover", ({ inventory }) => {
      inventory.cluster.rules = [{ name: "spread", enabled: true, kind: "apart", vms: ["vm-1", "vm-2", "vm-4"] }];
    });
    assert.deepEqual(findings, []);
  });

  it("say once that a VM finds no host at all, not that it disagrees with those beside it", async () => {
    const broken = scene();
    broken.inventory.cluster.rules = [
      { ...own, name: "nowhere", vms: ["vm-1"], hosts: [] },
      { name: "pair", enabled: true, kind: "together", vms: ["vm-1", "vm-2"] },
    ];
    const results = await look(broken);
    assert.deepEqual(resultOf(results, "rules-agree").findings, []);
    assert.equal(resultOf(results, "vms-not-bound-to-one-host").verdict, "failed");
  });

  it("that are preferences bind nothing", async () => {
    const findings = await findingsOf("vms-not-bound-to-one-host", ({ inventory }) => {
      inventory.cluster.rules = [{ ...own, mandatory: false, name: "left", vms: ["vm-1"], hosts: ["host-1"] }];
    });
    assert.deepEqual(findings, []);
  });

  it("may let a VM wait for another by two ways; one that waits for itself is told, by its id where it is gone", async () => {
    const broken = scene();
    const { cluster, vms } = broken.inventory;
    const after = (vm: string, ...dependsOn: string[]): void => {
      cluster.rules.push({ name: vm, enabled: true, kind: "dependency", vms: [vm], dependsOn });
    };
    vms.push(vm("third", { id: "vm-7" }));
    cluster.rules = [];
    after("vm-1", "vm-2", "vm-7");
    after("vm-2", "vm-4");
    after("vm-7", "vm-4");
    assert.deepEqual(resultOf(await look(broken), "rules-agree").findings, []);
    after("vm-9", "vm-9");
    assert.deepEqual(
      resultOf(await look(broken), "rules-agree").findings.map(({ subject }) => subject),
      ["vm-9"],
    );
  });
});

describe("overrides", () => {
  it("are in effect where the cluster lets them be", async () => {
    const findings = await findingsOf("overrides-in-effect", ({ inventory: { cluster } }) => {
      cluster.settings.haVmComponentProtection = "enabled";
      cluster.overrides = [
        override("vm-1", { monitoring: { mode: undefined, followsCluster: true } }),
        override("vm-2", { componentProtection: { apd: "restartAggressive", pdl: undefined } }),
      ];
    });
    assert.deepEqual(findings, []);
  });
});

describe("settings that have an effect under one policy only", () => {
  const policies: Record<string, string[]> = {
    resourcePercentage: [
      "haAdmissionControlHostFailureTolerance",
      "haAdmissionControlPerformanceTolerance",
      "haAdmissionControlResourcePercentageAutoCompute",
      "haAdmissionControlResourcePercentageCpu",
      "haAdmissionControlResourcePercentageMemory",
    ],
    slotPolicy: [
      "haAdmissionControlHostFailureTolerance",
      "haAdmissionControlPerformanceTolerance",
      "haAdmissionControlSlotPolicyUseExplicitSize",
      "haAdmissionControlSlotPolicyExplicitCpu",
      "haAdmissionControlSlotPolicyExplicitMemory",
    ],
    failoverHosts: [
      "haAdmissionControlHostFailureTolerance",
      "haAdmissionControlPerformanceTolerance",
      "haAdmissionControlFailoverHostSystemIds",
    ],
    disabled: [],
  };
  const declared = {
    haAdmissionControlHostFailureTolerance: 1,
    haAdmissionControlPerformanceTolerance: 50,
    haAdmissionControlResourcePercentageAutoCompute: false,
    haAdmissionControlResourcePercentageCpu: 34,
    haAdmissionControlResourcePercentageMemory: 34,
    haAdmissionControlSlotPolicyUseExplicitSize: true,
    haAdmissionControlSlotPolicyExplicitCpu: 32,
    haAdmissionControlSlotPolicyExplicitMemory: 100,
    haAdmissionControlFailoverHostSystemIds: ["host-3"],
  };
  const compared = async (more: Record<string, string | boolean>): Promise<string[]> => {
    const findings = await findingsOf("ha-settings-as-declared", ({ config, inventory: { cluster } }) => {
      config.cluster.declared = { ...declared, ...more };
      cluster.settings = { haEnabled: true };
    });
    // vCenter tells none of them: each that is compared is a finding.
    return findings.map(({ subject }) => subject).filter((subject) => subject !== "haAdmissionControlPolicy");
  };

  for (const [policy, settings] of Object.entries(policies)) {
    it(`are compared under ${policy}: ${settings.length.toString()} of them`, async () => {
      assert.deepEqual(await compared({ haAdmissionControlPolicy: policy }), settings);
    });
  }

  it("are not compared where vCenter computes the percentages, or sizes the slots, itself", async () => {
    const percentages = { haAdmissionControlPolicy: "resourcePercentage" };
    assert.equal((await compared({ ...percentages, haAdmissionControlResourcePercentageAutoCompute: true })).length, 3);
    const slots = { haAdmissionControlPolicy: "slotPolicy" };
    assert.equal((await compared({ ...slots, haAdmissionControlSlotPolicyUseExplicitSize: false })).length, 3);
  });

  it("are the same options, in whatever order they stand", async () => {
    const findings = await findingsOf("ha-settings-as-declared", ({ config, inventory: { cluster } }) => {
      config.cluster.declared = { haAdvancedOptions: { a: "1", b: "2", c: "3" } };
      cluster.settings.haAdvancedOptions = { c: "3", a: "1", b: "2" };
    });
    assert.deepEqual(findings, []);
  });
});
