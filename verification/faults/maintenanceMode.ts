import type { VCenter } from "../vcenter/client";
import type { Fault } from "./fault";

/**
 * A host that is taken out of service by vCenter: DRS moves its VMs elsewhere first. One that cannot be emptied is what the
 * drill has to find: no error.
 */
export function maintenanceModeFault(
  host: string,
  vcenter: Pick<VCenter, "enterMaintenance" | "exitMaintenance">,
): Fault {
  return {
    check: () => Promise.resolve(),
    inject: async (signal) => {
      await vcenter.enterMaintenance(host, signal);
    },
    restore: () => vcenter.exitMaintenance(host),
  };
}
