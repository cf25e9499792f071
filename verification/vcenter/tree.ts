import type { Moid } from "../model";
import { decodeName } from "./names";
import { retrieve } from "./properties";
import type { Session } from "./session";
import { ref, text, type Xml } from "./xml";

/** An object of vCenter's folders. */
export interface TreeObject {
  type: string;
  id: Moid;
  name: string;
  /** The object that holds it; undefined of the root folder. */
  parent: Moid | undefined;
  /** Further properties that were read: see below. */
  properties: Map<string, Xml>;
}

const folders = ["children", "hosts", "datastores", "vms", "members"];

/** All datacenters, folders, hosts, clusters, datastores and VMs of a vCenter, in one traversal. */
export async function readTree(session: Session): Promise<TreeObject[]> {
  const named = ["name", "parent"];
  const objects = await retrieve(session, {
    start: session.service.rootFolder,
    properties: {
      Folder: named,
      Datacenter: named,
      ComputeResource: named,
      ClusterComputeResource: [...named, "configurationEx"],
      HostSystem: [...named, "config.network.portgroup"],
      Datastore: named,
      VirtualMachine: [...named, "config.uuid"],
    },
    traversal: [
      { name: "children", type: "Folder", path: "childEntity", then: folders },
      { name: "hosts", type: "Datacenter", path: "hostFolder", then: folders },
      { name: "datastores", type: "Datacenter", path: "datastoreFolder", then: folders },
      { name: "vms", type: "Datacenter", path: "vmFolder", then: folders },
      { name: "members", type: "ComputeResource", path: "host", then: [] },
    ],
  });
  return objects.map(({ ref: { type, id }, properties }) => ({
    type,
    id,
    name: decodeName(text(properties.get("name")) ?? ""),
    parent: ref(properties.get("parent"))?.id,
    properties,
  }));
}
