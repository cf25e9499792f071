import type { VerificationConfig } from "../config";
import type { Inventory } from "../model";

/**
 * Gives VMs that are instances of nova the names that the configuration has for them. nova's vCenter driver names a VM
 * after its display name and id, and sets its instance uuid to the instance's id (nova, vmwareapi/vm_util.py): the uuid
 * tells. Another VM that has such a name by chance is told apart by its id.
 */
export function withTargetNames(inventory: Inventory, vms: VerificationConfig["vms"]): Inventory {
  const names = new Map(
    vms.flatMap(({ name, openstack }) => (openstack ? [[openstack.instanceId.toLowerCase(), name]] : [])),
  );
  if (names.size === 0) return inventory;
  const taken = new Set(names.values());
  return {
    ...inventory,
    vms: inventory.vms.map((vm) => {
      const own = names.get(vm.instanceUuid.toLowerCase());
      if (own !== undefined) return { ...vm, name: own };
      return taken.has(vm.name) ? { ...vm, name: `${vm.name} (${vm.id})` } : vm;
    }),
  };
}
