import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:tls";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import { readFileSync, writeFileSync } from "node:fs";
import type { Lab } from "../../lab/lab";
import type { Inventory, Verdict } from "../../verification/model";
import { element, refElement } from "../../verification/vcenter/xml";
import {
  das,
  inReverse,
  option,
  override,
  reconfigure,
  rule,
  settings,
  vmElement,
  vmHostRule,
  vms,
  type Undo,
} from "./clusterEdits";
import { makeCertificates } from "../unit/verification/net/certificates";
import type { Administrator } from "./smallCluster";

/** What a break works on. */
export interface Field {
  lab: Lab;
  admin: Administrator;
  inventory: () => Promise<Inventory>;
  /** Asks the lab for a disturbance; the result ends it. */
  fault: (body: Record<string, string | number>) => Promise<() => Promise<void>>;
  /** Declares further settings of the cluster until they are taken back. */
  declare: (settings: Record<string, string | number | boolean>) => () => void;
  /** Looks at vCenter through another address, with other certificates to trust. */
  lookThrough: (server: string, caFile: string) => Promise<() => Promise<void>>;
}

export interface Break {
  check: string;
  /** Completes `when …`. */
  when: string;
  breakIt: (field: Field) => Promise<Undo>;
  /** Each finding as `subject: read; expected`, joined by `|`. */
  finds: RegExp;
  /** Other verdicts that follow from the same thing. */
  also?: Record<string, Verdict>;
}

const clusterName = "compute-1";

/** For each check of the cluster, what breaks it in vCenter; each is what people do to a cluster, by the calls that they do it with. */
export const breaks: readonly Break[] = [
  {
    check: "ha-settings-as-declared",
    when: "somebody turned a setting",
    breakIt: async ({ admin, declare }) => {
      const undeclare = declare({ haVmRestartPriority: "medium" });
      const priority = (value: string): string =>
        `<dasConfig><defaultVmSettings><restartPriority>${value}</restartPriority></defaultVmSettings></dasConfig>`;
      await reconfigure(admin, priority("low"));
      return async () => {
        await reconfigure(admin, priority("medium"));
        undeclare();
      };
    },
    finds: /^haVmRestartPriority: low; medium$/,
  },
  {
    check: "drs-settings-as-declared",
    when: "somebody set DRS to manual",
    breakIt: ({ admin }) =>
      settings(
        admin,
        "<drsConfig><defaultVmBehavior>manual</defaultVmBehavior></drsConfig>",
        "<drsConfig><defaultVmBehavior>fullyAutomated</defaultVmBehavior></drsConfig>",
      ),
    finds: /^drsAutomationLevel: manual; fullyAutomated$/,
  },
  {
    check: "ha-enabled",
    when: "HA was turned off",
    breakIt: ({ admin }) => das(admin, "<enabled>false</enabled>", "<enabled>true</enabled>"),
    finds: /^haEnabled: false; true$/,
    also: {
      "ha-settings-as-declared": "failed",
      ...Object.fromEntries(
        [
          "ha-host-monitoring",
          "ha-admission-control-enabled",
          "fdm-single-master",
          "fdm-secondaries-connected",
          "heartbeat-datastores",
          "isolation-address",
          "vms-ha-protected",
          "vms-restart-not-disabled",
        ].map((id) => [id, "not-applicable" as const]),
      ),
    },
  },
  {
    check: "ha-host-monitoring",
    when: "it was left off after work on the network",
    breakIt: ({ admin }) =>
      das(admin, "<hostMonitoring>disabled</hostMonitoring>", "<hostMonitoring>enabled</hostMonitoring>"),
    finds: /^haHostMonitoring: disabled; enabled$/,
  },
  {
    check: "ha-admission-control-enabled",
    when: "it was turned off to start one more VM",
    breakIt: ({ admin }) =>
      das(
        admin,
        "<admissionControlEnabled>false</admissionControlEnabled>",
        "<admissionControlEnabled>true</admissionControlEnabled>",
      ),
    finds: /^haAdmissionControlPolicy: disabled; resourcePercentage, slotPolicy or failoverHosts$/,
  },
  {
    check: "ha-admission-control-satisfied",
    when: "less is set aside than a host has",
    breakIt: ({ admin }) => {
      const share = (percent: string, computed: boolean): string =>
        '<admissionControlPolicy xsi:type="ClusterFailoverResourcesAdmissionControlPolicy">' +
        `<cpuFailoverResourcesPercent>${percent}</cpuFailoverResourcesPercent>` +
        `<memoryFailoverResourcesPercent>${percent}</memoryFailoverResourcesPercent>` +
        `<failoverLevel>1</failoverLevel><autoComputePercentages>${String(computed)}</autoComputePercentages>` +
        "</admissionControlPolicy>";
      return das(admin, share("10", false), share("34", true));
    },
    finds: /^CPU: 10 % set aside; at least 25\.0 % for 1 host\|memory: 10 % set aside; at least 25\.0 % for 1 host$/,
  },
  {
    check: "fdm-single-master",
    when: "a second agent takes itself for the master",
    breakIt: async ({ fault, inventory }) => {
      const { hosts } = await inventory();
      const secondary = hosts.find(({ fdmState }) => fdmState === "connectedToMaster");
      return fault({ kind: "fdmState", host: secondary?.name ?? "", state: "master" });
    },
    finds: /^FDM master: esx-0\d\.lab\.test, esx-0\d\.lab\.test; one host$/,
  },
  {
    check: "fdm-secondaries-connected",
    when: "an agent lost its master",
    breakIt: async ({ fault, inventory }) => {
      const { hosts } = await inventory();
      const secondary = hosts.find(({ fdmState }) => fdmState === "connectedToMaster");
      return fault({ kind: "fdmState", host: secondary?.name ?? "", state: "networkPartitionedFromMaster" });
    },
    finds: /^esx-0\d\.lab\.test: networkPartitionedFromMaster; connectedToMaster$/,
  },
  {
    check: "hosts-present",
    when: "a host was taken out of the cluster",
    breakIt: async (field) => {
      const { admin } = field;
      const host = await admin.find("HostSystem", await freeHost(field));
      const name = await admin.nameOf(host);
      await admin.task("EnterMaintenanceMode_Task", host, "<timeout>0</timeout>");
      await admin.task("Destroy_Task", host);
      return async () => admin.addHost(await admin.find("ClusterComputeResource", clusterName), name);
    },
    finds: /^esx-0\d\.lab\.test: not in the cluster; member of the cluster$/,
  },
  {
    check: "hosts-connected",
    when: "a host was disconnected",
    breakIt: async (field) => {
      const host = await field.admin.find("HostSystem", await freeHost(field));
      await field.admin.task("DisconnectHost_Task", host);
      return () => field.admin.task("ReconnectHost_Task", host);
    },
    finds: /^esx-0\d\.lab\.test: disconnected, \w+; connected, poweredOn$/,
  },
  {
    check: "hosts-not-in-maintenance",
    when: "a host was taken out of service",
    breakIt: async ({ admin }) => {
      const host = await admin.find("HostSystem", "esx-02.lab.test");
      await admin.task("EnterMaintenanceMode_Task", host, "<timeout>0</timeout>");
      return () => admin.task("ExitMaintenanceMode_Task", host, "<timeout>0</timeout>");
    },
    finds: /^esx-02\.lab\.test: in maintenance mode; in service$/,
  },
  {
    check: "heartbeat-datastores",
    when: "a host lacks one, and vCenter is told not to mind",
    breakIt: async (field) => {
      const host = await freeHost(field);
      await option(field.admin, "das.ignoreInsufficientHbDatastore", "true");
      await field.admin.unmount(host, "ha-b");
      return async () => {
        await field.admin.mount(host, "ha-b");
        await option(field.admin, "das.ignoreInsufficientHbDatastore", "false");
      };
    },
    finds: /^esx-0\d\.lab\.test: 1: ha-a; 2$/,
  },
  {
    check: "isolation-address",
    when: "the gateway is not used and nothing stands for it",
    breakIt: async ({ admin }) => {
      await option(admin, "das.usedefaultisolationaddress", "false");
      return () => option(admin, "das.usedefaultisolationaddress", "true");
    },
    finds: /^haAdvancedOptions: the default gateway is not used, and no address is stated; an address to ask$/,
  },
  {
    check: "management-network-redundant",
    when: "an uplink was taken away",
    breakIt: async ({ admin }) => {
      await admin.uplinks("esx-01.lab.test", ["vmnic0"]);
      return () => admin.uplinks("esx-01.lab.test", ["vmnic0", "vmnic1"]);
    },
    finds: /^esx-01\.lab\.test: vmk0 over vmnic0; two physical adapters or more$/,
  },
  {
    check: "host-clocks-kept",
    when: "the time service was stopped",
    breakIt: async ({ admin }) => {
      await admin.service("esx-02.lab.test", "Stop", "ntpd");
      return () => admin.service("esx-02.lab.test", "Start", "ntpd");
    },
    finds: /^esx-02\.lab\.test: .+, service stopped; time servers, service running$/,
  },
  {
    check: "host-versions-alike",
    when: "one host was left out of an update",
    breakIt: ({ fault }) => fault({ kind: "hostVersion", host: "esx-03.lab.test", state: "7.0.3" }),
    finds: /^esx-03\.lab\.test: .*7\.0\.3.*; .*8\.0\.\d.*$/,
  },
  {
    check: "apd-handled",
    when: "a host was told to retry lost paths without end",
    breakIt: ({ admin }) => protecting(admin, "Misc.APDHandlingEnable", [0, 1]),
    finds: /^esx-02\.lab\.test: Misc\.APDHandlingEnable 0; 1$/,
    also: { "apd-timeout-alike": "passed" },
  },
  {
    check: "apd-timeout-alike",
    when: "a host was given another time-out",
    breakIt: ({ admin }) => protecting(admin, "Misc.APDTimeout", [60, 140]),
    finds: /^esx-02\.lab\.test: 60 s; 140 s$/,
    also: { "apd-handled": "passed" },
  },
  {
    check: "no-config-issues",
    when: "vCenter warns of an open shell",
    breakIt: async ({ admin }) => {
      const suppress = (value: number) => admin.hostOption("esx-01.lab.test", "UserVars.SuppressShellWarning", value);
      await suppress(0);
      return () => suppress(1);
    },
    finds: /^esx-01\.lab\.test: SSH for the host \S+ has been enabled; no issue$/,
  },
  {
    check: "rules-agree",
    when: "VMs are to run together and on different hosts",
    breakIt: async ({ admin }) => {
      const [ubuntu, xp] = await vms(admin);
      const undo = [
        await vmHostRule(admin, "first", ubuntu, ["esx-01.lab.test", "esx-02.lab.test"]),
        await vmHostRule(admin, "second", xp, ["esx-03.lab.test", "esx-04.lab.test"]),
        await rule(admin, "together", "ClusterAffinityRuleSpec", [ubuntu, xp].map(vmElement).join("")),
      ];
      return () => inReverse(undo);
    },
    finds: /^ubuntu-1, xp-1: together by together, on no common host by first, second; rules that can hold at once$/,
  },
  {
    check: "rules-leave-room-for-failover",
    when: "as many VMs are kept apart as there are hosts",
    breakIt: async ({ admin, declare }) => {
      // Of four hosts, three may fail.
      const undeclare = declare({ haAdmissionControlHostFailureTolerance: 3 });
      const level = (hosts: number): string =>
        '<dasConfig><admissionControlPolicy xsi:type="ClusterFailoverResourcesAdmissionControlPolicy">' +
        `<failoverLevel>${hosts.toString()}</failoverLevel><autoComputePercentages>true</autoComputePercentages>` +
        "</admissionControlPolicy></dasConfig>";
      await reconfigure(admin, level(3));
      const undo = await rule(
        admin,
        "apart",
        "ClusterAntiAffinityRuleSpec",
        (await vms(admin)).map(vmElement).join(""),
      );
      return async () => {
        await undo();
        await reconfigure(admin, level(1));
        undeclare();
      };
    },
    finds: /^apart: 2 running VMs apart; at most 1$/,
    also: { "rules-agree": "passed" },
  },
  {
    check: "overrides-in-effect",
    when: "a VM has its own monitoring and follows the cluster's all the same",
    breakIt: async ({ admin }) => {
      const [ubuntu] = await vms(admin);
      return override(
        admin,
        ubuntu,
        "<vmToolsMonitoringSettings><vmMonitoring>vmMonitoringOnly</vmMonitoring><clusterSettings>true</clusterSettings>" +
          "</vmToolsMonitoringSettings>",
      );
    },
    finds: /^ubuntu-1: VM monitoring vmMonitoringOnly, and the VM follows the cluster's settings; /,
  },
  {
    check: "vcenter-certificate",
    when: "it ends in two days",
    breakIt: async ({ lab, lookThrough }) => {
      const made = makeCertificates();
      const caFile = join(lab.dir, "both.pem");
      const own = lab.env.VSPHERE_HA_CA_FILE ?? "";
      writeFileSync(caFile, readFileSync(own, "utf8") + readFileSync(made.caFile, "utf8"));
      const { hostname, port } = new URL(`https://${lab.env.VSPHERE_SERVER ?? ""}`);
      const sockets = new Set<Socket>();
      const inFront = createServer({ cert: made.cert, key: made.key }, (incoming) => {
        const onward = connect({ host: hostname, port: Number(port), ca: readFileSync(own) });
        for (const socket of [incoming, onward]) {
          sockets.add(socket);
          // Either side may end first; the verifier tells what it means for it.
          socket.on("error", () => socket.destroy());
        }
        incoming.pipe(onward).pipe(incoming);
      });
      inFront.listen(0, "127.0.0.1");
      await once(inFront, "listening");
      const back = await lookThrough(`127.0.0.1:${String((inFront.address() as AddressInfo).port)}`, caFile);
      return async () => {
        await back();
        for (const socket of sockets) socket.destroy();
        inFront.close();
        made.remove();
      };
    },
    finds: /^127\.0\.0\.1:\d+: expires on \d{4}-\d\d-\d\d; valid for 14 days$/,
  },
  {
    check: "vms-present",
    when: "somebody gave a VM another name",
    breakIt: async ({ admin }) => {
      const vm = await admin.find("VirtualMachine", "ubuntu-1");
      await admin.task("Rename_Task", vm, element("newName", "ubuntu-old"));
      return () => admin.task("Rename_Task", vm, element("newName", "ubuntu-1"));
    },
    finds: /^ubuntu-1: 0 VMs of that name; one VM of that name, connected$/,
  },
  {
    check: "vms-powered-on",
    when: "a VM was shut off",
    breakIt: async ({ admin }) => {
      const vm = await admin.find("VirtualMachine", "ubuntu-1");
      await admin.task("PowerOffVM_Task", vm);
      return () => admin.task("PowerOnVM_Task", vm);
    },
    finds: /^ubuntu-1: poweredOff; poweredOn$/,
  },
  {
    check: "vms-ha-protected",
    when: "HA does not protect a VM",
    breakIt: ({ fault }) => fault({ kind: "unprotected", vm: "ubuntu-1" }),
    finds: /^ubuntu-1: not protected; protected$/,
  },
  {
    check: "vms-restart-not-disabled",
    when: "an override disables the restart",
    breakIt: async ({ admin }) => {
      const [ubuntu] = await vms(admin);
      return override(admin, ubuntu, "<restartPriority>disabled</restartPriority>");
    },
    finds: /^ubuntu-1: disabled; lowest to highest$/,
    also: { "overrides-in-effect": "passed" },
  },
  {
    check: "vms-on-shared-storage",
    when: "a VM moved to a datastore that a host lacks",
    breakIt: async (field) => {
      const { admin } = field;
      const host = await freeHost(field);
      const move = async (datastore: string): Promise<void> => {
        const spec = element("spec", [refElement("datastore", await admin.find("Datastore", datastore))]);
        await admin.task("RelocateVM_Task", await admin.find("VirtualMachine", "xp-1"), spec);
      };
      await option(admin, "das.ignoreInsufficientHbDatastore", "true");
      await admin.unmount(host, "ha-b");
      await move("ha-b");
      return async () => {
        await move("ha-a");
        await admin.mount(host, "ha-b");
        await option(admin, "das.ignoreInsufficientHbDatastore", "false");
      };
    },
    finds: /^xp-1: datastore ha-b is missing on esx-0\d\.lab\.test; on 4 hosts$/,
    // The lab has two NFS shares, and both are for heartbeats.
    also: { "heartbeat-datastores": "failed" },
  },
  {
    check: "vms-on-shared-networks",
    when: "a host lacks the port group",
    breakIt: async (field) => {
      const name = await freeHost(field);
      const system = await field.admin.property(
        await field.admin.find("HostSystem", name),
        "configManager.networkSystem",
      );
      await field.admin.call("RemovePortGroup", system, element("pgName", "VM Network"));
      return () => field.admin.addPortGroup(name, "VM Network");
    },
    finds: /^ubuntu-1: network VM Network is missing on esx-0\d\.lab\.test; on 4 hosts\|xp-1: .*$/,
  },
  {
    check: "vms-without-host-devices",
    when: "the host's CD drive was left connected",
    breakIt: async ({ admin }) => {
      const vm = await admin.find("VirtualMachine", "ubuntu-1");
      const [controller] = await admin.deviceKeys(vm, "VirtualIDEController");
      const drive =
        '<device xsi:type="VirtualCdrom"><key>-1</key>' +
        '<backing xsi:type="VirtualCdromAtapiBackingInfo"><deviceName>/vmfs/devices/cdrom/mpx.vmhba0:C0:T0:L0</deviceName></backing>' +
        "<connectable><startConnected>true</startConnected><allowGuestControl>true</allowGuestControl><connected>true</connected></connectable>" +
        `<controllerKey>${controller ?? ""}</controllerKey><unitNumber>1</unitNumber></device>`;
      const change = (operation: string, device: string) =>
        admin.task(
          "ReconfigVM_Task",
          vm,
          `<spec><deviceChange><operation>${operation}</operation>${device}</deviceChange></spec>`,
        );
      const before = await admin.deviceKeys(vm, "VirtualCdrom");
      await change("add", drive);
      return async () => {
        const [added] = (await admin.deviceKeys(vm, "VirtualCdrom")).filter((key) => !before.includes(key));
        await change("remove", `<device xsi:type="VirtualCdrom"><key>${added ?? ""}</key></device>`);
      };
    },
    finds: /^ubuntu-1: .*; no device of the host$/,
  },
  {
    check: "vms-not-bound-to-one-host",
    when: "a rule leaves a VM one host",
    breakIt: async ({ admin, inventory }) => {
      const [ubuntu] = await vms(admin);
      const { hosts, vms: all } = await inventory();
      const own = hosts.find(({ id }) => id === all.find((vm) => vm.id === ubuntu.id)?.hostId);
      return vmHostRule(admin, "licence", ubuntu, [own?.name ?? ""]);
    },
    finds: /^ubuntu-1: esx-0\d\.lab\.test by licence; two hosts or more$/,
    also: { "rules-agree": "passed" },
  },
  {
    check: "vms-reachable",
    when: "a guest's service is down",
    breakIt: ({ fault }) => fault({ kind: "guestServiceDown", vm: "xp-1" }),
    finds: /^xp-1: no answer from 127\.\d+\.2\.\d+ port 3389; port 3389 accepts a connection$/,
  },
  {
    check: "vms-tools-running",
    when: "VMware Tools were stopped",
    breakIt: async ({ admin }) => {
      await admin.runInGuest("ubuntu-1", "/usr/sbin/service", "open-vm-tools stop");
      const vm = await admin.find("VirtualMachine", "ubuntu-1");
      return () => admin.task("ResetVM_Task", vm);
    },
    finds: /^ubuntu-1: not running; running$/,
    // Without Tools vCenter knows no address to probe.
    also: { "vms-reachable": "inconclusive" },
  },
  {
    check: "vms-guest-heartbeat",
    when: "VMware Tools hang",
    breakIt: async ({ admin }) => {
      await admin.runInGuest("ubuntu-1", "/usr/bin/pkill", "-STOP vmtoolsd");
      const vm = await admin.find("VirtualMachine", "ubuntu-1");
      return () => admin.task("ResetVM_Task", vm);
    },
    finds: /^ubuntu-1: (yellow|red); green$/,
  },
];

/** A host that runs no declared VM; better not the master. */
async function freeHost({ inventory }: Field): Promise<string> {
  const { hosts, vms: all } = await inventory();
  const used = all.filter(({ system }) => !system).map(({ hostId }) => hostId);
  const free = hosts.filter(({ id }) => !used.includes(id));
  const best = free.find(({ fdmState }) => fdmState !== "master") ?? free[0];
  assert.ok(best, "a host without a declared VM");
  return best.name;
}

/** With component protection on, another value of an advanced setting of a host, and back to the first. */
async function protecting(admin: Administrator, key: string, [broken, right]: [number, number]): Promise<Undo> {
  const protect = (word: string): string =>
    `<vmComponentProtecting>${word}</vmComponentProtecting><defaultVmSettings><vmComponentProtectionSettings>` +
    "<vmStorageProtectionForAPD>restartConservative</vmStorageProtectionForAPD>" +
    "</vmComponentProtectionSettings></defaultVmSettings>";
  const undo = [await das(admin, protect("enabled"), protect("disabled"))];
  await admin.hostOption("esx-02.lab.test", key, broken);
  undo.push(() => admin.hostOption("esx-02.lab.test", key, right));
  return () => inReverse(undo);
}
