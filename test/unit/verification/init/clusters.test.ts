import assert from "node:assert/strict";
import { clustersIn } from "../../../../verification/init/clusters";
import type { ObjectContent } from "../../../../verification/vcenter/properties";
import { parseXml, type Xml } from "../../../../verification/vcenter/xml";

function place(type: string, id: string, name: string, parent?: [type: string, id: string]): ObjectContent {
  const properties = new Map<string, Xml>([["name", name]]);
  if (parent !== undefined) {
    const { parent: value } = parseXml(`<parent type="${parent[0]}">${parent[1]}</parent>`) as Record<string, Xml>;
    properties.set("parent", value ?? "");
  }
  return { ref: { type, id }, properties };
}

const root = place("Folder", "d1", "Datacenters");

describe("clusters of a vCenter", () => {
  it("are told with their datacenter and their path through all folders, in the order of their paths", () => {
    const found = clustersIn([
      root,
      place("Folder", "d2", "EU", ["Folder", "d1"]),
      place("Datacenter", "dc", "dc-1", ["Folder", "d2"]),
      place("Folder", "h1", "host", ["Datacenter", "dc"]),
      place("Folder", "h2", "Rack 1", ["Folder", "h1"]),
      place("ClusterComputeResource", "c2", "b", ["Folder", "h2"]),
      place("ClusterComputeResource", "c1", "a", ["Folder", "h1"]),
    ]);
    assert.deepEqual(found, [
      {
        ref: { type: "ClusterComputeResource", id: "c2" },
        datacenter: "dc-1",
        name: "b",
        path: "/EU/dc-1/host/Rack 1/b",
      },
      { ref: { type: "ClusterComputeResource", id: "c1" }, datacenter: "dc-1", name: "a", path: "/EU/dc-1/host/a" },
    ]);
  });

  it("have their names as they are shown, and their paths as vCenter escapes them", () => {
    const [found] = clustersIn([
      root,
      place("Datacenter", "dc", "a%2fb", ["Folder", "d1"]),
      place("Folder", "h1", "host", ["Datacenter", "dc"]),
      place("ClusterComputeResource", "c1", "100%25", ["Folder", "h1"]),
    ]);
    assert.deepEqual([found?.datacenter, found?.name, found?.path], ["a/b", "100%", "/a%2fb/host/100%25"]);
  });

  it("are left out where the user does not see the datacenter", () => {
    assert.deepEqual(clustersIn([place("ClusterComputeResource", "c1", "a", ["Folder", "h1"])]), []);
  });
});
