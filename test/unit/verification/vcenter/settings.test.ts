import assert from "node:assert/strict";
import { settings, translateSettings } from "../../../../verification/vcenter/settings";
import { at, parseXml, type Xml } from "../../../../verification/vcenter/xml";

function configuration(content: string): Xml {
  return at(parseXml(`<val xmlns:xsi="x" xsi:type="ClusterConfigInfoEx">${content}</val>`), "val") ?? "";
}

function admission(type: string, content: string, enabled = true): Record<string, unknown> {
  const policy = `<admissionControlPolicy xsi:type="${type}">${content}</admissionControlPolicy>`;
  const xml = `<dasConfig><admissionControlEnabled>${String(enabled)}</admissionControlEnabled>${policy}</dasConfig>`;
  const read = translateSettings(configuration(xml));
  return Object.fromEntries(Object.entries(read).filter(([name]) => name.startsWith("haAdmission")));
}

/** As vCenter 8 sends it, each value another than the provider's default. */
const full = `
<dasConfig>
  <enabled>true</enabled>
  <vmMonitoring>vmAndAppMonitoring</vmMonitoring>
  <hostMonitoring>disabled</hostMonitoring>
  <vmComponentProtecting>disabled</vmComponentProtecting>
  <failoverLevel>2</failoverLevel>
  <admissionControlPolicy xsi:type="ClusterFailoverResourcesAdmissionControlPolicy">
    <resourceReductionToToleratePercent>50</resourceReductionToToleratePercent>
    <cpuFailoverResourcesPercent>40</cpuFailoverResourcesPercent>
    <memoryFailoverResourcesPercent>45</memoryFailoverResourcesPercent>
    <failoverLevel>2</failoverLevel>
    <autoComputePercentages>false</autoComputePercentages>
  </admissionControlPolicy>
  <admissionControlEnabled>true</admissionControlEnabled>
  <defaultVmSettings>
    <restartPriority>high</restartPriority>
    <restartPriorityTimeout>601</restartPriorityTimeout>
    <isolationResponse>shutdown</isolationResponse>
    <vmToolsMonitoringSettings>
      <enabled>true</enabled>
      <vmMonitoring>vmAndAppMonitoring</vmMonitoring>
      <clusterSettings>true</clusterSettings>
      <failureInterval>31</failureInterval>
      <minUpTime>121</minUpTime>
      <maxFailures>4</maxFailures>
      <maxFailureWindow>3600</maxFailureWindow>
    </vmToolsMonitoringSettings>
    <vmComponentProtectionSettings>
      <vmStorageProtectionForAPD>restartConservative</vmStorageProtectionForAPD>
      <enableAPDTimeoutForHosts>true</enableAPDTimeoutForHosts>
      <vmTerminateDelayForAPDSec>181</vmTerminateDelayForAPDSec>
      <vmReactionOnAPDCleared>reset</vmReactionOnAPDCleared>
      <vmStorageProtectionForPDL>restartAggressive</vmStorageProtectionForPDL>
    </vmComponentProtectionSettings>
  </defaultVmSettings>
  <option xsi:type="OptionValue"><key>das.isolationaddress0</key><value xsi:type="xsd:string">10.0.0.1</value></option>
  <option xsi:type="OptionValue"><key>das.usedefaultisolationaddress</key><value xsi:type="xsd:string">false</value></option>
  <heartbeatDatastore type="Datastore">datastore-1</heartbeatDatastore>
  <heartbeatDatastore type="Datastore">datastore-2</heartbeatDatastore>
  <hBDatastoreCandidatePolicy>userSelectedDs</hBDatastoreCandidatePolicy>
</dasConfig>
<dasVmConfig><key type="VirtualMachine">vm-1</key><restartPriority>high</restartPriority>
  <dasSettings><restartPriority>highest</restartPriority></dasSettings></dasVmConfig>
<dasVmConfig><key type="VirtualMachine">vm-2</key><restartPriority>disabled</restartPriority></dasVmConfig>
<dasVmConfig><key type="VirtualMachine">vm-3</key></dasVmConfig>
<drsConfig>
  <enabled>true</enabled>
  <enableVmBehaviorOverrides>false</enableVmBehaviorOverrides>
  <defaultVmBehavior>fullyAutomated</defaultVmBehavior>
  <vmotionRate>4</vmotionRate>
  <option xsi:type="OptionValue"><key>LimitVMsPerESXHost</key><value xsi:type="xsd:string">9</value></option>
</drsConfig>
<orchestration><defaultVmReadiness>
  <readyCondition>guestHbStatusGreen</readyCondition><postReadyDelay>15</postReadyDelay>
</defaultVmReadiness></orchestration>
<dpmConfigInfo><enabled>true</enabled><defaultDpmBehavior>automated</defaultDpmBehavior><hostPowerActionRate>5</hostPowerActionRate></dpmConfigInfo>
<infraUpdateHaConfig>
  <enabled>true</enabled><behavior>Automated</behavior><moderateRemediation>MaintenanceMode</moderateRemediation>
  <severeRemediation>MaintenanceMode</severeRemediation><providers>provider-1</providers><providers>provider-2</providers>
</infraUpdateHaConfig>
<proactiveDrsConfig><enabled>true</enabled></proactiveDrsConfig>`;

describe("cluster settings", () => {
  it("are translated to the provider's names and values, every one", () => {
    assert.deepEqual(translateSettings(configuration(full)), {
      haEnabled: true,
      haHostMonitoring: "disabled",
      haVmRestartPriority: "high",
      haVmRestartTimeout: 601,
      haHostIsolationResponse: "shutdown",
      haVmDependencyRestartCondition: "guestHbStatusGreen",
      haVmRestartAdditionalDelay: 15,
      haAdvancedOptions: { "das.isolationaddress0": "10.0.0.1", "das.usedefaultisolationaddress": "false" },
      haVmComponentProtection: "disabled",
      haDatastorePdlResponse: "restartAggressive",
      haDatastoreApdResponse: "restartConservative",
      haDatastoreApdRecoveryAction: "reset",
      haDatastoreApdResponseDelay: 181,
      haVmMonitoring: "vmAndAppMonitoring",
      haVmFailureInterval: 31,
      haVmMinimumUptime: 121,
      haVmMaximumResets: 4,
      haVmMaximumFailureWindow: 3600,
      haAdmissionControlPolicy: "resourcePercentage",
      haAdmissionControlHostFailureTolerance: 2,
      haAdmissionControlPerformanceTolerance: 50,
      haAdmissionControlResourcePercentageAutoCompute: false,
      haAdmissionControlResourcePercentageCpu: 40,
      haAdmissionControlResourcePercentageMemory: 45,
      haHeartbeatDatastorePolicy: "userSelectedDs",
      haHeartbeatDatastoreIds: ["datastore-1", "datastore-2"],
      drsEnabled: true,
      drsAutomationLevel: "fullyAutomated",
      drsMigrationThreshold: 4,
      drsEnableVmOverrides: false,
      drsEnablePredictiveDrs: true,
      drsAdvancedOptions: { LimitVMsPerESXHost: "9" },
      dpmEnabled: true,
      dpmAutomationLevel: "automated",
      dpmThreshold: 5,
      proactiveHaEnabled: true,
      proactiveHaAutomationLevel: "Automated",
      proactiveHaModerateRemediation: "MaintenanceMode",
      proactiveHaSevereRemediation: "MaintenanceMode",
      proactiveHaProviderIds: ["provider-1", "provider-2"],
    });
  });

  it("that vCenter does not tell are absent, not defaults", () => {
    assert.deepEqual(translateSettings(configuration("<other/>")), {});
    const empty = translateSettings(configuration("<dasConfig/><drsConfig/>"));
    assert.deepEqual(empty, {
      haAdvancedOptions: {},
      haHeartbeatDatastoreIds: [],
      drsMigrationThreshold: 0,
      drsAdvancedOptions: {},
    });
  });

  it("that are zero may be left out by a serialiser", () => {
    const xml =
      "<orchestration><defaultVmReadiness><readyCondition>none</readyCondition></defaultVmReadiness></orchestration>";
    assert.equal(translateSettings(configuration(xml)).haVmRestartAdditionalDelay, 0);
  });

  it("of admission control depend on its policy", () => {
    assert.deepEqual(
      admission(
        "ClusterFailoverLevelAdmissionControlPolicy",
        '<resourceReductionToToleratePercent>100</resourceReductionToToleratePercent><failoverLevel>1</failoverLevel><slotPolicy xsi:type="ClusterFixedSizeSlotPolicy"><cpu>500</cpu><memory>1024</memory></slotPolicy>',
      ),
      {
        haAdmissionControlPolicy: "slotPolicy",
        haAdmissionControlHostFailureTolerance: 1,
        haAdmissionControlPerformanceTolerance: 100,
        haAdmissionControlSlotPolicyUseExplicitSize: true,
        haAdmissionControlSlotPolicyExplicitCpu: 500,
        haAdmissionControlSlotPolicyExplicitMemory: 1024,
      },
    );
    assert.deepEqual(admission("ClusterFailoverLevelAdmissionControlPolicy", "<failoverLevel>1</failoverLevel>"), {
      haAdmissionControlPolicy: "slotPolicy",
      haAdmissionControlHostFailureTolerance: 1,
      haAdmissionControlSlotPolicyUseExplicitSize: false,
    });
    assert.deepEqual(
      admission(
        "ClusterFailoverHostAdmissionControlPolicy",
        '<failoverHosts type="HostSystem">host-1</failoverHosts><failoverLevel>1</failoverLevel>',
      ),
      {
        haAdmissionControlPolicy: "failoverHosts",
        haAdmissionControlHostFailureTolerance: 1,
        haAdmissionControlFailoverHostSystemIds: ["host-1"],
      },
    );
    assert.deepEqual(
      admission("ClusterFailoverLevelAdmissionControlPolicy", "<failoverLevel>1</failoverLevel>", false),
      {
        haAdmissionControlPolicy: "disabled",
      },
    );
  });

  it("leave out percentages that vCenter computes", () => {
    const content =
      "<cpuFailoverResourcesPercent>25</cpuFailoverResourcesPercent><memoryFailoverResourcesPercent>25</memoryFailoverResourcesPercent>" +
      "<failoverLevel>1</failoverLevel><autoComputePercentages>true</autoComputePercentages>";
    assert.deepEqual(admission("ClusterFailoverResourcesAdmissionControlPolicy", content), {
      haAdmissionControlPolicy: "resourcePercentage",
      haAdmissionControlHostFailureTolerance: 1,
      haAdmissionControlResourcePercentageAutoCompute: true,
    });
  });

  it("have names once each", () => {
    assert.equal(new Set(settings.map(({ name }) => name)).size, settings.length);
  });
});
