import assert from "node:assert/strict";
import fc from "fast-check";
import {
  clusterSettings,
  declaredSettings,
  importedSettings,
  withoutEffect,
} from "../../../components/clusterSettings";

const references = { hostIds: { "esx-01": "host-1" }, datastoreIds: { "ha-a": "datastore-1", "ha-b": "datastore-2" } };

/** The defaults that the documentation states. */
const defaults = {
  haEnabled: true,
  haHostMonitoring: "enabled",
  haVmRestartPriority: "medium",
  haVmDependencyRestartCondition: "none",
  haVmRestartAdditionalDelay: 0,
  haVmRestartTimeout: 600,
  haHostIsolationResponse: "powerOff",
  haVmComponentProtection: "enabled",
  haDatastorePdlResponse: "restartAggressive",
  haDatastoreApdResponse: "restartConservative",
  haDatastoreApdRecoveryAction: "none",
  haDatastoreApdResponseDelay: 180,
  haVmMonitoring: "vmMonitoringOnly",
  haVmFailureInterval: 30,
  haVmMinimumUptime: 120,
  haVmMaximumResets: 3,
  haVmMaximumFailureWindow: -1,
  haAdmissionControlPolicy: "resourcePercentage",
  haAdmissionControlHostFailureTolerance: 1,
  haAdmissionControlPerformanceTolerance: 100,
  haAdmissionControlResourcePercentageAutoCompute: true,
  haAdmissionControlResourcePercentageCpu: 100,
  haAdmissionControlResourcePercentageMemory: 100,
  haAdmissionControlSlotPolicyUseExplicitSize: false,
  haAdmissionControlSlotPolicyExplicitCpu: 32,
  haAdmissionControlSlotPolicyExplicitMemory: 100,
  haHeartbeatDatastorePolicy: "allFeasibleDsWithUserPreference",
  haHeartbeatDatastoreIds: ["datastore-1", "datastore-2"],
  drsEnabled: true,
  drsAutomationLevel: "fullyAutomated",
  drsMigrationThreshold: 3,
  drsEnableVmOverrides: true,
  drsEnablePredictiveDrs: false,
  dpmEnabled: false,
  dpmAutomationLevel: "manual",
  dpmThreshold: 3,
  proactiveHaEnabled: false,
  proactiveHaAutomationLevel: "Manual",
  proactiveHaModerateRemediation: "QuarantineMode",
  proactiveHaSevereRemediation: "QuarantineMode",
};

describe("settings of a cluster", () => {
  it("are safe when nothing is stated", () => {
    assert.deepEqual(clusterSettings({}, references), defaults);
  });

  it("keep a default where undefined is stated", () => {
    assert.deepEqual(clusterSettings({ ha: { enabled: undefined }, drs: undefined }, references), defaults);
  });

  it("take names of hosts and datastores for their ids", () => {
    const settings = clusterSettings(
      { ha: { admissionControlFailoverHosts: ["esx-01"], heartbeatDatastores: ["ha-b"] } },
      references,
    );
    assert.deepEqual(settings.haAdmissionControlFailoverHostSystemIds, ["host-1"]);
    assert.deepEqual(settings.haHeartbeatDatastoreIds, ["datastore-2"]);
  });

  it("take advanced options as they are", () => {
    const settings = clusterSettings(
      { ha: { advancedOptions: { "das.x": "1" } }, drs: { advancedOptions: { y: "2" } } },
      references,
    );
    assert.deepEqual(settings.haAdvancedOptions, { "das.x": "1" });
    assert.deepEqual(settings.drsAdvancedOptions, { y: "2" });
  });

  it("change in one field for one setting, whichever it is", () => {
    const own = ["haHeartbeatDatastoreIds"];
    const fields = Object.keys(defaults).filter((field) => !own.includes(field));
    fc.assert(
      fc.property(fc.constantFrom(...fields), (field) => {
        const [part, prefix] = (["ha", "drs", "dpm", "proactiveHa"] as const)
          .map((name) => [name, name] as const)
          .find(([, p]) => field.startsWith(p)) ?? ["ha", "ha"];
        const key = field.charAt(prefix.length).toLowerCase() + field.slice(prefix.length + 1);
        const changed = clusterSettings({ [part]: { [key]: "changed" } }, references);
        assert.deepEqual(changed, { ...defaults, [field]: "changed" });
      }),
    );
  });

  const effective = (policy: object): string[] => {
    const all = { ...defaults, haAdmissionControlFailoverHostSystemIds: ["host-1"], ...policy };
    return Object.keys(declaredSettings(all))
      .filter((field) => field.startsWith("haAdmissionControl"))
      .map((field) => field.replace("haAdmissionControl", ""))
      .sort();
  };

  it("take effect by the policy of admission control", () => {
    assert.deepEqual(effective({}), [
      "HostFailureTolerance",
      "PerformanceTolerance",
      "Policy",
      "ResourcePercentageAutoCompute",
    ]);
    assert.deepEqual(effective({ haAdmissionControlResourcePercentageAutoCompute: false }), [
      "HostFailureTolerance",
      "PerformanceTolerance",
      "Policy",
      "ResourcePercentageAutoCompute",
      "ResourcePercentageCpu",
      "ResourcePercentageMemory",
    ]);
    assert.deepEqual(effective({ haAdmissionControlPolicy: "slotPolicy" }), [
      "HostFailureTolerance",
      "PerformanceTolerance",
      "Policy",
      "SlotPolicyUseExplicitSize",
    ]);
    assert.deepEqual(
      effective({ haAdmissionControlPolicy: "slotPolicy", haAdmissionControlSlotPolicyUseExplicitSize: true }),
      [
        "HostFailureTolerance",
        "PerformanceTolerance",
        "Policy",
        "SlotPolicyExplicitCpu",
        "SlotPolicyExplicitMemory",
        "SlotPolicyUseExplicitSize",
      ],
    );
    assert.deepEqual(effective({ haAdmissionControlPolicy: "failoverHosts" }), [
      "FailoverHostSystemIds",
      "HostFailureTolerance",
      "PerformanceTolerance",
      "Policy",
    ]);
    assert.deepEqual(effective({ haAdmissionControlPolicy: "disabled" }), ["Policy"]);
  });

  it("are what an import reads, but for a slot size that nobody stated", () => {
    const policy = { haAdmissionControlPolicy: "slotPolicy" };
    const field = "haAdmissionControlSlotPolicyUseExplicitSize";
    assert.deepEqual(importedSettings({ ...policy, [field]: false }), policy);
    assert.deepEqual(importedSettings({ ...policy, [field]: true }), { ...policy, [field]: true });
  });

  it("outside admission control always take effect", () => {
    assert.ok(withoutEffect(defaults).every((field) => field.startsWith("haAdmissionControl")));
  });
});
