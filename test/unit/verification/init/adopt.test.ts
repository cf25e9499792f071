import assert from "node:assert/strict";
import fc from "fast-check";
import type { EsxiClusterArgs } from "../../../../components";
import { clusterRules } from "../../../../components/clusterRules";
import { clusterSettings } from "../../../../components/clusterSettings";
import { plain, problemsOf } from "../../../../components/validation";
import * as values from "../../../../components/values";
import { adoption, candidates, obstacles } from "../../../../verification/init/adopt";
import type { Inventory, SettingValue } from "../../../../verification/model";
import { scene } from "../checks/fixture";

const found = {
  ref: { type: "ClusterComputeResource", id: "domain-c1" },
  datacenter: "dc-1",
  name: "compute-1",
  path: "/dc-1/host/compute-1",
};

function read(settings: Record<string, SettingValue | undefined> = {}): Inventory {
  const { inventory } = scene();
  const all = { ...inventory.cluster.settings, ...settings };
  inventory.cluster.settings = Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, SettingValue] => entry[1] !== undefined),
  );
  return inventory;
}

const argsOf = (inventory: Inventory, name = found.name): EsxiClusterArgs =>
  adoption(inventory, { ...found, name }).args as unknown as EsxiClusterArgs;
const refused = (inventory: Inventory, more: Partial<typeof found> = {}): string[] =>
  obstacles(inventory, { ...found, ...more }).map(({ path }) => path);

describe("a cluster as it is taken over", () => {
  it("is looked up, with its hosts and the datastores that all of them mount", () => {
    const inventory = read();
    const [local] = inventory.datastores.slice(-1);
    assert.ok(local !== undefined && inventory.datastores.length > 1);
    inventory.datastores.push({ ...local, id: "datastore-99", name: "local", hostIds: ["host-1"] });
    const { clusterName, existing, datacenter, hosts, datastores } = argsOf(inventory);
    assert.deepEqual([clusterName, existing, datacenter], ["compute-1", true, { name: "dc-1", existing: true }]);
    assert.deepEqual(
      hosts,
      inventory.hosts.map(({ name }) => ({ name, existing: true })),
    );
    const shared = inventory.datastores.filter(({ hostIds }) => hostIds.length === 3);
    assert.deepEqual(
      datastores,
      shared.map(({ name }) => ({ name, existing: true })),
    );
  });

  it("has every setting as vCenter told it, lists by names, and none that says nothing", () => {
    const { ha, drs, dpm, proactiveHa } = argsOf(
      read({
        haHeartbeatDatastoreIds: [],
        haAdmissionControlPolicy: "failoverHosts",
        haAdmissionControlFailoverHostSystemIds: ["host-3"],
        haAdmissionControlResourcePercentageAutoCompute: undefined,
        drsAdvancedOptions: {},
      }),
    );
    assert.deepEqual(ha, {
      enabled: true,
      hostMonitoring: "enabled",
      vmRestartPriority: "medium",
      vmRestartTimeout: 600,
      vmComponentProtection: "enabled",
      datastoreApdResponse: "restartConservative",
      advancedOptions: { "das.isolationaddress0": "10.0.0.1" },
      admissionControlPolicy: "failoverHosts",
      admissionControlHostFailureTolerance: 1,
      heartbeatDatastorePolicy: "allFeasibleDsWithUserPreference",
      heartbeatDatastores: [],
      admissionControlFailoverHosts: [read().hosts[2]?.name],
    });
    assert.deepEqual(drs, { enabled: true, automationLevel: "fullyAutomated" });
    assert.deepEqual([dpm, proactiveHa], [{ enabled: false }, { enabled: false }]);
  });

  it("may be without HA and without DRS", () => {
    const off = read({ haEnabled: false, drsEnabled: false });
    off.datastores = [];
    off.cluster.settings.haHeartbeatDatastoreIds = [];
    assert.deepEqual(refused(off), []);
    assert.deepEqual([argsOf(off).ha?.enabled, argsOf(off).drs?.enabled], [false, false]);
    assert.deepEqual(problemsOf(plain(argsOf(off)), clusterRules), []);
  });

  it("lists a preferred heartbeat datastore also when not every host mounts it", () => {
    const inventory = read();
    const [first] = inventory.datastores;
    assert.ok(first);
    inventory.datastores.push({ ...first, id: "datastore-99", name: "half", hostIds: ["host-1", "host-2"] });
    inventory.cluster.settings.haHeartbeatDatastoreIds = [first.id, "datastore-99"];
    assert.deepEqual(argsOf(inventory).ha?.heartbeatDatastores, [first.name, "half"].sort());
    assert.deepEqual(problemsOf(plain(argsOf(inventory)), clusterRules), []);
  });

  it("is told of with what the provider does not read when it imports", () => {
    const notes = (settings: Record<string, SettingValue>): string[] => adoption(read(settings), found).notes;
    const twice = (defaults?: string): string[] =>
      adoption(read({ haVmMonitoring: "vmMonitoringOnly" }), found, defaults).notes;
    assert.deepEqual([twice(), twice("vmMonitoringOnly")], [[], []]);
    assert.match(
      twice("vmMonitoringDisabled").join("\n"),
      /^vCenter has two values .*: vmMonitoringOnly for the cluster/,
    );
    assert.deepEqual(notes({ haAdmissionControlPerformanceTolerance: 100 }), []);
    assert.match(notes({ haAdmissionControlPerformanceTolerance: 50 }).join("\n"), /^The preview .* 100 to 50 %/);
    assert.deepEqual(notes({ haAdmissionControlSlotPolicyUseExplicitSize: false }), []);
    const slots = notes({ haAdmissionControlSlotPolicyUseExplicitSize: true });
    assert.match(slots.join("\n"), /^Admission control has slots of a stated size.* do not run pulumi up/);
  });
});

describe("a cluster that cannot be taken over", () => {
  const cases: [what: string, inventory: Inventory, paths: string[]][] = [
    ["an empty one", { ...read(), hosts: [], datastores: [] }, ["hosts", "shared datastores"]],
    ["one host", { ...read(), hosts: read().hosts.slice(0, 1) }, ["hosts"]],
    ["one shared datastore", { ...read(), datastores: read().datastores.slice(0, 1) }, ["shared datastores"]],
    [
      "more heartbeats than datastores",
      read({ haAdvancedOptions: { "Das.HeartbeatDsPerHost": "3" } }),
      ["shared datastores", "heartbeat datastores"],
    ],
    ["one preferred heartbeat datastore", read({ haHeartbeatDatastoreIds: ["datastore-1"] }), ["heartbeat datastores"]],
    [
      "no selected heartbeat datastore",
      read({ haHeartbeatDatastoreIds: [], haHeartbeatDatastorePolicy: "userSelectedDs" }),
      ["heartbeat datastores"],
    ],
    [
      "no host to lose",
      read({ haAdmissionControlHostFailureTolerance: 3 }),
      ["host failures that admission control tolerates"],
    ],
    [
      "no host failure tolerated",
      read({ haAdmissionControlHostFailureTolerance: 0 }),
      ["host failures that admission control tolerates"],
    ],
  ];
  for (const [what, inventory, paths] of cases) {
    it(`is refused with a remedy: ${what}`, () => {
      const problems = obstacles(inventory, found);
      assert.deepEqual(
        problems.map(({ path }) => path),
        paths,
      );
      assert.ok(problems.every(({ rule, remedy }) => rule.length > 10 && remedy.length > 10));
    });
  }

  it("is refused for names that the provider takes for patterns or paths, and for no others", () => {
    for (const character of ["*", "?", "[", "]", "/", "\\", "%"]) {
      assert.deepEqual(refused(read(), { name: `a${character}` }), ["cluster"], character);
      assert.deepEqual(refused(read(), { datacenter: `a${character}` }), ["datacenter"], character);
    }
    assert.deepEqual(refused(read(), { name: `Küche "Süd" & 'Nord' $HOME #1: ä\u2028😀` }), []);
    const inventory = read();
    assert.ok(inventory.datastores[0]);
    inventory.datastores[0].name = "a[1]";
    assert.deepEqual(refused(inventory), ["datastore"]);
  });
});

describe("whatever cluster is read", () => {
  const oneOf = (all: Record<string, SettingValue>): fc.Arbitrary<SettingValue> =>
    fc.constantFrom(...Object.values(all));
  const ids = (kind: string, count: number): fc.Arbitrary<string[]> =>
    fc.subarray(Array.from({ length: count }, (_, index) => `${kind}-${(index + 1).toString()}`));
  const settings = fc
    .record(
      {
        haEnabled: fc.boolean(),
        haHostMonitoring: oneOf(values.ServiceState),
        haVmRestartPriority: oneOf(values.RestartPriority),
        haHostIsolationResponse: oneOf(values.IsolationResponse),
        haDatastoreApdResponse: oneOf(values.ApdResponse),
        haVmMonitoring: oneOf(values.VmMonitoring),
        haVmFailureInterval: fc.integer({ min: 1, max: 3600 }),
        haAdmissionControlPolicy: oneOf(values.AdmissionControlPolicy),
        haAdmissionControlHostFailureTolerance: fc.integer({ min: 0, max: 5 }),
        haHeartbeatDatastorePolicy: oneOf(values.HeartbeatDatastorePolicy),
        haHeartbeatDatastoreIds: ids("datastore", 2),
        haAdvancedOptions: fc.dictionary(fc.string(), fc.string()),
        drsEnabled: fc.boolean(),
        drsAutomationLevel: oneOf(values.DrsAutomationLevel),
        drsMigrationThreshold: fc.integer({ min: 1, max: 5 }),
        dpmThreshold: fc.integer({ min: 1, max: 5 }),
        proactiveHaAutomationLevel: oneOf(values.ProactiveHaAutomationLevel),
      },
      { requiredKeys: [] },
    )
    // What vCenter tells together, as settings.ts reads it.
    .map((one) => ({
      ...one,
      haAdmissionControlFailoverHostSystemIds:
        one.haAdmissionControlPolicy === "failoverHosts" ? ["host-3"] : undefined,
      ...(one.haAdmissionControlPolicy === "disabled" && { haAdmissionControlHostFailureTolerance: undefined }),
      haAdmissionControlResourcePercentageAutoCompute:
        one.haAdmissionControlPolicy === "resourcePercentage" ? true : undefined,
      haAdmissionControlPolicy: one.haAdmissionControlPolicy ?? "resourcePercentage",
    }));

  it("is refused by init, or taken by the component, which then declares all that was read", () => {
    let taken = 0;
    fc.assert(
      fc.property(
        settings,
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 0, max: 2 }),
        (some, hosts, datastores) => {
          const inventory = read(some);
          inventory.hosts.splice(hosts);
          inventory.datastores.splice(datastores);
          const { cluster } = inventory;
          const here = new Set([...inventory.hosts, ...inventory.datastores].map(({ id }) => id));
          for (const [name, value] of Object.entries(cluster.settings))
            if (Array.isArray(value)) cluster.settings[name] = value.filter((id) => here.has(id));
          if (some.haAdmissionControlFailoverHostSystemIds && !here.has("host-3")) return;
          if (obstacles(inventory, found).length > 0) return;
          taken++;
          const args = argsOf(inventory);
          assert.deepEqual(problemsOf(plain(args), clusterRules), []);
          const of = (all: { name: string; id: string }[]): Record<string, string> =>
            Object.fromEntries(all.map(({ name, id }) => [name, id]));
          const references = { hostIds: of(inventory.hosts), datastoreIds: of(inventory.datastores) };
          const declared = clusterSettings(args, references) as Record<string, unknown>;
          for (const [name, value] of Object.entries(cluster.settings)) {
            const empty = typeof value === "object" && Object.keys(value).length === 0;
            assert.deepEqual(declared[name] ?? (empty ? value : undefined), value, name);
          }
        },
      ),
      { numRuns: 500 },
    );
    assert.ok(taken > 30, `only ${taken.toString()} were taken`);
  });
});

describe("VMs that a check may ask", () => {
  it("run, have a guest that the verification knows, and a name of their own", () => {
    const { vms } = read();
    const [like] = vms;
    assert.ok(like);
    const guests: Record<string, [guestId: string, more?: Partial<typeof like>]> = {
      ubuntu: ["ubuntu64Guest"],
      xp: ["winXPPro64Guest"],
      other: ["rhel9_64Guest"],
      ended: ["ubuntuGuest", { powerState: "poweredOff" }],
      template: ["ubuntu64Guest", { template: true }],
      vcls: ["ubuntu64Guest", { system: true }],
      twice: ["ubuntu64Guest", { name: "two" }],
      again: ["ubuntu64Guest", { name: "two" }],
      unknown: [""],
    };
    const inventory = read();
    inventory.vms = Object.entries(guests).map(([name, [, more]]) => ({
      ...like,
      id: name,
      name,
      template: false,
      system: false,
      powerState: "poweredOn",
      ...more,
    }));
    const ids = new Map(Object.entries(guests).map(([name, [guestId]]) => [name, guestId]));
    ids.delete("unknown");
    assert.deepEqual(candidates(inventory, ids), [
      { name: "ubuntu", guestOs: "ubuntu" },
      { name: "xp", guestOs: "windowsxp" },
    ]);
  });
});
