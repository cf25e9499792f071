import assert from "node:assert/strict";
import { readOverrides, readRules } from "../../../../verification/vcenter/rules";
import { at, parseXml, type Xml } from "../../../../verification/vcenter/xml";

function configuration(content: string): Xml {
  return at(parseXml(`<val xmlns:xsi="x">${content}</val>`), "val") ?? "";
}

const groups = `
<group xsi:type="ClusterVmGroup"><name>web</name><vm>vm-1</vm><vm>vm-2</vm></group>
<group xsi:type="ClusterVmGroup"><name>base</name><vm>vm-3</vm></group>
<group xsi:type="ClusterHostGroup"><name>left</name><host>host-1</host><host>host-2</host></group>`;

describe("rules of a cluster", () => {
  it("are read with the members of their groups", () => {
    const read = readRules(
      configuration(`${groups}
<rule xsi:type="ClusterAffinityRuleSpec"><enabled>true</enabled><name>a%2fb</name><vm>vm-1</vm><vm>vm-2</vm></rule>
<rule xsi:type="ClusterAntiAffinityRuleSpec"><enabled>false</enabled><name>apart</name><vm>vm-1</vm><vm>vm-3</vm></rule>
<rule xsi:type="ClusterVmHostRuleInfo"><name>must</name><mandatory>true</mandatory><vmGroupName>web</vmGroupName>
  <affineHostGroupName>left</affineHostGroupName></rule>
<rule xsi:type="ClusterVmHostRuleInfo"><enabled>true</enabled><name>not</name><vmGroupName>base</vmGroupName>
  <antiAffineHostGroupName>left</antiAffineHostGroupName></rule>
<rule xsi:type="ClusterDependencyRuleInfo"><enabled>true</enabled><name>order</name><vmGroup>web</vmGroup>
  <dependsOnVmGroup>base</dependsOnVmGroup></rule>
<rule xsi:type="SomeNewRule"><name>new</name></rule>`),
    );
    const hosts = ["host-1", "host-2"];
    assert.deepEqual(read, [
      { name: "a/b", enabled: true, kind: "together", vms: ["vm-1", "vm-2"] },
      { name: "apart", enabled: false, kind: "apart", vms: ["vm-1", "vm-3"] },
      { name: "must", enabled: true, kind: "vm-host", vms: ["vm-1", "vm-2"], hosts, avoid: false, mandatory: true },
      { name: "not", enabled: true, kind: "vm-host", vms: ["vm-3"], hosts, avoid: true, mandatory: false },
      { name: "order", enabled: true, kind: "dependency", vms: ["vm-1", "vm-2"], dependsOn: ["vm-3"] },
    ]);
  });

  it("of a group that is gone bind nobody", () => {
    const rule =
      '<rule xsi:type="ClusterVmHostRuleInfo"><name>r</name><vmGroupName>gone</vmGroupName><affineHostGroupName>gone</affineHostGroupName></rule>';
    const [read] = readRules(configuration(rule));
    assert.deepEqual(read, {
      name: "r",
      enabled: true,
      kind: "vm-host",
      vms: [],
      hosts: [],
      avoid: false,
      mandatory: false,
    });
  });
});

describe("overrides of a cluster", () => {
  it("are one a VM, HA's and DRS's together", () => {
    const read = readOverrides(
      configuration(`
<dasVmConfig><key>vm-1</key><restartPriority>low</restartPriority><dasSettings>
  <restartPriority>highest</restartPriority><restartPriorityTimeout>90</restartPriorityTimeout><isolationResponse>shutdown</isolationResponse>
  <vmToolsMonitoringSettings><clusterSettings>true</clusterSettings><vmMonitoring>vmMonitoringOnly</vmMonitoring>
  <failureInterval>50</failureInterval><minUpTime>60</minUpTime><maxFailures>2</maxFailures><maxFailureWindow>-1</maxFailureWindow></vmToolsMonitoringSettings>
  <vmComponentProtectionSettings><vmStorageProtectionForAPD>restartAggressive</vmStorageProtectionForAPD>
    <vmStorageProtectionForPDL>clusterDefault</vmStorageProtectionForPDL><vmTerminateDelayForAPDSec>-1</vmTerminateDelayForAPDSec>
    <vmReactionOnAPDCleared>reset</vmReactionOnAPDCleared></vmComponentProtectionSettings>
</dasSettings></dasVmConfig>
<dasVmConfig><key>vm-2</key><restartPriority>disabled</restartPriority></dasVmConfig>
<drsVmConfig><key>vm-2</key><enabled>false</enabled><behavior>manual</behavior></drsVmConfig>
<drsVmConfig><key>vm-3</key><enabled>true</enabled><behavior>manual</behavior></drsVmConfig>
<vmOrchestration><vm>vm-3</vm><vmReadiness><readyCondition>poweredOn</readyCondition><postReadyDelay>30</postReadyDelay></vmReadiness></vmOrchestration>
<vmOrchestration><vm>vm-4</vm><vmReadiness><readyCondition>useClusterDefault</readyCondition><postReadyDelay>5</postReadyDelay></vmReadiness></vmOrchestration>`),
    );
    const none = {
      restartPriority: undefined,
      restartTimeoutSeconds: undefined,
      readiness: undefined,
      drs: undefined,
      isolationResponse: undefined,
      monitoring: undefined,
      componentProtection: undefined,
    };
    assert.deepEqual(read, [
      {
        vm: "vm-1",
        restartPriority: "highest",
        restartTimeoutSeconds: 90,
        readiness: undefined,
        isolationResponse: "shutdown",
        monitoring: {
          mode: "vmMonitoringOnly",
          followsCluster: true,
          failureInterval: 50,
          minUpTime: 60,
          maxFailures: 2,
          maxFailureWindow: -1,
        },
        componentProtection: {
          apd: "restartAggressive",
          pdl: undefined,
          apdDelaySeconds: undefined,
          apdCleared: "reset",
        },
        drs: undefined,
      },
      { vm: "vm-2", ...none, restartPriority: "disabled", drs: "disabled" },
      { vm: "vm-3", ...none, drs: "manual", readiness: { condition: "poweredOn", delaySeconds: 30 } },
      { vm: "vm-4", ...none, readiness: { condition: undefined, delaySeconds: 5 } },
    ]);
  });

  it("that stand for the cluster's settings are none", () => {
    const [read] = readOverrides(
      configuration(`<dasVmConfig><key>vm-1</key><dasSettings><restartPriority>clusterRestartPriority</restartPriority>
        <isolationResponse>clusterIsolationResponse</isolationResponse><restartPriorityTimeout>-1</restartPriorityTimeout>
        </dasSettings></dasVmConfig><vmOrchestration><vm>vm-1</vm><vmReadiness><readyCondition>useClusterDefault</readyCondition>
        <postReadyDelay>-1</postReadyDelay></vmReadiness></vmOrchestration>`),
    );
    assert.equal(read?.restartPriority, undefined);
    assert.equal(read?.restartTimeoutSeconds, undefined);
    assert.equal(read?.readiness, undefined);
    assert.equal(read?.isolationResponse, undefined);
  });
});
