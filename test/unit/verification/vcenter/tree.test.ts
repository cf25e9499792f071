import assert from "node:assert/strict";
import { readTree } from "../../../../verification/vcenter/tree";
import { at, children, text } from "../../../../verification/vcenter/xml";
import { FakeVcenter, objectContent, reference, string } from "./fakeVcenter";

describe("the tree of a vCenter", () => {
  it("is read in one traversal from its root, with who holds what", async () => {
    const vcenter = new FakeVcenter();
    let asked: unknown[] = [];
    vcenter.on("RetrievePropertiesEx", (parameters) => {
      const spec = at(parameters, "specSet");
      const from = text(at(spec, "objectSet", "obj"));
      const paths = children(at(spec, "objectSet"), "selectSet").map((one) => {
        return `${text(at(one, "type")) ?? ""}.${text(at(one, "path")) ?? ""}`;
      });
      asked = [from, paths];
      return `<returnval>${[
        objectContent("Folder", "group-d1", { name: string("Datacenters") }),
        objectContent("VirtualMachine", "vm-1", {
          name: string("a%2fb"),
          parent: reference("Folder", "group-v1"),
          "config.uuid": string("uuid-1"),
        }),
      ].join("")}</returnval>`;
    });
    const session = await vcenter.open();
    const [root, vm, ...others] = await readTree(session);
    assert.deepEqual(asked, [
      "group-d1",
      [
        "Folder.childEntity",
        "Datacenter.hostFolder",
        "Datacenter.datastoreFolder",
        "Datacenter.vmFolder",
        "ComputeResource.host",
      ],
    ]);
    assert.deepEqual(
      [root?.type, root?.id, root?.name, root?.parent],
      ["Folder", "group-d1", "Datacenters", undefined],
    );
    assert.deepEqual(
      [vm?.id, vm?.name, vm?.parent, text(vm?.properties.get("config.uuid"))],
      ["vm-1", "a/b", "group-v1", "uuid-1"],
    );
    assert.deepEqual(others, []);
  });
});
