import assert from "node:assert/strict";
import type { EngineEvent } from "@pulumi/pulumi/automation/events";
import type { PulumiFn, Stack } from "@pulumi/pulumi/automation";
import { EsxiCluster, type EsxiClusterArgs, type HaOverrideArgs, UbuntuVm, VmPlacement } from "../../components";
import type { Lab } from "../../lab/lab";
import { parseConfig } from "../../verification/config";
import type { SettingValue } from "../../verification/model";
import { connect } from "../../verification/vcenter/client";
import { assertSettled, changed, inlineStack, labOfSuite } from "./inlineStack";

type Settings = Pick<EsxiClusterArgs, "ha" | "drs" | "dpm" | "proactiveHa">;
type Change = [settings: Settings, field: string];
interface Group {
  name: string;
  base: Settings;
  changes: Change[];
  /** Fields that this provider does not bring to vCenter, and what vCenter has instead. */
  lost?: Record<string, SettingValue>;
}

/**
 * Every setting with another value than its default, beside the field of ComputeCluster that must change with it. Each
 * is previewed alone; then all of a group are applied at once.
 */
const groups: Group[] = [
  {
    name: "beside the defaults",
    base: {},
    changes: [
      [{ ha: { hostMonitoring: "disabled" } }, "haHostMonitoring"],
      [{ ha: { vmRestartPriority: "high" } }, "haVmRestartPriority"],
      [{ ha: { vmDependencyRestartCondition: "guestHbStatusGreen" } }, "haVmDependencyRestartCondition"],
      [{ ha: { vmRestartAdditionalDelay: 15 } }, "haVmRestartAdditionalDelay"],
      [{ ha: { vmRestartTimeout: 300 } }, "haVmRestartTimeout"],
      [{ ha: { hostIsolationResponse: "shutdown" } }, "haHostIsolationResponse"],
      [{ ha: { vmComponentProtection: "disabled" } }, "haVmComponentProtection"],
      [{ ha: { datastorePdlResponse: "warning" } }, "haDatastorePdlResponse"],
      [{ ha: { datastoreApdResponse: "restartAggressive" } }, "haDatastoreApdResponse"],
      [{ ha: { datastoreApdRecoveryAction: "reset" } }, "haDatastoreApdRecoveryAction"],
      [{ ha: { datastoreApdResponseDelay: 60 } }, "haDatastoreApdResponseDelay"],
      [{ ha: { vmMonitoring: "vmAndAppMonitoring" } }, "haVmMonitoring"],
      [{ ha: { vmFailureInterval: 45 } }, "haVmFailureInterval"],
      [{ ha: { vmMinimumUptime: 240 } }, "haVmMinimumUptime"],
      [{ ha: { vmMaximumResets: 5 } }, "haVmMaximumResets"],
      [{ ha: { vmMaximumFailureWindow: 3600 } }, "haVmMaximumFailureWindow"],
      [{ ha: { admissionControlHostFailureTolerance: 2 } }, "haAdmissionControlHostFailureTolerance"],
      [{ ha: { admissionControlPerformanceTolerance: 50 } }, "haAdmissionControlPerformanceTolerance"],
      [{ ha: { heartbeatDatastorePolicy: "userSelectedDs" } }, "haHeartbeatDatastorePolicy"],
      [{ ha: { heartbeatDatastores: ["ha-a", "ha-b"] } }, "haHeartbeatDatastoreIds"],
      [{ ha: { advancedOptions: { "das.isolationaddress0": "192.0.2.1" } } }, "haAdvancedOptions"],
      [{ drs: { automationLevel: "partiallyAutomated" } }, "drsAutomationLevel"],
      [{ drs: { migrationThreshold: 4 } }, "drsMigrationThreshold"],
      [{ drs: { enableVmOverrides: false } }, "drsEnableVmOverrides"],
      [{ drs: { enablePredictiveDrs: true } }, "drsEnablePredictiveDrs"],
      [{ drs: { advancedOptions: { TryBalanceVmsPerHost: "1" } } }, "drsAdvancedOptions"],
      [{ dpm: { enabled: true } }, "dpmEnabled"],
      [{ dpm: { automationLevel: "automated" } }, "dpmAutomationLevel"],
      [{ dpm: { threshold: 4 } }, "dpmThreshold"],
      [{ proactiveHa: { enabled: true } }, "proactiveHaEnabled"],
      [{ proactiveHa: { automationLevel: "Automated" } }, "proactiveHaAutomationLevel"],
      [{ proactiveHa: { severeRemediation: "MaintenanceMode" } }, "proactiveHaSevereRemediation"],
      [{ proactiveHa: { providerIds: ["provider-1"] } }, "proactiveHaProviderIds"],
    ],
  },
  {
    name: "beside MaintenanceMode for severely degraded hosts",
    base: { proactiveHa: { severeRemediation: "MaintenanceMode" } },
    changes: [[{ proactiveHa: { moderateRemediation: "MaintenanceMode" } }, "proactiveHaModerateRemediation"]],
  },
  {
    name: "which turn a whole service or policy off or over",
    base: {},
    changes: [
      [{ ha: { enabled: false } }, "haEnabled"],
      [{ drs: { enabled: false } }, "drsEnabled"],
      [
        { ha: { admissionControlResourcePercentageAutoCompute: false } },
        "haAdmissionControlResourcePercentageAutoCompute",
      ],
    ],
  },
  {
    name: "of stated percentages",
    base: { ha: { admissionControlResourcePercentageAutoCompute: false } },
    changes: [
      [{ ha: { admissionControlResourcePercentageCpu: 30 } }, "haAdmissionControlResourcePercentageCpu"],
      [{ ha: { admissionControlResourcePercentageMemory: 40 } }, "haAdmissionControlResourcePercentageMemory"],
    ],
  },
  {
    name: "of admission control that is off",
    base: {},
    changes: [[{ ha: { admissionControlPolicy: "disabled" } }, "haAdmissionControlPolicy"]],
  },
  {
    name: "of slots",
    base: { ha: { admissionControlPolicy: "slotPolicy" } },
    changes: [
      [{ ha: { admissionControlSlotPolicyUseExplicitSize: true } }, "haAdmissionControlSlotPolicyUseExplicitSize"],
    ],
    lost: { haAdmissionControlSlotPolicyExplicitCpu: 100 },
  },
  {
    name: "of explicit slot sizes",
    base: { ha: { admissionControlPolicy: "slotPolicy", admissionControlSlotPolicyUseExplicitSize: true } },
    changes: [
      [{ ha: { admissionControlSlotPolicyExplicitCpu: 500 } }, "haAdmissionControlSlotPolicyExplicitCpu"],
      [{ ha: { admissionControlSlotPolicyExplicitMemory: 512 } }, "haAdmissionControlSlotPolicyExplicitMemory"],
    ],
    // terraform-provider-vsphere 1.26, expandClusterFailoverLevelAdmissionControlPolicy: sends the percentages (100).
    lost: { haAdmissionControlSlotPolicyExplicitCpu: 100, haAdmissionControlSlotPolicyExplicitMemory: 100 },
  },
  {
    name: "of failover hosts",
    base: {
      ha: { admissionControlPolicy: "failoverHosts", admissionControlFailoverHosts: ["esx-01.lab.test"] },
    },
    changes: [
      [{ ha: { admissionControlFailoverHosts: ["esx-02.lab.test"] } }, "haAdmissionControlFailoverHostSystemIds"],
    ],
  },
];

/** Every setting of an override, likewise; the base has monitoring of its own, or most would have no effect. */
const ownMonitoring: HaOverrideArgs = { vm: "u", vmRestartPriority: "highest", monitoring: {} };
const overrideChanges: [change: Partial<HaOverrideArgs>, field: string][] = [
  [{ vmRestartPriority: "low" }, "haVmRestartPriority"],
  [{ vmRestartTimeout: 300 }, "haVmRestartTimeout"],
  [{ hostIsolationResponse: "none" }, "haHostIsolationResponse"],
  [{ datastorePdlResponse: "disabled" }, "haDatastorePdlResponse"],
  [{ datastoreApdResponse: "warning" }, "haDatastoreApdResponse"],
  [{ datastoreApdRecoveryAction: "reset" }, "haDatastoreApdRecoveryAction"],
  [{ datastoreApdResponseDelay: 60 }, "haDatastoreApdResponseDelay"],
  [{ monitoring: { vmMonitoring: "vmAndAppMonitoring" } }, "haVmMonitoring"],
  [{ monitoring: { vmFailureInterval: 45 } }, "haVmFailureInterval"],
  [{ monitoring: { vmMinimumUptime: 240 } }, "haVmMinimumUptime"],
  [{ monitoring: { vmMaximumResets: 5 } }, "haVmMaximumResets"],
  [{ monitoring: { vmMaximumFailureWindow: 3600 } }, "haVmMaximumFailureWindow"],
];

function merged(...parts: Settings[]): Settings {
  const of = <K extends keyof Settings>(key: K): Settings[K] =>
    parts.reduce<Settings[K]>((whole, part) => ({ ...whole, ...part[key] }), {});
  return { ha: of("ha"), drs: of("drs"), dpm: of("dpm"), proactiveHa: of("proactiveHa") };
}

const standard: HaOverrideArgs = { vm: "u", vmRestartPriority: "highest" };

/** A cluster with one of its datastores not preferred for heartbeats, and a machine and a rule that must not change. */
function program(settings: Settings, password: string, override = standard): PulumiFn {
  const ha = { heartbeatDatastores: ["ha-b", "local"], ...settings.ha };
  return () => {
    const cluster = new EsxiCluster("c", {
      datacenter: { name: "Lab", existing: true },
      hosts: ["esx-01", "esx-02", "esx-03"].map((name) => ({ name: `${name}.lab.test`, password })),
      datastores: [
        { name: "ha-a", nfs: { server: "nfs.lab.test", path: "/exports/ha-a" } },
        { name: "ha-b", nfs: { server: "nfs.lab.test", path: "/exports/ha-b" } },
        { name: "local", vmfs: { disk: "naa.6000c29000000000000000000000a001" } },
      ],
      portGroups: [{ name: "vm-ha" }],
      ...settings,
      ha,
    });
    const { target } = cluster;
    const vm = new UbuntuVm("u", { target, template: "ubuntu-13.10", datastore: "ha-a", network: "vm-ha" });
    new VmPlacement("p", { target, vms: { u: vm.vmId }, haOverrides: [override] });
    return Promise.resolve({ declared: target.declared });
  };
}

/** `update c-cluster: haVmRestartPriority` for everything that a preview would change. */
async function previewed(stack: Stack): Promise<string[]> {
  const changes: string[] = [];
  await stack.preview({
    onEvent: ({ resourcePreEvent }: EngineEvent) => {
      const step = resourcePreEvent?.metadata;
      if (step && step.op !== "same" && step.op !== "read") {
        const fields = Object.keys(step.detailedDiff ?? {}).map((path) => path.replace(/[.[].*$/, ""));
        changes.push(`${step.op} ${step.urn.split("::").pop() ?? ""}: ${[...new Set(fields)].sort().join(" ")}`);
      }
    },
  });
  return changes;
}

/** Lists of ids are sets. */
function sorted(settings: Record<string, SettingValue>): Record<string, SettingValue> {
  const entries = Object.entries(settings);
  return Object.fromEntries(entries.map(([field, value]) => [field, Array.isArray(value) ? [...value].sort() : value]));
}

/** The settings that vCenter has, read by the verifier's client: without Pulumi and its provider. */
async function actual({ env }: Lab, fields: string[]): Promise<Record<string, SettingValue>> {
  const config = parseConfig({ cluster: { datacenter: "Lab", name: "c" }, hosts: [], vms: [] }, env);
  const vcenter = await connect(config, env);
  try {
    const { settings } = (await vcenter.inventory()).cluster;
    const entries = Object.entries(settings).filter(([field]) => fields.includes(field));
    return sorted(Object.fromEntries(entries));
  } finally {
    await vcenter.close();
  }
}

describe("HA and DRS settings", function () {
  this.timeout(600_000);
  const lab = labOfSuite("settings");
  let stack: Stack;
  const use = (settings: Settings): void => {
    stack.workspace.program = program(settings, lab().env.VSPHERE_HA_HOST_PASSWORD ?? "");
  };

  before(async () => {
    stack = await inlineStack("settings", program({}, ""));
  });

  for (const { name, base, changes, lost } of groups) {
    describe(name, () => {
      before(async () => {
        use(base);
        await stack.up();
        assert.deepEqual(await previewed(stack), [], "nothing is left to change after the start");
      });

      for (const [settings, field] of changes) {
        it(`change alone: ${field}`, async () => {
          use(merged(base, settings));
          assert.deepEqual(await previewed(stack), [`update c-cluster: ${field}`]);
        });
      }

      it("are applied, and then neither preview nor refresh finds a difference", async () => {
        use(merged(base, ...changes.map(([settings]) => settings)));
        const { summary, outputs } = await stack.up();
        assert.deepEqual(changed(summary.resourceChanges), { update: 1 });
        const declared = sorted({ ...(outputs.declared?.value as Record<string, SettingValue>), ...lost });
        assert.deepEqual(await actual(lab(), Object.keys(declared)), declared, "vCenter has what was declared");
        await assertSettled(stack);
      });
    });
  }

  describe("of one virtual machine", () => {
    const override = (override: HaOverrideArgs): void => {
      stack.workspace.program = program({}, lab().env.VSPHERE_HA_HOST_PASSWORD ?? "", override);
    };

    before(async () => {
      override(ownMonitoring);
      await stack.up();
      await assertSettled(stack);
    });

    for (const [change, field] of overrideChanges) {
      it(`change alone: ${field}`, async () => {
        override({ ...ownMonitoring, ...change });
        assert.deepEqual(await previewed(stack), [`update p-ha-u: ${field}`]);
      });
    }

    it("are applied, and then neither preview nor refresh finds a difference", async () => {
      const monitoring = Object.assign({}, ...overrideChanges.map(([change]) => change.monitoring)) as object;
      const all = Object.assign({}, ...overrideChanges.map(([change]) => change)) as object;
      override({ ...ownMonitoring, ...all, monitoring });
      assert.deepEqual(changed((await stack.up()).summary.resourceChanges), { update: 1 });
      await assertSettled(stack);
    });
  });

  // A describe of its own runs after the others.
  describe("in the end", () => {
    // vCenter lets no dedicated failover host out of its cluster: the provider has to take that away first.
    it("go with their cluster, also with dedicated failover hosts", async () => {
      use({ ha: { admissionControlPolicy: "failoverHosts", admissionControlFailoverHosts: ["esx-01.lab.test"] } });
      await stack.up();
      await assertSettled(stack);
      const { summary } = await stack.destroy();
      assert.equal(summary.result, "succeeded");
    });
  });
});
