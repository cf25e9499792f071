import type { VCenter } from "../vcenter/client";
import { CouldNotRun } from "../problems";
import type { Fault } from "./fault";

/**
 * A host that is taken out of service by vCenter: DRS moves its VMs elsewhere first. One that cannot be emptied is what the
 * drill has to find: no error.
 */
export function maintenanceModeFault(
  host: string,
  vcenter: Pick<VCenter, "inventory" | "requirePrivilege" | "enterMaintenance" | "exitMaintenance">,
): Fault {
  return {
    async check() {
      const { hosts } = await vcenter.inventory();
      const found = hosts.find(({ name }) => name === host);
      if (found === undefined) throw new CouldNotRun(`host ${host} is not in the cluster any more`);
      const on = { type: "HostSystem", id: found.id };
      await vcenter.requirePrivilege("Host.Config.Maintenance", on, "EnterMaintenanceMode_Task");
      // An evacuation under way is undone by this alone.
      await vcenter.requirePrivilege("Global.CancelTask", on, "CancelTask");
    },
    inject: async (signal) => {
      await vcenter.enterMaintenance(host, signal);
    },
    restore: () => vcenter.exitMaintenance(host),
  };
}
