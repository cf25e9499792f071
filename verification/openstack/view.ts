import { capacityText, usableCapacity } from "../checks/openstackCompute";
import { vmOf } from "../checks/openstackInstances";
import type { CloudView, Inventory } from "../model";
import type { OpenStackState } from "./model";

/** What OpenStack says of its instances and the capacity, beside what vCenter says. */
export function cloudView(state: OpenStackState, inventory: Inventory, computeHost: string): CloudView {
  const { hypervisors, provider, instances } = state;
  const usable = usableCapacity(inventory);
  const own =
    "value" in hypervisors ? hypervisors.value.find(({ serviceHost }) => serviceHost === computeHost) : undefined;
  const placed = "value" in provider ? provider.value : undefined;
  return {
    cloud: state.cloud,
    capacity: {
      vcenter: usable && capacityText(usable),
      nova: own && capacityText(own),
      placement: placed && capacityText(placed),
    },
    instances: ("value" in instances ? instances.value : []).map((instance) => {
      const vm = vmOf(instance, inventory.vms);
      return {
        name: instance.name,
        id: instance.id,
        nova: instance.status,
        vcenter: vm?.powerState,
        host: inventory.hosts.find(({ id }) => id === vm?.hostId)?.name,
      };
    }),
  };
}
