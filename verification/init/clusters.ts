import type { ObjectContent, PropertyFilter } from "../vcenter/properties";
import { decodeName } from "../vcenter/names";
import { ref, text, type Ref } from "../vcenter/xml";

/** A cluster that a vCenter has. */
export interface FoundCluster {
  ref: Ref;
  datacenter: string;
  name: string;
  /** Path in the inventory: `/dc-1/host/compute-1`. */
  path: string;
}

const placed = ["name", "parent"];

/** Every cluster, with the folders above it. */
export function clustersFilter(rootFolder: Ref): PropertyFilter {
  return {
    start: rootFolder,
    properties: { Folder: placed, Datacenter: placed, ClusterComputeResource: placed },
    traversal: [
      { name: "folder", type: "Folder", path: "childEntity", then: ["folder", "hosts"] },
      { name: "hosts", type: "Datacenter", path: "hostFolder", then: ["folder"] },
    ],
  };
}

/** The clusters of what clustersFilter() read, in the order of their paths. */
export function clustersIn(objects: readonly ObjectContent[]): FoundCluster[] {
  const byId = new Map(objects.map((object) => [object.ref.id, object]));
  return objects
    .filter(({ ref: { type } }) => type === "ClusterComputeResource")
    .flatMap((cluster): FoundCluster[] => {
      const chain = ancestors(cluster, byId);
      const datacenter = chain.find(({ ref: { type } }) => type === "Datacenter");
      // Without it there is no right to see where the cluster is, and nothing to name it by.
      if (datacenter === undefined) return [];
      const steps = [...chain].reverse().map(rawName);
      return [
        {
          ref: cluster.ref,
          datacenter: decodeName(rawName(datacenter)),
          name: decodeName(rawName(cluster)),
          path: `/${steps.join("/")}`,
        },
      ];
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The object and what it is in, up to but without the root folder. */
function ancestors(object: ObjectContent, byId: Map<string, ObjectContent>): ObjectContent[] {
  const parent = byId.get(ref(object.properties.get("parent"))?.id ?? "");
  return parent === undefined ? [] : [object, ...ancestors(parent, byId)];
}

function rawName({ properties }: ObjectContent): string {
  return text(properties.get("name")) ?? "";
}
