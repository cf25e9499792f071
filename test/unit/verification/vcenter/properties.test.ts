import assert from "node:assert/strict";
import { CouldNotRun } from "../../../../verification/problems";
import { locate } from "../../../../verification/vcenter/locate";
import { retrieve, retrieveAll, retrieveOne, type PropertyFilter } from "../../../../verification/vcenter/properties";
import { at, attribute, children, element, text, xsiType, type Xml } from "../../../../verification/vcenter/xml";
import { FakeVcenter, fault, objectContent, reference, string } from "./fakeVcenter";
import { collect, referencesTo, type Managed } from "./propertyCollector";

const filter: PropertyFilter = {
  start: { type: "Folder", id: "group-d1" },
  properties: { HostSystem: ["name", "runtime.powerState"], Datastore: ["name"] },
  traversal: [
    { name: "hosts", type: "ComputeResource", path: "host" },
    { type: "ComputeResource", path: "datastore" },
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
        ["TraversalSpec", undefined, "ComputeResource", "datastore", []],
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

  it("of several objects asks each type for the same, and of none asks nothing", async () => {
    const vcenter = new FakeVcenter();
    const session = await vcenter.open();
    const objects = ["host-1", "host-2", "host-3"].map((id): Managed => {
      return { type: "HostSystem", id, properties: { name: string(`name of ${id}`), other: string("x") } };
    });
    vcenter.on("RetrievePropertiesEx", (parameters) => collect(parameters, objects));
    const found = await retrieveAll(session, objects.slice(0, 2), ["name"]);
    assert.deepEqual(
      found.map(({ ref, properties }) => [ref.id, [...properties.keys()], text(properties.get("name"))]),
      [
        ["host-1", ["name"], "name of host-1"],
        ["host-2", ["name"], "name of host-2"],
      ],
    );
    const calls = vcenter.calls.length;
    assert.deepEqual(await retrieveAll(session, [], ["name"]), []);
    assert.equal(vcenter.calls.length, calls);
    assert.deepEqual([...(await retrieveOne(session, { type: "HostSystem", id: "host-9" }, ["name"]))], []);
  });

  it("ends the run on an object without id, and on one that hides something without words", async () => {
    const vcenter = new FakeVcenter();
    const session = await vcenter.open();
    vcenter.on("RetrievePropertiesEx", () => page([element("objects", [])]));
    await assert.rejects(retrieve(session, filter), {
      name: "CouldNotRun",
      message: "vCenter vc.example.com (RetrievePropertiesEx) sent an object without id",
    });
    vcenter.on("RetrievePropertiesEx", () =>
      page([element("objects", [element("obj", "host-1", { type: "HostSystem" }), "<missingSet></missingSet>"])]),
    );
    await assert.rejects(
      retrieve(session, filter),
      /does not show a property of HostSystem host-1 \(unknown fault\); give the user/,
    );
  });

  it("ends with the caller's reason when it is aborted between two pages", async () => {
    const vcenter = new FakeVcenter();
    const session = await vcenter.open();
    const abort = new AbortController();
    const given: (AbortSignal | undefined)[] = [];
    const request = vcenter.request.bind(vcenter);
    vcenter.request = (url, asked) => {
      given.push(asked?.signal);
      return request(url, asked);
    };
    vcenter.on("RetrievePropertiesEx", () => page([host(1)], "next"));
    vcenter.on("ContinueRetrievePropertiesEx", () => {
      abort.abort(new Error("enough"));
      return fault("RequestCanceled", "cancelled");
    });
    await assert.rejects(retrieve(session, filter, abort.signal), /^Error: enough$/);
    assert.deepEqual(given, [abort.signal, abort.signal]);
  });

  it("reads an empty answer as no object", async () => {
    const vcenter = new FakeVcenter();
    const session = await vcenter.open();
    vcenter.on("RetrievePropertiesEx", () => "");
    assert.deepEqual(await retrieve(session, filter), []);
  });
});

describe("locating the cluster", () => {
  /** Datacenters two folders deep; the clusters are in a folder of the first. */
  function inventoryOf(clusters: string[], datacenters = ["dc-1"]): FakeVcenter {
    const vcenter = new FakeVcenter();
    const folder = (id: string, ...inside: Managed[]): Managed => {
      return { type: "Folder", id, properties: { name: string(id), childEntity: referencesTo(...inside) } };
    };
    const named = (type: string, id: string, name: string, properties: Managed["properties"] = {}): Managed => {
      return { type, id, properties: { name: string(name), ...properties } };
    };
    const ownClusters = clusters.map((name, n) => named("ClusterComputeResource", `domain-c${n.toString()}`, name));
    const hosts = named("ComputeResource", "domain-s1", "a host without cluster");
    const own = datacenters.map((name, n) =>
      named("Datacenter", `datacenter-${n.toString()}`, name, {
        hostFolder: reference("Folder", `group-h${n.toString()}`),
        vmFolder: reference("Folder", `group-v${n.toString()}`),
      }),
    );
    const inner = [folder("group-d2", ...own), folder("group-h9", ...ownClusters)];
    const outer = [folder("group-d1", ...inner.slice(0, 1)), folder("group-h0", ...inner.slice(1), hosts)];
    vcenter.on("RetrievePropertiesEx", (parameters) =>
      collect(parameters, [...outer, ...inner, ...own, ...ownClusters, hosts]),
    );
    return vcenter;
  }

  it("finds it by its name and its datacenter's, with characters that vCenter escapes", async () => {
    const session = await inventoryOf(["other", "a%2fb %25 %5c"], ["dc-1", "dc-2"]).open();
    const found = await locate(session, "dc-1", "a/b % \\");
    assert.equal(found.cluster.id, "domain-c1");
    assert.deepEqual(found.vmFolder, { type: "Folder", id: "group-v0" });
    assert.equal(found.datacenter.id, "datacenter-0");
  });

  it("names a datacenter whose folders are not shown", async () => {
    const vcenter = inventoryOf(["compute-1"]);
    const full = vcenter.handlers.get("RetrievePropertiesEx");
    vcenter.on("RetrievePropertiesEx", async (parameters, count) => {
      const answer = (await full?.(parameters, count)) ?? "";
      return typeof answer === "string" ? answer.replace("<name>vmFolder</name>", "<name>other</name>") : answer;
    });
    const session = await vcenter.open();
    await assert.rejects(locate(session, "dc-1", "compute-1"), {
      name: "CouldNotRun",
      message: "vCenter does not show vmFolder of datacenter-0",
    });
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
