import assert from "node:assert/strict";
import { CouldNotRun } from "../../../../verification/problems";
import { locate } from "../../../../verification/vcenter/locate";
import { retrieve, type PropertyFilter } from "../../../../verification/vcenter/properties";
import { at, attribute, children, element, text, xsiType, type Xml } from "../../../../verification/vcenter/xml";
import { FakeVcenter, fault, objectContent, reference, string } from "./fakeVcenter";

const filter: PropertyFilter = {
  start: { type: "Folder", id: "group-d1" },
  properties: { HostSystem: ["name", "runtime.powerState"], Datastore: ["name"] },
  traversal: [
    { name: "hosts", type: "ComputeResource", path: "host", then: [] },
    { name: "pools", type: "ResourcePool", path: "resourcePool", then: ["pools", "hosts"] },
  ],
};

function host(n: number): string {
  return objectContent("HostSystem", `host-${n.toString()}`, { name: string(`esx-${n.toString()}`) });
}

function page(objects: string[], token?: string): string {
  return element("returnval", [...(token === undefined ? [] : [element("token", token)]), ...objects]);
}

describe("property retrieval", () => {
  it("asks for the types, paths and traversals of the filter, page by page", async () => {
    const vcenter = new FakeVcenter();
    const session = await vcenter.open();
    let asked: Xml = "";
    vcenter.on("RetrievePropertiesEx", (parameters) => {
      asked = parameters;
      return page([host(1)], "next");
    });
    await assert.rejects(retrieve(session, filter), /MethodNotFound/);
    const spec = at(asked, "specSet");
    assert.deepEqual(
      children(spec, "propSet").map((set) => [text(at(set, "type")), children(set, "pathSet").map(text)]),
      [
        ["HostSystem", ["name", "runtime.powerState"]],
        ["Datastore", ["name"]],
      ],
    );
    const start = at(spec, "objectSet");
    assert.equal(text(at(start, "obj")), "group-d1");
    assert.equal(attribute(at(start, "obj"), "type"), "Folder");
    assert.deepEqual(
      children(start, "selectSet").map((select) => [
        xsiType(select),
        text(at(select, "name")),
        text(at(select, "type")),
        text(at(select, "path")),
        children(select, "selectSet").map((next) => text(at(next, "name"))),
      ]),
      [
        ["TraversalSpec", "hosts", "ComputeResource", "host", []],
        ["TraversalSpec", "pools", "ResourcePool", "resourcePool", ["pools", "hosts"]],
      ],
    );
    assert.equal(text(at(asked, "options", "maxObjects")), "1000");
  });

  it("puts the pages together, in order", async () => {
    const vcenter = new FakeVcenter();
    const session = await vcenter.open();
    const tokens: (string | undefined)[] = [];
    vcenter.on("RetrievePropertiesEx", () => page([host(1), host(2)], "page-2"));
    vcenter.on("ContinueRetrievePropertiesEx", (parameters, count) => {
      tokens.push(text(at(parameters, "token")));
      return count === 1 ? page([host(3)], "page-3") : page([host(4)]);
    });
    const objects = await retrieve(session, filter);
    assert.deepEqual(
      objects.map(({ ref }) => ref.id),
      ["host-1", "host-2", "host-3", "host-4"],
    );
    assert.deepEqual(tokens, ["page-2", "page-3"]);
    assert.equal(text(objects[3]?.properties.get("name")), "esx-4");
  });

  it("starts again when a page is lost, so that nothing is missing or double", async () => {
    const vcenter = new FakeVcenter();
    const session = await vcenter.open();
    vcenter.on("RetrievePropertiesEx", () => page([host(1)], "next"));
    vcenter.on("ContinueRetrievePropertiesEx", (_, count) => {
      if (count > 1) return page([host(2)]);
      vcenter.expireSession();
      return fault("InvalidProperty", "the token is of another session");
    });
    const objects = await retrieve(session, filter);
    assert.deepEqual(
      objects.map(({ ref }) => ref.id),
      ["host-1", "host-2"],
    );
  });

  it("gives up when paging breaks twice, with vCenter's reason", async () => {
    const vcenter = new FakeVcenter();
    const session = await vcenter.open();
    vcenter.on("RetrievePropertiesEx", () => page([host(1)], "next"));
    vcenter.on("ContinueRetrievePropertiesEx", () => fault("InvalidProperty", "no such token"));
    await assert.rejects(
      retrieve(session, filter),
      /ContinueRetrievePropertiesEx\): no such token \(InvalidProperty\)$/,
    );
  });

  it("ends the run when vCenter hides a property, and says which role is missing", async () => {
    const vcenter = new FakeVcenter();
    const session = await vcenter.open();
    const missing =
      '<missingSet><path>configurationEx</path><fault><fault xsi:type="NoPermission"></fault></fault></missingSet>';
    vcenter.on("RetrievePropertiesEx", () => {
      return element("returnval", [
        element("objects", [element("obj", "domain-c1", { type: "ClusterComputeResource" }), missing]),
      ]);
    });
    await assert.rejects(retrieve(session, filter), (error) => {
      assert.ok(error instanceof CouldNotRun);
      assert.equal(
        error.message,
        "vCenter vc.example.com does not show configurationEx of ClusterComputeResource domain-c1 (NoPermission); " +
          "give the user the Read-only role on the datacenter, with propagation",
      );
      return true;
    });
  });

  it("leaves out an object that has gone meanwhile", async () => {
    const vcenter = new FakeVcenter();
    const session = await vcenter.open();
    const gone =
      '<missingSet><path>name</path><fault><fault xsi:type="ManagedObjectNotFound"></fault></fault></missingSet>';
    vcenter.on("RetrievePropertiesEx", () => {
      return page([element("objects", [element("obj", "host-9", { type: "HostSystem" }), gone]), host(1)]);
    });
    assert.deepEqual(
      (await retrieve(session, filter)).map(({ ref }) => ref.id),
      ["host-1"],
    );
  });

  it("reads an empty answer as no object", async () => {
    const vcenter = new FakeVcenter();
    const session = await vcenter.open();
    vcenter.on("RetrievePropertiesEx", () => "");
    assert.deepEqual(await retrieve(session, filter), []);
  });
});

describe("locating the cluster", () => {
  function inventoryOf(clusters: string[], datacenters = ["dc-1"]): FakeVcenter {
    const vcenter = new FakeVcenter();
    vcenter.on("RetrievePropertiesEx", (parameters) => {
      const types = children(at(parameters, "specSet"), "propSet").map((set) => text(at(set, "type")));
      const start = text(at(parameters, "specSet", "objectSet", "obj"));
      if (types.includes("Datacenter")) {
        assert.equal(start, "group-d1");
        return element(
          "returnval",
          datacenters.map((name, n) =>
            objectContent("Datacenter", `datacenter-${n.toString()}`, {
              name: string(name),
              hostFolder: reference("Folder", `group-h${n.toString()}`),
              vmFolder: reference("Folder", `group-v${n.toString()}`),
            }),
          ),
        );
      }
      assert.equal(start, "group-h0");
      assert.equal(attribute(at(parameters, "specSet", "objectSet", "obj"), "type"), "Folder");
      return element(
        "returnval",
        clusters.map((name, n) =>
          objectContent("ClusterComputeResource", `domain-c${n.toString()}`, { name: string(name) }),
        ),
      );
    });
    return vcenter;
  }

  it("finds it by its name and its datacenter's, with characters that vCenter escapes", async () => {
    const session = await inventoryOf(["other", "a%2fb %25 %5c"], ["dc-1", "dc-2"]).open();
    const found = await locate(session, "dc-1", "a/b % \\");
    assert.equal(found.cluster.id, "domain-c1");
    assert.deepEqual(found.vmFolder, { type: "Folder", id: "group-v0" });
    assert.equal(found.datacenter.id, "datacenter-0");
  });

  const wrong: [string, string[], string[], RegExp][] = [
    [
      "a cluster that is not there",
      ["b", "a"],
      ["dc-1"],
      /^datacenter dc-1 has no cluster named compute-1: it has a, b; check cluster\.name$/,
    ],
    [
      "a datacenter without clusters",
      [],
      ["dc-1"],
      /^datacenter dc-1 has no cluster named compute-1: it shows none to this user; check cluster\.name$/,
    ],
    [
      "a datacenter that is not there",
      [],
      ["dc-9"],
      /^vCenter vc\.example\.com has no datacenter named dc-1: it has dc-9; check cluster\.datacenter$/,
    ],
    [
      "two clusters of that name",
      ["compute-1", "compute-1"],
      ["dc-1"],
      /^datacenter dc-1 has 2 clusters named compute-1; give them different names$/,
    ],
  ];
  for (const [what, clusters, datacenters, pattern] of wrong) {
    it(`names ${what}`, async () => {
      const session = await inventoryOf(clusters, datacenters).open();
      await assert.rejects(locate(session, "dc-1", "compute-1"), (error) => {
        assert.ok(error instanceof CouldNotRun);
        assert.match(error.message, pattern);
        return true;
      });
    });
  }
});
