import type { VCenter } from "../vcenter/client";
import type { Fault } from "./fault";

/** A host that is taken out of service by vCenter: DRS moves its VMs elsewhere first. */
export function maintenanceModeFault(host: string, vcenter: Pick<VCenter, "maintenanceMode">): Fault {
  return {
    check: () => Promise.resolve(),
    inject: () => vcenter.maintenanceMode(host, true),
    restore: () => vcenter.maintenanceMode(host, false),
    close: () => Promise.resolve(),
  };
}
