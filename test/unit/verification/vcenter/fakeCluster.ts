import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { at, children, element, text } from "../../../../verification/vcenter/xml";
import type { Certificates } from "../net/certificates";
import { FakeFolders } from "./fakeFolders";
import { objectContent, reference, string, type Value } from "./fakeVcenter";

/** A vCenter with one cluster of two hosts and three VMs, all on the first, in a datacenter whose VM folder is that of FakeFolders. */
export class FakeCluster extends FakeFolders {
  /** Gone: deleted since the verifier found it. */
  clusterGone = false;
  host1 = { inMaintenance: false };
  /** Ids of the VMs whose devices were asked for, call by call. */
  devicesAsked: string[][] = [];

  constructor() {
    super();
    const folders = this.handlers.get("RetrievePropertiesEx");
    this.on("RetrievePropertiesEx", (parameters, count) => {
      const spec = at(parameters, "specSet");
      const types = children(spec, "propSet").map((set) => text(at(set, "type")));
      const starts = children(spec, "objectSet").map((set) => text(at(set, "obj")) ?? "");
      const paths = children(at(spec, "propSet"), "pathSet").map(text);
      if (types.includes("Datacenter")) return element("returnval", [this.#datacenter()]);
      if (types.includes("ClusterComputeResource")) {
        return element("returnval", starts[0] === "group-h1" ? [this.#named()] : this.#inside());
      }
      if (paths[0] === "config.hardware.device") {
        this.devicesAsked.push(starts);
        return element("returnval", starts.map(devices));
      }
      if (paths[0] === "runtime.inMaintenanceMode") {
        const value = { type: "xsd:boolean", content: String(this.host1.inMaintenance) };
        return element("returnval", [objectContent("HostSystem", "host-1", { "runtime.inMaintenanceMode": value })]);
      }
      if (starts[0] === "TaskManager") return element("returnval");
      return folders?.(parameters, count) ?? "";
    });
  }

  /** Answers on a port of 127.0.0.1 until it is closed. */
  async listen({ cert, key }: Certificates): Promise<{ port: number; close(): void }> {
    const server = createServer({ cert, key }, (incoming, outgoing) => {
      const parts: Buffer[] = [];
      incoming.on("data", (part: Buffer) => parts.push(part));
      incoming.on("end", () => {
        const headers = { cookie: incoming.headers.cookie ?? "" };
        const request = { body: Buffer.concat(parts).toString(), headers };
        void this.request(`https://vc.example.com${incoming.url ?? ""}`, request).then((answer) => {
          outgoing.writeHead(answer.status, answer.headers);
          outgoing.end(answer.text);
        });
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return {
      port: (server.address() as AddressInfo).port,
      close: () => {
        server.closeAllConnections();
        server.close();
      },
    };
  }

  #datacenter(): string {
    const hostFolder = reference("Folder", "group-h1");
    const vmFolder = reference("Folder", "group-v1");
    return objectContent("Datacenter", "datacenter-1", { name: string("dc-1"), hostFolder, vmFolder });
  }

  #named(): string {
    return objectContent("ClusterComputeResource", "domain-c1", { name: string("compute-1") });
  }

  #inside(): string[] {
    if (this.clusterGone) return [];
    const vm = (id: string, name: string, powerState: string): string => {
      const properties: Record<string, Value> = {
        name: string(name),
        "runtime.host": reference("HostSystem", "host-1"),
        "runtime.powerState": string(powerState),
      };
      return objectContent("VirtualMachine", id, properties);
    };
    const inMaintenance = { type: "xsd:boolean", content: String(this.host1.inMaintenance) };
    return [
      this.#named(),
      objectContent("HostSystem", "host-1", { name: string("esx-1"), "runtime.inMaintenanceMode": inMaintenance }),
      objectContent("HostSystem", "host-2", { name: string("esx-2") }),
      vm("vm-1", "ubuntu-1", "poweredOn"),
      vm("vm-2", "xp-1", "poweredOff"),
      vm("vm-3", "xp-2", "poweredOff"),
    ];
  }
}

function devices(vm: string): string {
  const device =
    '<VirtualDevice xsi:type="VirtualPCIPassthrough"><deviceInfo><label>PCI device 0</label></deviceInfo></VirtualDevice>';
  const value = { type: "ArrayOfVirtualDevice", content: vm === "vm-1" ? device : "" };
  return objectContent("VirtualMachine", vm, { "config.hardware.device": value });
}
