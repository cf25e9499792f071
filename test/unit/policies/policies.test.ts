import assert from "node:assert/strict";
import { vmHardening } from "../../../components/vmHardening";
import { rules } from "../../../policies/policies";
import * as types from "../../../policies/types";
import { type Proposed, unknown, violations } from "./proposed";

const cluster = (props: object, more: Partial<Proposed> = {}): Proposed => ({
  type: types.cluster,
  name: "cluster",
  props: { haEnabled: true, hostSystemIds: ["host-1", "host-2", "host-3"], ...props },
  ...more,
});
const vm = (props: object, more: Partial<Proposed> = {}): Proposed => ({ type: types.vm, name: "vm", props, ...more });
const onCluster = { resourcePoolId: ["cluster"] };
const extra = (key: string, value?: unknown): Proposed =>
  vm({
    extraConfig: {
      ...Object.fromEntries(Object.entries(vmHardening).filter(([k]) => k !== key)),
      ...(value !== undefined && { [key]: value }),
    },
  });
const nas = (hostSystemIds: unknown): Proposed => ({
  type: types.nasDatastore,
  name: "store",
  props: { hostSystemIds },
});
const stored = vm({ datastoreId: unknown }, { from: { ...onCluster, datastoreId: ["store"] } });
const override = (props: object, from: Record<string, string[]> = { computeClusterId: ["cluster"] }): Proposed => ({
  type: types.haOverride,
  name: "override",
  props,
  from,
});
const drsOverride = (props: object): Proposed => ({
  ...override({ drsEnabled: true, ...props }),
  type: types.drsOverride,
});
const protecting = cluster({
  haDatastorePdlResponse: "restartAggressive",
  haDatastoreApdResponse: "restartConservative",
  haHostIsolationResponse: "powerOff",
  haVmMonitoring: "vmMonitoringOnly",
  drsEnabled: true,
  drsAutomationLevel: "fullyAutomated",
});
const tagged = (description: string, category: string): Proposed[] => [
  { type: types.tagCategory, name: "category", props: { name: category } },
  { type: types.tag, name: "tag", props: { name: "t", description }, from: { categoryId: ["category"] } },
  vm({ tags: [unknown] }, { from: { tags: ["tag"] } }),
  override({ haVmRestartPriority: "disabled" }, { virtualMachineId: ["vm"] }),
];
const ofVm = (props: object): Proposed[] => [vm({}), override(props, { virtualMachineId: ["vm"] })];
const hostGroup = (hosts: unknown): Proposed => ({
  type: types.hostGroup,
  name: "group",
  props: { name: "g", hostSystemIds: hosts },
});
const rule = (props: object, property = "affinityHostGroupName"): Proposed => ({
  type: types.vmHostRule,
  name: "rule",
  props: { mandatory: true, enabled: true, [property]: "g", ...props },
  from: { [property]: ["group"], computeClusterId: ["cluster"] },
});
const instance: Proposed = { type: types.instance, name: "instance", props: {}, from: { flavorId: ["Flavor"] } };
const flavor = (ram: unknown): Proposed => ({ type: types.flavor, props: { ram } });
const openRule = (props: object): Proposed => ({
  type: types.securityGroupRule,
  name: "in",
  props: { direction: "ingress", remoteIpPrefix: "0.0.0.0/0", portRangeMin: 22, portRangeMax: 22, ...props },
});
const novaScript = (insecure: string): string => `file='x'\n[vmware]\nhost_ip = "vc"\ninsecure = ${insecure}\n`;
const remote = (stdin: unknown): Proposed => ({ type: types.remoteCommand, name: "service", props: { stdin } });

interface Cases {
  /** Stacks without a violation. */
  pass: Proposed[][];
  /** Stacks with exactly one violation, and what its message names. */
  fail: [stack: Proposed[], message: RegExp][];
  /** Stacks that fail with the value known, and say nothing without it. */
  unknown: Proposed[][];
  /** A configuration, a stack, and whether it fails with it; the other way round without it. */
  configured?: [config: object, stack: Proposed[], fails: boolean];
  /** Guests that are exempt without configuration. */
  exemptGuest?: Proposed;
}

const settingCases = (key: string, good: unknown, bad: unknown, allowed?: string): Cases => ({
  pass: [[cluster({ [key]: good })], ...(key === "haEnabled" ? [] : [[cluster({ [key]: bad, haEnabled: false })]])],
  fail: [[[cluster({ [key]: bad })], new RegExp(`${key} is ${JSON.stringify(bad)}`)]],
  unknown: [[cluster({ [key]: unknown })]],
  ...(allowed !== undefined && { configured: [{ allowed: [allowed] }, [cluster({ [key]: good })], true] }),
});
const advancedCases = (key: string, bad: string, configured?: Cases["configured"]): Cases => ({
  pass: [[extra(key, vmHardening[key])], [extra(key.toUpperCase(), vmHardening[key]?.toLowerCase())]],
  fail: [
    [[extra(key, bad)], new RegExp(`${key} is "${bad}"`)],
    [[extra(key)], new RegExp(`${key} is not stated`)],
    [[vm({})], /is not stated/],
    [[extra(key, "nonsense")], /nonsense/],
  ],
  unknown: [[extra(key, unknown)], [vm({ extraConfig: unknown })]],
  ...(configured && { configured }),
});
const deviceCases = (key: string): Cases => ({
  pass: [[vm({})], [vm({ extraConfig: { [key]: "FALSE" } })]],
  fail: [[[vm({ extraConfig: { [key]: "true" } })], new RegExp(key)]],
  unknown: [[vm({ extraConfig: { [key]: unknown } })], [vm({ extraConfig: unknown })]],
});
const switchCases = (key: string, inherited: boolean): Cases => ({
  pass: [
    ...[types.hostSwitch, types.hostPortGroup, types.distributedSwitch].map((type) => [
      { type, props: { [key]: false } },
    ]),
    [{ type: types.distributedPortGroup, props: {} }],
    ...(inherited ? [] : [[{ type: types.hostPortGroup, props: {} }]]),
  ],
  fail: [
    ...[types.hostSwitch, types.hostPortGroup, types.distributedSwitch, types.distributedPortGroup].map(
      (type): [Proposed[], RegExp] => [[{ type, props: { [key]: true } }], new RegExp(`${key} is true`)],
    ),
    ...(inherited ? [[[{ type: types.hostPortGroup, props: {} }], /inherited/] as [Proposed[], RegExp]] : []),
  ],
  unknown: [[{ type: types.hostPortGroup, props: { [key]: unknown } }]],
});

const cases: Record<string, Cases> = {
  "ha-enabled": settingCases("haEnabled", true, false),
  "ha-host-monitoring": settingCases("haHostMonitoring", "enabled", "disabled", "disabled"),
  "ha-admission-control": settingCases("haAdmissionControlPolicy", "slotPolicy", "disabled", "failoverHosts"),
  "ha-component-protection": settingCases("haVmComponentProtection", "enabled", "disabled", "disabled"),
  "ha-pdl-response": settingCases("haDatastorePdlResponse", "restartAggressive", "warning", "warning"),
  "ha-apd-response": settingCases("haDatastoreApdResponse", "restartConservative", "disabled", "restartAggressive"),
  "cluster-hosts": {
    pass: [
      [cluster({ hostSystemIds: [unknown, unknown] })],
      [
        cluster({ hostSystemIds: null }),
        { type: types.host, name: "a", props: {}, from: { cluster: ["cluster"] } },
        { type: types.host, name: "b", props: {}, from: { cluster: ["cluster"] } },
      ],
    ],
    fail: [
      [[cluster({ hostSystemIds: [unknown] })], /number of hosts is 1/],
      [[cluster({ hostSystemIds: null })], /number of hosts is 0/],
    ],
    unknown: [[cluster({ hostSystemIds: unknown })]],
    configured: [{ least: 4 }, [cluster({})], true],
  },
  "ha-heartbeat-datastores": {
    pass: [
      [cluster({ haHeartbeatDatastoreIds: ["a", unknown] })],
      [cluster({ haHeartbeatDatastorePolicy: "allFeasibleDs" })],
      [cluster({ haEnabled: false })],
    ],
    fail: [
      [[cluster({ haHeartbeatDatastoreIds: ["a"] })], /haHeartbeatDatastoreIds is 1/],
      [[cluster({ haHeartbeatDatastorePolicy: "userSelectedDs" })], /haHeartbeatDatastoreIds is 0/],
    ],
    unknown: [[cluster({ haHeartbeatDatastoreIds: unknown })], [cluster({ haHeartbeatDatastorePolicy: unknown })]],
    configured: [{ least: 3 }, [cluster({ haHeartbeatDatastoreIds: ["a", "b"] })], true],
  },
  "vm-shared-storage": {
    pass: [[cluster({}), nas(["1", "2", "3"]), stored], [vm({ datastoreId: "datastore-9" })]],
    fail: [
      [[cluster({}), nas(["1", "2"]), stored], /store is mounted on 2 hosts, must be on 3/],
      [[cluster({}), nas(["1"]), vm({}, { from: { ...onCluster, disks: ["store"] } })], /store is mounted on 1 hosts/],
      [[nas(["1"]), vm({}, { from: { datastoreId: ["store"] } })], /must be on 2/],
    ],
    unknown: [[cluster({}), nas(unknown), stored], [vm({ datastoreId: unknown })]],
    configured: [{ sharedDatastoreIds: ["datastore-1"] }, [vm({ datastoreId: "datastore-9" })], true],
  },
  "vm-restart-disabled": {
    pass: [tagged("licensed for one host", "restart-disabled"), ofVm({ haVmRestartPriority: "low" })],
    fail: [
      [tagged("", "restart-disabled"), /haVmRestartPriority is "disabled"/],
      [tagged("a reason", "colour"), /haVmRestartPriority is "disabled"/],
      [ofVm({ haVmRestartPriority: "disabled" }), /no tag says why/],
      [[override({ haVmRestartPriority: "disabled" }, {})], /no tag says why/],
    ],
    unknown: [ofVm({ haVmRestartPriority: unknown })],
    configured: [{ categories: ["colour"] }, tagged("a reason", "colour"), false],
  },
  "vm-overrides": {
    pass: [
      [protecting, override({ haDatastorePdlResponse: "clusterDefault", haVmMonitoring: "vmMonitoringDisabled" })],
      [protecting, override({ haDatastoreApdResponse: "restartAggressive", haHostIsolationResponse: "shutdown" })],
      [cluster({}), override({ haDatastorePdlResponse: "disabled", haHostIsolationResponse: "none" })],
      [protecting, drsOverride({ drsAutomationLevel: "fullyAutomated" })],
      [cluster({ drsEnabled: false }), drsOverride({ drsEnabled: false })],
      [override({ haHostIsolationResponse: "none" }, {})],
    ],
    fail: [
      [[protecting, override({ haDatastorePdlResponse: "warning" })], /haDatastorePdlResponse is "warning"/],
      [[protecting, override({ haDatastoreApdResponse: "disabled" })], /haDatastoreApdResponse is "disabled"/],
      [[protecting, override({ haHostIsolationResponse: "none" })], /haHostIsolationResponse is "none"/],
      [
        [protecting, override({ haVmMonitoring: "vmMonitoringDisabled", haVmMonitoringUseClusterDefaults: false })],
        /haVmMonitoring is "vmMonitoringDisabled"/,
      ],
      [[override({ haDatastoreApdResponse: "warning" }, {})], /restartConservative/],
      [[protecting, drsOverride({ drsEnabled: false })], /drsEnabled is false/],
      [[protecting, drsOverride({ drsAutomationLevel: "manual" })], /drsAutomationLevel is "manual"/],
    ],
    unknown: [
      [protecting, override({ haDatastorePdlResponse: unknown })],
      [cluster({ haDatastorePdlResponse: unknown }), override({ haDatastorePdlResponse: "disabled" })],
    ],
  },
  "vm-host-rules": {
    pass: [
      [cluster({}), hostGroup(["1", unknown]), rule({})],
      [cluster({}), hostGroup(["1"]), rule({ mandatory: false })],
      [cluster({}), hostGroup(["1"]), rule({ enabled: false })],
      [cluster({}), hostGroup(["1"]), rule({}, "antiAffinityHostGroupName")],
    ],
    fail: [
      [[cluster({}), hostGroup(["1"]), rule({})], /hosts left is 1/],
      [[cluster({}), hostGroup(["1"]), rule({ affinityHostGroupName: unknown })], /hosts left is 1/],
      [[cluster({}), hostGroup(["1", "2"]), rule({}, "antiAffinityHostGroupName")], /hosts left is 1/],
    ],
    unknown: [
      [cluster({}), hostGroup(unknown), rule({})],
      [cluster({}), hostGroup(unknown), rule({}, "antiAffinityHostGroupName")],
    ],
    configured: [{ least: 3 }, [cluster({}), hostGroup(["1", "2"]), rule({})], true],
  },
  "drs-for-openstack": {
    pass: [[cluster({ drsEnabled: false })], [protecting, flavor(4)]],
    fail: [
      [[cluster({ drsEnabled: true }), flavor(4)], /drsAutomationLevel is "manual"/],
      [[cluster({ drsAutomationLevel: "fullyAutomated" }), flavor(4)], /drsEnabled is false/],
    ],
    unknown: [[cluster({ drsEnabled: unknown, drsAutomationLevel: unknown }), flavor(4)]],
  },
  "flavor-memory": {
    pass: [[flavor(512)]],
    fail: [[[flavor(511)], /ram is 511/]],
    unknown: [[flavor(unknown)]],
  },
  "cluster-capacity": {
    pass: [
      [cluster({})],
      [
        cluster({
          haAdmissionControlResourcePercentageAutoCompute: false,
          haAdmissionControlResourcePercentageCpu: 34,
          haAdmissionControlResourcePercentageMemory: 34,
        }),
      ],
      [cluster({ haAdmissionControlHostFailureTolerance: 3, haEnabled: false })],
    ],
    fail: [
      [
        [cluster({ haAdmissionControlHostFailureTolerance: 3 })],
        /FailureTolerance is 3, must be less than the 3 hosts/,
      ],
      [
        [
          cluster({
            haAdmissionControlResourcePercentageAutoCompute: false,
            haAdmissionControlResourcePercentageCpu: 33,
          }),
        ],
        /PercentageCpu is 33, must be 34 or more/,
      ],
      [
        [cluster({ haAdmissionControlPolicy: "failoverHosts", haAdmissionControlFailoverHostSystemIds: [] })],
        /failover hosts is 0/,
      ],
    ],
    unknown: [
      [cluster({ hostSystemIds: unknown, haAdmissionControlHostFailureTolerance: 3 })],
      [cluster({ haAdmissionControlHostFailureTolerance: unknown })],
    ],
    configured: [
      { hostMemoryMb: 4096 },
      [
        cluster({}),
        ...["a", "b"].map((name) => vm({ memory: 3000 }, { name, from: onCluster })),
        flavor(2000),
        instance,
      ],
      true,
    ],
  },
  "vm-console-copy": advancedCases("isolation.tools.copy.disable", "FALSE"),
  "vm-console-paste": advancedCases("isolation.tools.paste.disable", "FALSE"),
  "vm-console-drag-and-drop": advancedCases("isolation.tools.dnd.disable", "FALSE"),
  "vm-console-gui-options": advancedCases("isolation.tools.setGUIOptions.enable", "TRUE"),
  "vm-disk-shrink": advancedCases("isolation.tools.diskShrink.disable", "FALSE"),
  "vm-disk-wiper": advancedCases("isolation.tools.diskWiper.disable", "FALSE"),
  "vm-device-connect": advancedCases("isolation.device.connectable.disable", "FALSE"),
  "vm-remote-display": advancedCases("RemoteDisplay.maxConnections", "2", [
    { most: 2 },
    [extra("RemoteDisplay.maxConnections", "2")],
    false,
  ]),
  "vm-log-size": advancedCases("log.rotateSize", "4096000", [{ most: 1000 }, [extra("log.rotateSize", "2000")], true]),
  "vm-log-files": advancedCases("log.keepOld", "9", [{ least: 5 }, [extra("log.keepOld", "9")], false]),
  "vm-floppy": deviceCases("floppy0.present"),
  "vm-serial-port": deviceCases("serial1.present"),
  "vm-parallel-port": deviceCases("parallel0.present"),
  "vm-secure-boot": {
    pass: [[vm({ firmware: "efi", efiSecureBootEnabled: true })]],
    fail: [
      [[vm({})], /firmware is "bios"/],
      [[vm({ firmware: "efi" })], /efiSecureBootEnabled is false/],
      [[vm({ guestId: unknown })], /firmware is "bios"/],
    ],
    unknown: [[vm({ firmware: unknown, efiSecureBootEnabled: unknown })]],
    exemptGuest: vm({ guestId: "winXPProGuest" }),
  },
  "vm-hardware-version": {
    pass: [[vm({})], [vm({ hardwareVersion: 19 })]],
    fail: [[[vm({ hardwareVersion: 18 })], /hardwareVersion is 18/]],
    unknown: [[vm({ hardwareVersion: unknown })]],
    configured: [{ least: 21 }, [vm({ hardwareVersion: 20 })], true],
  },
  "host-lockdown": {
    pass: [[{ type: types.host, props: { lockdown: "normal" } }]],
    fail: [
      [[{ type: types.host, props: { lockdown: "disabled" } }], /lockdown is "disabled"/],
      [[{ type: types.host, props: {} }], /lockdown is "disabled"/],
    ],
    unknown: [[{ type: types.host, props: { lockdown: unknown } }]],
    configured: [{ allowed: ["strict"] }, [{ type: types.host, props: { lockdown: "normal" } }], true],
  },
  "network-promiscuous-mode": switchCases("allowPromiscuous", false),
  "network-forged-transmits": switchCases("allowForgedTransmits", true),
  "network-mac-changes": switchCases("allowMacChanges", true),
  "certificates-verified": {
    pass: [
      [{ type: types.openstackProvider, props: { insecure: "false" } }],
      [{ type: types.vsphereProvider, props: {} }],
      [remote(novaScript("false"))],
      [remote("echo insecure = true")],
    ],
    fail: [
      [[{ type: types.openstackProvider, props: { insecure: "true" } }], /insecure is true/],
      [[{ type: types.vsphereProvider, props: { allowUnverifiedSsl: true } }], /allowUnverifiedSsl is true/],
      [[remote(novaScript("true"))], /nova's \[vmware\]/],
    ],
    unknown: [[{ type: types.openstackProvider, props: { insecure: unknown } }], [remote(unknown)]],
  },
  "image-visibility": {
    pass: [[{ type: types.image, props: {} }]],
    fail: [[[{ type: types.image, props: { visibility: "public" } }], /visibility is "public"/]],
    unknown: [[{ type: types.image, props: { visibility: unknown } }]],
    configured: [{ allowed: ["public"] }, [{ type: types.image, props: { visibility: "public" } }], false],
  },
  "security-group-open": {
    pass: [
      [openRule({ remoteIpPrefix: "192.0.2.0/24" })],
      [openRule({ direction: "egress" })],
      [openRule({ remoteIpPrefix: null, remoteGroupId: "group" })],
    ],
    fail: [
      [[openRule({})], /"0.0.0.0\/0" for ports 22 to 22/],
      [[openRule({ remoteIpPrefix: "::/0" })], /"::\/0"/],
      [[openRule({ remoteIpPrefix: "192.0.2.0/0" })], /192/],
      [[openRule({ remoteIpPrefix: null, portRangeMin: null, portRangeMax: null })], /not stated for all ports/],
    ],
    unknown: [
      [openRule({ remoteIpPrefix: unknown })],
      [openRule({ direction: unknown })],
      [openRule({ remoteIpPrefix: null, remoteGroupId: unknown })],
    ],
    configured: [{ openPorts: [22] }, [openRule({})], false],
  },
};

/** The one violation of a stack that fails. */
async function theOne(name: string, stack: Proposed[], config?: object): Promise<string> {
  const said = await violations(name, stack, config);
  assert.equal(said.length, 1, `${JSON.stringify(stack)}: ${said.join("; ")}`);
  return said[0] ?? "";
}

describe("the policies", () => {
  it("are all among these cases, and configured wherever they have a setting", () => {
    assert.deepEqual(Object.keys(cases).sort(), rules.map(({ name }) => name).sort());
    for (const { name, settings, exemptions } of rules) {
      assert.equal(cases[name]?.configured !== undefined, settings !== undefined, `${name} is configured`);
      assert.equal(cases[name]?.exemptGuest !== undefined, exemptions !== undefined, `${name} exempts guests`);
    }
  });

  for (const policy of rules) {
    const { pass, fail, unknown: notYet, configured, exemptGuest } = cases[policy.name] as Cases;
    describe(policy.name, () => {
      it("passes", async () => {
        for (const stack of pass) assert.deepEqual(await violations(policy.name, stack), [], JSON.stringify(stack));
      });

      it("fails, saying on what, what to do, and where the rule comes from", async () => {
        for (const [stack, message] of fail) {
          const said = await theOne(policy.name, stack);
          assert.match(said, message);
          assert.ok(said.includes(policy.remedy) && said.includes(policy.source), said);
          assert.ok(
            stack.some(({ name, type }) => said.startsWith(`${name ?? type.split(":").at(-1) ?? ""}: `)),
            said,
          );
        }
      });

      it("says nothing of a value that the preview does not know yet", async () => {
        for (const stack of notYet) assert.deepEqual(await violations(policy.name, stack), [], JSON.stringify(stack));
      });

      it("says nothing of what is exempt by its name", async () => {
        for (const [stack] of fail) {
          const names = stack.map(({ name, type }) => name ?? type.split(":").at(-1) ?? "");
          const exempt = Object.fromEntries(names.map((name) => [`${name.slice(0, 2)}*`, "a reason"]));
          assert.deepEqual(await violations(policy.name, stack, { exempt }), []);
          assert.equal((await violations(policy.name, stack, { exempt: { "an*other": "a reason" } })).length, 1);
        }
      });

      if (configured) {
        const [config, stack, fails] = configured;
        it(`${fails ? "fails" : "passes"} when it is configured with ${JSON.stringify(config)}`, async () => {
          assert.equal((await violations(policy.name, stack, config)).length, fails ? 1 : 0);
          assert.equal((await violations(policy.name, stack)).length, fails ? 0 : 1, "without configuration");
        });
      }

      if (exemptGuest) {
        it("says nothing of Windows XP, with the reason", async () => {
          assert.deepEqual(await violations(policy.name, [exemptGuest]), []);
          assert.ok(policy.exemptions?.every(({ reason }) => reason !== ""));
        });
      }
    });
  }
});
