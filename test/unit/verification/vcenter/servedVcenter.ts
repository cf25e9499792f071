import { once } from "node:events";
import { createServer, type Server } from "node:https";
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from "node:net";
import type { HostState, Inventory, VmState } from "../../../../verification/model";
import { at, children, element, text, type Xml } from "../../../../verification/vcenter/xml";
import { scene } from "../checks/fixture";
import { sharedCertificates } from "../net/certificates";
import { FakeFolders } from "./fakeFolders";
import { fault, objectContent, reference, serviceContent, string, type Value } from "./fakeVcenter";

/**
 * A vCenter on a TLS socket of loopback, whose one cluster is the scene of the checks: what connect() logs in to. Its
 * declared VMs have services that answer. Its fields are what a test breaks.
 */
export class ServedVcenter extends FakeFolders {
  inventory: Inventory = scene().inventory;
  guestPassword = "guest-secret";
  /** Of vpxd, which answers SOAP; the appliance's REST API tells it all the same. */
  serviceState = "STARTED";
  /** Names of clusters beside the one that is the scene's; nothing is in them. */
  otherClusters: string[] = [];
  /** Called before an inventory is sent. */
  beforeInventory = (): void => undefined;
  readonly #server: Server;
  readonly #services: TcpServer[] = [];

  static async start(about: Record<string, string> = {}): Promise<ServedVcenter> {
    const served = new ServedVcenter(about);
    served.#server.listen(0, "127.0.0.1");
    await once(served.#server, "listening");
    for (const [name, address] of Object.entries({ "ubuntu-1": "127.0.2.1", "xp-1": "127.0.2.2" })) {
      const service = createTcpServer((socket) => socket.destroy()).listen(0, address);
      await once(service, "listening");
      served.#services.push(service);
      served.vmNamed(name).addresses = [address];
    }
    return served;
  }

  private constructor(about: Record<string, string>) {
    super();
    this.#server = createServer(sharedCertificates(), (request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const { url = "", method = "", headers } = request;
        const service = this.#service(`${method} ${url}`);
        if (service !== undefined) {
          response.end(JSON.stringify(service));
          return;
        }
        if (this.serviceState !== "STARTED") {
          response.writeHead(503).end();
          return;
        }
        const { cookie = "" } = headers;
        const body = Buffer.concat(parts).toString("utf8");
        void this.request(`https://vc.example.com${url}`, { body, headers: { cookie } }).then((answer) =>
          response.writeHead(answer.status, answer.headers).end(answer.text),
        );
      });
    });
    this.on("RetrieveServiceContent", () => {
      const manager = element("guestOperationsManager", "guestOperations", { type: "GuestOperationsManager" });
      return serviceContent(about).replace("</returnval>", `${manager}</returnval>`);
    });
    this.on("ListProcessesInGuest", (parameters) => {
      const given = text(at(parameters, "auth", "password"));
      return given === this.guestPassword ? "" : fault("InvalidGuestLogin", "Failed to authenticate with the guest.");
    });
    this.on("MigrateVM_Task", (parameters) => {
      const vm = this.inventory.vms.find(({ id }) => id === text(at(parameters, "_this")));
      if (vm !== undefined) vm.hostId = text(at(parameters, "host"));
      return element("returnval", "task-1", { type: "Task" });
    });
    this.on("CurrentTime", () => element("returnval", new Date().toISOString()));
    const folders = this.handlers.get("RetrievePropertiesEx");
    this.on("RetrievePropertiesEx", (parameters, calls) => {
      return this.#objects(at(parameters, "specSet")) ?? folders?.(parameters, calls) ?? "";
    });
  }

  stop(): void {
    for (const service of this.#services) service.close();
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** What loadConfig() takes for this vCenter and its VMs. */
  get document(): Record<string, unknown> {
    const { port } = this.#server.address() as AddressInfo;
    const [ubuntu, xp] = this.#services.map((service) => (service.address() as AddressInfo).port);
    return {
      vcenter: { server: `127.0.0.1:${port.toString()}`, user: "reader", caFile: sharedCertificates().caFile },
      cluster: { datacenter: "dc-1", name: "compute-1", declared: { haEnabled: true } },
      hosts: [1, 2, 3].map((n) => ({ name: `esx-${n.toString()}` })),
      vms: [
        { name: "ubuntu-1", guestOs: "ubuntu", probe: { port: ubuntu } },
        { name: "xp-1", guestOs: "windowsxp", probe: { port: xp } },
      ],
    };
  }

  vmNamed(name: string): VmState {
    const found = this.inventory.vms.find((vm) => vm.name === name);
    if (found === undefined) throw new Error(`no VM ${name}`);
    return found;
  }

  hostNamed(name: string): HostState {
    const found = this.inventory.hosts.find((host) => host.name === name);
    if (found === undefined) throw new Error(`no host ${name}`);
    return found;
  }

  #service(call: string): unknown {
    if (call === "POST /api/session") return "session";
    const [, action] = /^POST \/api\/vcenter\/services\/vpxd\?action=(start|stop)$/.exec(call) ?? [];
    if (action !== undefined) this.serviceState = action === "start" ? "STARTED" : "STOPPED";
    return call.includes(" /api/vcenter/services/vpxd") ? { state: this.serviceState } : undefined;
  }

  #objects(spec: Xml | undefined): string | undefined {
    const wanted = children(spec, "propSet").map((one) => text(at(one, "type")));
    switch (wanted[0] ?? "") {
      case "Datacenter":
        return returned(
          objectContent("Datacenter", "datacenter-1", {
            name: string("dc-1"),
            hostFolder: reference("Folder", "group-h1"),
            vmFolder: reference("Folder", "group-v1"),
          }),
        );
      case "Folder":
        return wanted.length > 1 ? returned(...this.#places()) : undefined;
      case "ClusterComputeResource":
        if (wanted.length > 1) return this.#cluster();
        return returned(objectContent("ClusterComputeResource", "domain-c1", { name: string("compute-1") }));
      case "VirtualMachine":
        return returned(...this.inventory.vms.map(({ id }) => objectContent("VirtualMachine", id, {})));
      case "GuestOperationsManager":
        return returned(
          objectContent("GuestOperationsManager", "guestOperations", {
            processManager: reference("GuestProcessManager", "guestProcesses"),
          }),
        );
      default:
        return undefined;
    }
  }

  /** Folders, datacenters and clusters with what each is in. */
  #places(): string[] {
    const place = (type: string, id: string, name: string, parent?: [type: string, id: string]): string =>
      objectContent(type, id, { name: string(name), ...(parent && { parent: reference(...parent) }) });
    const compute = ["compute-1", ...this.otherClusters].map((name, index) =>
      place("ClusterComputeResource", `domain-c${(index + 1).toString()}`, name, ["Folder", "group-h1"]),
    );
    return [
      place("Folder", "group-d1", "Datacenters"),
      place("Datacenter", "datacenter-1", "dc-1", ["Folder", "group-d1"]),
      place("Folder", "group-h1", "host", ["Datacenter", "datacenter-1"]),
      ...compute,
    ];
  }

  #cluster(): string {
    this.beforeInventory();
    const { cluster, hosts, vms, datastores, networks } = this.inventory;
    return returned(
      objectContent("ClusterComputeResource", cluster.id, {
        name: string(cluster.name),
        configurationEx: { type: "ClusterConfigInfoEx", content: configuration },
      }),
      ...hosts.map(hostObject),
      ...vms.map(vmObject),
      ...datastores.map(({ id, name, type, hostIds }) => {
        const mounts = hostIds.map((host) => element("DatastoreHostMount", [element("key", host)]));
        return objectContent("Datastore", id, {
          name: string(name),
          "summary.type": string(type),
          "summary.accessible": boolean(true),
          "summary.multipleHostAccess": boolean(hostIds.length > 1),
          host: { type: "ArrayOfDatastoreHostMount", content: mounts.join("") },
        });
      }),
      ...networks.map(({ id, name, hostIds }) => {
        return objectContent("Network", id, { name: string(name), host: references("HostSystem", hostIds) });
      }),
    );
  }
}

const configuration = [
  "<dasConfig><enabled>true</enabled><hostMonitoring>enabled</hostMonitoring>",
  "<admissionControlEnabled>true</admissionControlEnabled>",
  '<admissionControlPolicy xsi:type="ClusterFailoverResourcesAdmissionControlPolicy">',
  "<autoComputePercentages>true</autoComputePercentages><failoverLevel>1</failoverLevel></admissionControlPolicy>",
  "<defaultVmSettings><restartPriority>medium</restartPriority></defaultVmSettings>",
  "<hBDatastoreCandidatePolicy>allFeasibleDsWithUserPreference</hBDatastoreCandidatePolicy>",
  '<heartbeatDatastore type="Datastore">datastore-1</heartbeatDatastore>',
  '<heartbeatDatastore type="Datastore">datastore-2</heartbeatDatastore></dasConfig>',
  "<drsConfig><enabled>true</enabled><defaultVmBehavior>fullyAutomated</defaultVmBehavior></drsConfig>",
].join("");

function hostObject(host: HostState): string {
  const stats = `<overallMemoryUsage>${host.memoryUsageMb.toString()}</overallMemoryUsage>`;
  return objectContent("HostSystem", host.id, {
    name: string(host.name),
    "runtime.connectionState": string(host.connectionState),
    "runtime.powerState": string(host.powerState),
    "runtime.inMaintenanceMode": boolean(host.inMaintenanceMode),
    "runtime.dasHostState": { type: "ClusterDasFdmHostState", content: `<state>${host.fdmState ?? ""}</state>` },
    "summary.hardware.cpuMhz": integer(host.cpuMhz / 8),
    "summary.hardware.numCpuCores": integer(8),
    "summary.hardware.numCpuThreads": integer(host.cpuThreads),
    "summary.hardware.memorySize": integer(host.memoryMb * 1024 ** 2),
    "summary.quickStats": { type: "HostListSummaryQuickStats", content: stats },
    datastore: references("Datastore", host.datastoreIds),
    network: references("Network", host.networkIds),
  });
}

function vmObject(vm: VmState): string {
  const stats = "<guestHeartbeatStatus>green</guestHeartbeatStatus><uptimeSeconds>3600</uptimeSeconds>";
  return objectContent("VirtualMachine", vm.id, {
    name: string(vm.name),
    "config.uuid": string(vm.uuid),
    "config.instanceUuid": string(vm.instanceUuid),
    "config.guestId": string(vm.name.startsWith("xp") ? "winXPProGuest" : "ubuntu64Guest"),
    "config.hardware.numCPU": integer(vm.numCpu),
    "config.hardware.memoryMB": integer(vm.memoryMb),
    "runtime.powerState": string(vm.powerState),
    "runtime.connectionState": string(vm.connectionState),
    ...(vm.hostId !== undefined && { "runtime.host": reference("HostSystem", vm.hostId) }),
    ...(vm.haProtected !== undefined && {
      "runtime.dasVmProtection": {
        type: "VirtualMachineRuntimeInfoDasProtectionState",
        content: `<dasProtected>${vm.haProtected.toString()}</dasProtected>`,
      },
    }),
    "summary.quickStats": { type: "VirtualMachineQuickStats", content: stats },
    ...(vm.addresses[0] !== undefined && { "guest.ipAddress": string(vm.addresses[0]) }),
    "guest.toolsRunningStatus": string(vm.toolsRunning ? "guestToolsRunning" : "guestToolsNotRunning"),
    datastore: references("Datastore", vm.datastoreIds),
    network: references("Network", vm.networkIds),
  });
}

function returned(...objects: string[]): string {
  return element("returnval", objects);
}

function boolean(value: boolean): Value {
  return { type: "xsd:boolean", content: value.toString() };
}

function integer(value: number): Value {
  return { type: "xsd:int", content: value.toString() };
}

function references(type: string, ids: readonly string[]): Value {
  const list = ids.map((id) => element("ManagedObjectReference", id, { type }));
  return { type: "ArrayOfManagedObjectReference", content: list.join("") };
}
