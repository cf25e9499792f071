import { CouldNotRun } from "../problems";
import { decodeName } from "./names";
import { retrieve, type ObjectContent, type PropertyFilter } from "./properties";
import type { Session } from "./session";
import { ref, textAt, type Ref } from "./xml";

/** Where the configured cluster is. */
export interface Location {
  datacenter: Ref;
  /** The datacenter's folder of VMs. */
  vmFolder: Ref;
  cluster: Ref;
}

/** Finds the cluster by the names of its datacenter and itself, in whatever folders they are. */
export async function locate(session: Session, datacenterName: string, clusterName: string): Promise<Location> {
  const datacenters = await retrieve(session, {
    start: session.service.rootFolder,
    properties: { Datacenter: ["name", "hostFolder", "vmFolder"] },
    traversal: [{ name: "folder", type: "Folder", path: "childEntity", then: ["folder"] }],
  });
  const datacenter = byName(
    datacenters,
    datacenterName,
    "datacenter",
    `vCenter ${session.server}`,
    "cluster.datacenter",
  );
  const hostFolder = reference(datacenter, "hostFolder");
  const clusters = await retrieve(session, clustersBelow(hostFolder));
  const cluster = byName(clusters, clusterName, "cluster", `datacenter ${datacenterName}`, "cluster.name");
  return { datacenter: datacenter.ref, vmFolder: reference(datacenter, "vmFolder"), cluster: cluster.ref };
}

function clustersBelow(hostFolder: Ref): PropertyFilter {
  return {
    start: hostFolder,
    properties: { ClusterComputeResource: ["name"] },
    traversal: [{ name: "folder", type: "Folder", path: "childEntity", then: ["folder"] }],
  };
}

function byName(objects: ObjectContent[], name: string, kind: string, where: string, setting: string): ObjectContent {
  const named = objects.map((object) => ({ object, name: decodeName(textAt(object.properties.get("name"))) }));
  const found = named.filter((candidate) => candidate.name === name);
  if (found.length > 1) {
    throw new CouldNotRun(`${where} has ${found.length.toString()} ${kind}s named ${name}; give them different names`);
  }
  const [only] = found;
  if (only !== undefined) return only.object;
  const others = named.map((candidate) => candidate.name).sort((a, b) => a.localeCompare(b));
  const there = others.length === 0 ? "it shows none to this user" : `it has ${others.join(", ")}`;
  throw new CouldNotRun(`${where} has no ${kind} named ${name}: ${there}; check ${setting}`);
}

function reference(object: ObjectContent, property: string): Ref {
  const found = ref(object.properties.get(property));
  if (found === undefined) throw new CouldNotRun(`vCenter does not show ${property} of ${object.ref.id}`);
  return found;
}
