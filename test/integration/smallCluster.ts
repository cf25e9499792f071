import { checks } from "../../verification/checks";
import { Clock } from "../../verification/clock";
import type { Verdict } from "../../verification/model";
import { createHttps } from "../../verification/net/https";
import { retrieve, retrieveOne } from "../../verification/vcenter/properties";
import { Session } from "../../verification/vcenter/session";
import { SoapClient } from "../../verification/vcenter/soap";
import { runTask } from "../../verification/vcenter/task";
import {
  at,
  children,
  element,
  members,
  ref,
  refElement,
  text,
  xsiType,
  type Ref,
  type Xml,
} from "../../verification/vcenter/xml";

/** A session of the lab's administrator, for what the verifier itself never does. */
export class Administrator {
  private constructor(
    private readonly session: Session,
    private readonly env: Record<string, string>,
    private readonly clock: Clock,
    private readonly end: () => Promise<void>,
  ) {}

  static async logIn(env: Record<string, string>, timeScale: number): Promise<Administrator> {
    const https = createHttps({ caFile: env.VSPHERE_HA_CA_FILE });
    const credentials = { user: env.VSPHERE_USER ?? "", password: env.VSPHERE_PASSWORD ?? "" };
    const session = await Session.open(new SoapClient(https, env.VSPHERE_SERVER ?? ""), credentials);
    return new Administrator(session, env, new Clock(timeScale), async () => {
      await session.close();
      await https.close();
    });
  }

  async logOut(): Promise<void> {
    await this.end();
  }

  task(method: string, on: Ref, ...parameters: string[]): Promise<void> {
    return runTask(this.session, this.clock, { method, on, parameters, what: method }, 600);
  }

  /** The object of that type and name. */
  async find(type: string, name: string): Promise<Ref> {
    const paths = ["childEntity", "hostFolder", "vmFolder", "datastoreFolder", "networkFolder", "host"];
    const types = ["Folder", "Datacenter", "Datacenter", "Datacenter", "Datacenter", "ComputeResource"];
    const objects = await retrieve(this.session, {
      start: this.session.service.rootFolder,
      properties: { [type]: ["name"] },
      traversal: paths.map((path, n) => ({ name: path, type: types[n] ?? "", path, then: paths })),
    });
    const found = objects.find(({ properties }) => text(properties.get("name")) === name);
    if (found === undefined) throw new Error(`no ${type} named ${name}`);
    return found.ref;
  }

  /** The virtual machine of an instance UUID. */
  async findByUuid(instanceUuid: string): Promise<Ref> {
    // The one of a vCenter always has this id.
    const searchIndex = { type: "SearchIndex", id: "SearchIndex" };
    const parameters = [element("uuid", instanceUuid), element("vmSearch", "true"), element("instanceUuid", "true")];
    const found = ref(at(await this.session.call("FindByUuid", searchIndex, parameters), "returnval"));
    if (found === undefined) throw new Error(`no virtual machine of instance UUID ${instanceUuid}`);
    return found;
  }

  async property(of: Ref, path: string): Promise<Ref> {
    const value = ref((await retrieveOne(this.session, of, [path])).get(path));
    if (value === undefined) throw new Error(`no ${path} of ${of.id}`);
    return value;
  }

  /** What these properties of an object hold, as one text. */
  async describe(of: Ref, paths: string[]): Promise<string> {
    const found = await retrieveOne(this.session, of, paths);
    return JSON.stringify(paths.map((path) => [path, found.get(path)]));
  }

  reconfigure(cluster: Ref, spec: string): Promise<void> {
    const content = `<spec xsi:type="ClusterConfigSpecEx">${spec}</spec>`;
    return this.task("ReconfigureComputeResource_Task", cluster, content, element("modify", "true"));
  }

  /** Settings that an administrator made: none of this library's defaults, with a rule and overrides of one VM. */
  async setByHand(cluster: Ref): Promise<void> {
    const [spare, vm, other, preferred] = await Promise.all([
      this.find("HostSystem", "esx-03.lab.test"),
      this.find("VirtualMachine", "ubuntu-1"),
      this.find("VirtualMachine", "xp-1"),
      this.find("Datastore", "ha-a"),
    ]);
    const settings = element("dasSettings", [element("restartPriority", "highest")]);
    const override = element("info", [refElement("key", vm), settings]);
    const members = [vm, other].map((one) => refElement("vm", one));
    const rule = element("info", [element("enabled", "true"), element("name", "apart"), ...members], {
      "xsi:type": "ClusterAntiAffinityRuleSpec",
    });
    const add = element("operation", "add");
    const policy = element(
      "admissionControlPolicy",
      [refElement("failoverHosts", spare), element("failoverLevel", "1")],
      {
        "xsi:type": "ClusterFailoverHostAdmissionControlPolicy",
      },
    );
    const option = element("option", [
      element("key", "das.ignoreRedundantNetWarning"),
      element("value", "true", { "xsi:type": "xsd:string" }),
    ]);
    await this.reconfigure(
      cluster,
      [
        element("dasConfig", [
          element("vmMonitoring", "vmMonitoringOnly"),
          element("hostMonitoring", "disabled"),
          element("defaultVmSettings", [
            element("restartPriority", "high"),
            element("restartPriorityTimeout", "900"),
            element("isolationResponse", "shutdown"),
            // As vCenter's own client does it, in both places.
            element("vmToolsMonitoringSettings", [
              element("enabled", "true"),
              element("vmMonitoring", "vmMonitoringOnly"),
              element("failureInterval", "60"),
              element("minUpTime", "240"),
              element("maxFailures", "5"),
              element("maxFailureWindow", "3600"),
            ]),
            element("vmComponentProtectionSettings", [
              element("vmStorageProtectionForAPD", "warning"),
              element("vmTerminateDelayForAPDSec", "60"),
              element("vmReactionOnAPDCleared", "reset"),
              element("vmStorageProtectionForPDL", "warning"),
            ]),
          ]),
          policy,
          ...[preferred, await this.find("Datastore", "ha-b")].map((one) => refElement("heartbeatDatastore", one)),
          option,
        ]),
        element("dasVmConfigSpec", [add, override]),
        element("drsConfig", [element("enabled", "false"), element("vmotionRate", "5")]),
        element("rulesSpec", [add, rule]),
      ].join(""),
    );
  }

  /** Puts an object into a new folder beside it. */
  async moveIntoFolder(object: Ref, name: string): Promise<void> {
    const parent = await this.property(object, "parent");
    const made = ref(at(await this.call("CreateFolder", parent, element("name", name)), "returnval"));
    if (made === undefined) throw new Error("no folder was made");
    await this.task("MoveIntoFolder_Task", made, refElement("list", object));
  }

  /** Starts or stops a service of a host. */
  async service(host: string, verb: "Start" | "Stop", id: string): Promise<void> {
    const system = await this.property(await this.find("HostSystem", host), "configManager.serviceSystem");
    await this.session.call(`${verb}Service`, system, [element("id", id)]);
  }

  /** Changes a whole number among a host's advanced settings. */
  async hostOption(host: string, key: string, value: number): Promise<void> {
    const options = await this.property(await this.find("HostSystem", host), "configManager.advancedOption");
    const changed = `${element("key", key)}<value xsi:type="xsd:long">${value.toString()}</value>`;
    await this.session.call("UpdateOptions", options, [element("changedValue", [changed])]);
  }

  /** Takes a VMkernel adapter away, and resolves to its address. */
  async removeAdapter(host: string, device: string): Promise<string> {
    const on = await this.find("HostSystem", host);
    const adapters = members((await retrieveOne(this.session, on, ["config.network.vnic"])).get("config.network.vnic"));
    const address = text(
      at(
        adapters.find((one) => text(at(one, "device")) === device),
        "spec",
        "ip",
        "ipAddress",
      ),
    );
    const system = await this.property(on, "configManager.networkSystem");
    await this.session.call("RemoveVirtualNic", system, [element("device", device)]);
    return address ?? "";
  }

  /** A VMkernel adapter with an address in a network of 254. */
  async addAdapter(host: string, portGroup: string, address: string): Promise<void> {
    const system = await this.property(await this.find("HostSystem", host), "configManager.networkSystem");
    const ip = [element("dhcp", "false"), element("ipAddress", address), element("subnetMask", "255.255.255.0")];
    await this.session.call("AddVirtualNic", system, [
      element("portgroup", portGroup),
      element("nic", [element("ip", ip)]),
    ]);
  }

  /** Gives the host's first standard switch these physical adapters. */
  async uplinks(host: string, adapters: readonly string[]): Promise<void> {
    const system = await this.property(await this.find("HostSystem", host), "configManager.networkSystem");
    const nics = adapters.map((nic) => element("nicDevice", nic)).join("");
    const spec = `<spec><numPorts>128</numPorts><bridge xsi:type="HostVirtualSwitchBondBridge">${nics}</bridge></spec>`;
    await this.session.call("UpdateVirtualSwitch", system, [element("vswitchName", "vSwitch0"), spec]);
  }

  call(method: string, on: Ref, ...parameters: string[]): Promise<Xml> {
    return this.session.call(method, on, parameters);
  }

  async nameOf(object: Ref): Promise<string> {
    return text((await retrieveOne(this.session, object, ["name"])).get("name")) ?? "";
  }

  /** The key of the cluster's rule of that name. */
  async ruleKey(cluster: Ref, name: string): Promise<string> {
    const configuration = (await retrieveOne(this.session, cluster, ["configurationEx"])).get("configurationEx");
    const rule = children(configuration, "rule").find((one) => text(at(one, "name")) === name);
    const key = text(at(rule, "key"));
    if (key === undefined) throw new Error(`no rule ${name}`);
    return key;
  }

  /** Keys of the VM's devices of that type. */
  async deviceKeys(vm: Ref, type: string): Promise<string[]> {
    const devices = members(
      (await retrieveOne(this.session, vm, ["config.hardware.device"])).get("config.hardware.device"),
    );
    return devices.filter((device) => xsiType(device) === type).map((device) => text(at(device, "key")) ?? "");
  }

  /** Starts a program in a guest, as its administrator. */
  async runInGuest(vm: string, program: string, programArguments: string): Promise<void> {
    // The one of a vCenter always has this id.
    const processes = await this.property(
      { type: "GuestOperationsManager", id: "guestOperationsManager" },
      "processManager",
    );
    const password = this.env.VSPHERE_HA_GUEST_PASSWORD ?? "";
    const login = [element("interactiveSession", "false"), element("username", "root"), element("password", password)];
    await this.session.call("StartProgramInGuest", processes, [
      refElement("vm", await this.find("VirtualMachine", vm)),
      element("auth", login, { "xsi:type": "NamePasswordAuthentication" }),
      element("spec", [element("programPath", program), element("arguments", programArguments)]),
    ]);
  }

  /** A port group on the host's standard switch. */
  async addPortGroup(host: string, name: string): Promise<void> {
    const system = await this.property(await this.find("HostSystem", host), "configManager.networkSystem");
    const fields = Object.entries({ name, vlanId: "0", vswitchName: "vSwitch0" });
    const portGroup = [...fields.map(([key, value]) => element(key, value)), element("policy", [])];
    await this.session.call("AddPortGroup", system, [element("portgrp", portGroup)]);
  }

  /** A distributed switch of these hosts, with one port group. */
  async addDistributedPortGroup(hosts: readonly string[], name: string): Promise<void> {
    const folder = await this.property(await this.find("Datacenter", "Lab"), "networkFolder");
    const create = `<spec><configSpec xsi:type="VMwareDVSConfigSpec"><name>switch-of-${name}</name></configSpec></spec>`;
    await this.task("CreateDVS_Task", folder, create);
    const made = await this.find("DistributedVirtualSwitch", `switch-of-${name}`);
    const group = `<spec><name>${name}</name><numPorts>8</numPorts><type>earlyBinding</type></spec>`;
    await this.task("AddDVPortgroup_Task", made, group);
    const members = await Promise.all(hosts.map((host) => this.find("HostSystem", host)));
    const add = members.map(({ id }) => `<host><operation>add</operation><host type="HostSystem">${id}</host></host>`);
    await this.task("ReconfigureDvs_Task", made, `<spec xsi:type="VMwareDVSConfigSpec">${add.join("")}</spec>`);
  }

  /** Hosts, two shared datastores, HA and DRS, and a running clone of each template. */
  async buildCluster(name: string, hosts: readonly string[]): Promise<void> {
    const cluster = await this.createCluster(name, hosts);
    const datacenter = await this.find("Datacenter", "Lab");
    await this.clone(cluster, datacenter, "ubuntu-13.10", "ubuntu-1");
    await this.clone(cluster, datacenter, "windows-xp-sp3", "xp-1");
  }

  /** Hosts, two shared datastores, HA and DRS. */
  async createCluster(name: string, hosts: readonly string[]): Promise<Ref> {
    const datacenter = await this.find("Datacenter", "Lab");
    const hostFolder = await this.property(datacenter, "hostFolder");
    const spec = element("spec", []);
    const made = await this.session.call("CreateClusterEx", hostFolder, [element("name", name), spec]);
    const cluster = ref(at(made, "returnval"));
    if (cluster === undefined) throw new Error("no cluster was made");
    for (const host of hosts) await this.addHost(cluster, host);
    await this.reconfigure(
      cluster,
      "<dasConfig><enabled>true</enabled><admissionControlEnabled>true</admissionControlEnabled></dasConfig>" +
        "<drsConfig><enabled>true</enabled><defaultVmBehavior>fullyAutomated</defaultVmBehavior></drsConfig>",
    );
    return cluster;
  }

  /** Adds a host, with the two shared datastores mounted. */
  async addHost(cluster: Ref, name: string): Promise<void> {
    const account = {
      hostName: name,
      userName: "root",
      password: this.env.VSPHERE_HA_HOST_PASSWORD ?? "",
      force: "true",
    };
    const spec = element(
      "spec",
      Object.entries(account).map(([key, value]) => element(key, value)),
    );
    await this.task("AddHost_Task", cluster, spec, element("asConnected", "true"));
    for (const share of ["ha-a", "ha-b"]) await this.mount(name, share);
  }

  /** A VMFS datastore that fills a disk, which all hosts of the datacenter reach. */
  async createVmfs(host: string, disk: string, name: string): Promise<void> {
    const system = await this.property(await this.find("HostSystem", host), "configManager.datastoreSystem");
    const extent = element("extent", [element("diskName", disk), element("partition", "1")]);
    const fields = [
      element("diskUuid", disk),
      element("partition", [element("partitionFormat", "gpt")]),
      element("vmfs", [extent, element("majorVersion", "6"), element("volumeName", name)]),
    ];
    const spec = element("spec", fields, { "xsi:type": "VmfsDatastoreCreateSpec" });
    await this.session.call("CreateVmfsDatastore", system, [spec]);
  }

  /** A shared datastore on a host. */
  async mount(host: string, share: string): Promise<void> {
    const system = await this.property(await this.find("HostSystem", host), "configManager.datastoreSystem");
    const nas = {
      remoteHost: "192.0.2.5",
      remotePath: `/exports/${share}`,
      localPath: share,
      accessMode: "readWrite",
      type: "NFS",
    };
    await this.session.call("CreateNasDatastore", system, [
      element(
        "spec",
        Object.entries(nas).map(([key, value]) => element(key, value)),
      ),
    ]);
  }

  /** Takes a datastore off a host that uses it for nothing. */
  async unmount(host: string, share: string): Promise<void> {
    const system = await this.property(await this.find("HostSystem", host), "configManager.datastoreSystem");
    await this.session.call("RemoveDatastore", system, [refElement("datastore", await this.find("Datastore", share))]);
  }

  /** A running clone of a template. */
  async clone(cluster: Ref, datacenter: Ref, template: string, name: string): Promise<void> {
    const location = element("location", [
      refElement("datastore", await this.find("Datastore", "ha-a")),
      refElement("pool", await this.property(cluster, "resourcePool")),
    ]);
    const spec = element("spec", [location, element("template", "false"), element("powerOn", "false")]);
    const folder = refElement("folder", await this.property(datacenter, "vmFolder"));
    await this.task("CloneVM_Task", await this.find("VirtualMachine", template), folder, element("name", name), spec);
    await this.task("PowerOnVM_Task", await this.find("VirtualMachine", name));
  }
}

/** What the verification is told of `buildCluster`'s work. */
export function smallClusterDocument(hosts: readonly string[], timeScale: number) {
  return {
    cluster: {
      datacenter: "Lab",
      name: "compute-1",
      declared: { haEnabled: true, drsAutomationLevel: "fullyAutomated" },
    },
    hosts: hosts.map((host) => ({ name: host })),
    vms: [
      { name: "ubuntu-1", guestOs: "ubuntu", probe: { port: 2222 } },
      { name: "xp-1", guestOs: "windowsxp" },
    ],
    timeScale,
  };
}

/** What the checks say of it: in order, without rules, overrides or component protection. */
export const smallClusterInOrder: Record<string, Verdict> = {
  ...Object.fromEntries(checks.map(({ id }) => [id, "passed" as const])),
  "rules-agree": "not-applicable",
  "rules-leave-room-for-failover": "not-applicable",
  "restart-order-matches-dependencies": "not-applicable",
  "overrides-in-effect": "not-applicable",
  "apd-handled": "not-applicable",
  "apd-timeout-alike": "not-applicable",
};
