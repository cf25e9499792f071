import { guestDefaults } from "./guestDefaults";
import { GuestOs, NetworkAdapter, ScsiType } from "./values";

/** Names that nova's vCenter driver has for vSphere's devices (nova, Compute drivers: VMware vSphere, "Images"). */
const adapterTypes: Record<ScsiType, string> = {
  [ScsiType.lsilogic]: "lsiLogic",
  [ScsiType.lsilogicSas]: "lsiLogicsas",
  [ScsiType.pvscsi]: "paraVirtual",
};
const vifModels: Record<NetworkAdapter, string> = {
  [NetworkAdapter.e1000]: "VirtualE1000",
  [NetworkAdapter.e1000e]: "VirtualE1000e",
  [NetworkAdapter.vmxnet3]: "VirtualVmxnet3",
};

/** Properties of an image, from which nova's vCenter driver makes the devices of its instances. */
export function imageProperties(guestOs: GuestOs): Record<string, string> {
  const { guestIds, scsiType, networkAdapter } = guestDefaults[guestOs];
  return {
    vmware_ostype: guestIds[0],
    vmware_adaptertype: adapterTypes[scsiType],
    vmware_disktype: "streamOptimized",
    hw_vif_model: vifModels[networkAdapter],
  };
}
