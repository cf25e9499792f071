import type { Inventory, Moid } from "../model";
import { CouldNotRun } from "../problems";
import { clusterFilter, toInventory } from "../vcenter/inventory";
import { retrieve } from "../vcenter/properties";
import type { Session } from "../vcenter/session";
import { at, text } from "../vcenter/xml";
import type { FoundCluster } from "./clusters";

/** A cluster, and what its VMs say of their guests. */
export interface Survey {
  inventory: Inventory;
  /** Ids of the guest operating systems, by VM. */
  guestIds: Map<Moid, string>;
  /** What HA watches in VMs as their default settings have it; vCenter has it in those of the cluster, too. */
  vmMonitoring: string | undefined;
}

/** Reads a cluster in one traversal. Throws CouldNotRun. */
export async function survey(session: Session, { ref, name }: FoundCluster, signal: AbortSignal): Promise<Survey> {
  const filter = clusterFilter(ref);
  const ofVm = [...(filter.properties.VirtualMachine ?? []), "config.guestId"];
  const properties = { ...filter.properties, VirtualMachine: ofVm };
  const objects = await retrieve(session, { ...filter, properties }, signal);
  const inventory = toInventory(objects, new Date());
  if (inventory === undefined) throw new CouldNotRun(`cluster ${name} is gone from vCenter ${session.server}`);
  const guestIds = objects.flatMap(({ ref: { id }, properties: read }): [Moid, string][] => {
    const guestId = text(read.get("config.guestId"));
    return guestId === undefined ? [] : [[id, guestId]];
  });
  const configuration = objects.find(({ ref: { id } }) => id === ref.id)?.properties.get("configurationEx");
  const defaults = ["dasConfig", "defaultVmSettings", "vmToolsMonitoringSettings", "vmMonitoring"];
  return { inventory, guestIds: new Map(guestIds), vmMonitoring: text(at(configuration, ...defaults)) };
}
