import assert from "node:assert/strict";
import { withTargetNames } from "../../../../verification/vcenter/targetNames";
import { scene, vm } from "../checks/fixture";
import { instanceId } from "./fixture";

describe("VMs that nova launched", () => {
  const declared = {
    name: "ubuntu-os",
    guestOs: "ubuntu" as const,
    address: undefined,
    probe: { port: 22 },
    bootSeconds: 120,
    openstack: { instanceId: instanceId.toUpperCase() },
  };

  function names(...vms: ReturnType<typeof vm>[]): string[] {
    return withTargetNames({ ...scene().inventory, vms }, [declared]).vms.map(({ name }) => name);
  }

  it("have their declared name, whatever vCenter calls them", () => {
    assert.deepEqual(names(vm("u (8c36)", { instanceUuid: instanceId }), vm("b")), ["ubuntu-os", "b"]);
  });

  it("are told apart from a VM that has the name by chance", () => {
    const other = vm("ubuntu-os", { id: "vm-9", instanceUuid: "x" });
    assert.deepEqual(names(other, vm("u", { instanceUuid: instanceId })), ["ubuntu-os (vm-9)", "ubuntu-os"]);
  });

  it("change nothing where none is declared", () => {
    const { inventory } = scene();
    assert.equal(withTargetNames(inventory, []), inventory);
  });
});
