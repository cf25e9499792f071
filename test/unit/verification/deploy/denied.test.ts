import assert from "node:assert/strict";
import { explained, lackedText, neededFor } from "../../../../verification/deploy/denied";
import { EngineLog, type EngineEvent } from "../../../../verification/deploy/engineLog";
import { duties, privilegesFor } from "../../../../verification/privileges";
import { FakeVcenter, objectContent, serviceContent, string } from "../vcenter/fakeVcenter";
import { at, element, text } from "../../../../verification/vcenter/xml";

const vm = "vsphere:index/virtualMachine:VirtualMachine";
const names = (changes: Parameters<typeof neededFor>[0]): string[] =>
  [...new Set(neededFor(changes).map(({ privilege }) => privilege))].sort();

describe("what a deployment needs of vCenter's user", () => {
  it("is that of the types that change, by what is done to them", () => {
    assert.ok(names([{ type: vm, operation: "create" }]).includes("VirtualMachine.Interact.PowerOn"));
    assert.ok(!names([{ type: vm, operation: "create" }]).includes("VirtualMachine.Inventory.Delete"));
    assert.deepEqual(names([{ type: vm, operation: "delete" }]), [
      "StorageProfile.View",
      "VirtualMachine.Interact.PowerOff",
      "VirtualMachine.Inventory.Delete",
    ]);
    const replaced = names([{ type: vm, operation: "replace" }]);
    assert.ok(
      replaced.includes("VirtualMachine.Interact.PowerOn") && replaced.includes("VirtualMachine.Inventory.Delete"),
    );
    const portGroup = { type: "vsphere:index/hostPortGroup:HostPortGroup", operation: "update" as const };
    assert.deepEqual(names([portGroup]), ["Host.Config.Network"]);
  });

  it("is all of it where no change was begun, and nothing of what drills need", () => {
    assert.deepEqual(names([]), privilegesFor("deploy", "destroy", "drift").sort());
    assert.ok(!names([]).includes("Folder.Create"));
  });

  it("is told with server, user, datacenter, privilege and each call, and where to add it", () => {
    const needed = duties.flatMap(({ privileges }) => privileges);
    const lacked = [{ datacenter: "Lab", privileges: ["Host.Config.Storage", "StorageProfile.View"] }];
    assert.deepEqual(lackedText({ server: "vc", user: "ann" }, lacked, needed), [
      "vCenter vc: of the privileges that this takes, user ann lacks on datacenter Lab: Host.Config.Storage " +
        "(CreateNasDatastore, CreateVmfsDatastore, RemoveDatastore), StorageProfile.View (PbmQueryAssociatedProfile); " +
        "add them to the user's role, see docs/privileges.md",
    ]);
    assert.deepEqual(lackedText({ server: "vc", user: "ann" }, [], needed), []);
  });

  describe("is asked of vCenter", () => {
    let vcenter: FakeVcenter;
    beforeEach(() => {
      vcenter = new FakeVcenter();
      const manager = element("authorizationManager", "AuthorizationManager", { type: "AuthorizationManager" });
      vcenter.on("RetrieveServiceContent", () => serviceContent().replace(/<\/returnval>$/, `${manager}</returnval>`));
      const names = { "datacenter-1": "Lab", "datacenter-2": "Other" };
      vcenter.on("RetrievePropertiesEx", () =>
        element(
          "returnval",
          Object.entries(names).map(([id, name]) => objectContent("Datacenter", id, { name: string(name) })),
        ),
      );
      vcenter.on("HasPrivilegeOnEntity", (asked) =>
        element("returnval", (text(at(asked, "entity")) === "datacenter-2").toString()),
      );
    });

    const denial = "port group: ServerFaultCode: Permission to perform this operation was denied.";
    const env = { VSPHERE_SERVER: "vc.example.com", VSPHERE_USER: "reader", VSPHERE_PASSWORD: "secret" };
    const log = new EngineLog();
    const metadata = {
      op: "create",
      urn: "urn:pulumi:dev::p::t::port group",
      type: "vsphere:index/hostPortGroup:HostPortGroup",
      new: { custom: true },
    };
    const events: EngineEvent[] = [{ resourcePreEvent: { metadata } }, { resOpFailedEvent: { metadata } }];
    for (const event of events) log.add(event);

    it("where it denied something, and added to its words", async () => {
      const { failure = "" } = await explained({ log, failure: denial }, env, vcenter);
      const [first, second, ...more] = failure.split("\n");
      assert.equal(first, denial);
      assert.match(second ?? "", /user reader lacks on datacenter Lab: Host\.Config\.Network \(AddPortGroup\); add/);
      assert.deepEqual(more, []);
      assert.equal(vcenter.calls.at(-1), "Logout");
    });

    it("and not where it did not, or nothing failed", async () => {
      const other = { log, failure: "the datastore is full" };
      assert.equal(await explained(other, env, vcenter), other);
      const well = { log, failure: undefined };
      assert.equal(await explained(well, env, vcenter), well);
      assert.deepEqual(vcenter.calls, []);
    });

    it("and where it cannot be asked, the failure is told as it is", async () => {
      const failed = { log, failure: denial };
      assert.equal(await explained(failed, { ...env, VSPHERE_PASSWORD: "wrong" }, vcenter), failed);
    });
  });
});
