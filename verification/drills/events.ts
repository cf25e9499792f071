import type { Moid, VcEvent } from "../model";
import { haResets } from "../vcenter/haResets";

/** A vCenter event with its instant on this machine's clock, wall ms since the epoch. */
export interface TimedEvent extends VcEvent {
  at: number;
}

/** Puts events onto this machine's clock. @param offset vCenter's clock minus ours, wall ms */
export function timed(events: readonly VcEvent[], offset: number): TimedEvent[] {
  return events.map((event) => ({ ...event, at: event.createdAt.getTime() - offset }));
}

// Ids of EventEx and names of classic classes, lower case: vCenter's own spelling of the ids varies.
const hostFailed = ["com.vmware.vc.ha.dashostfailedevent", "dashostfailedevent"];
const hostIsolated = ["com.vmware.vc.ha.dashostisolatedevent", "dashostisolatedevent"];
const hostPartitioned = "com.vmware.vc.ha.hostpartitionedfrommasterevent";
const storageLost = {
  apd: "esx.problem.storage.apd.start",
  pdl: "esx.problem.scsi.device.state.permanentloss",
};
const vmTerminated = "com.vmware.vc.ha.vmcpterminatingvm";
const vmRestarted = ["com.vmware.vc.ha.vmrestartedbyhaevent", "vmrestartedonalternatehostevent"];
const restartFailed = ["vmfailoverfailed", "notenoughresourcestostartvmevent"];

export function hostFailedEvent(events: readonly TimedEvent[], host: Moid): TimedEvent | undefined {
  return events.find(({ type, hostId }) => hostFailed.includes(type.toLowerCase()) && hostId === host);
}

export function hostIsolatedEvent(events: readonly TimedEvent[], host: Moid): TimedEvent | undefined {
  return events.find(({ type, hostId }) => hostIsolated.includes(type.toLowerCase()) && hostId === host);
}

/** It hears no master, but is not alone either: something it takes for proof of a network answers it. */
export function hostPartitionedEvent(events: readonly TimedEvent[], host: Moid): TimedEvent | undefined {
  return events.find(({ type, hostId }) => type.toLowerCase() === hostPartitioned && hostId === host);
}

/** A host says that it has lost storage: all paths to it, or the device itself for good. */
export function storageLostEvent(
  events: readonly TimedEvent[],
  host: Moid,
  loss: "apd" | "pdl",
): TimedEvent | undefined {
  return events.find(({ type, hostId }) => type.toLowerCase() === storageLost[loss] && hostId === host);
}

export function vmTerminatedEvent(events: readonly TimedEvent[], vm: Moid): TimedEvent | undefined {
  return events.find(({ type, vmId }) => type.toLowerCase() === vmTerminated && vmId === vm);
}

export function vmRestartedEvent(events: readonly TimedEvent[], vm: Moid): TimedEvent | undefined {
  return events.find(({ type, vmId }) => vmRestarted.includes(type.toLowerCase()) && vmId === vm);
}

export function vmResetEvent(events: readonly TimedEvent[], vm: Moid): TimedEvent | undefined {
  return haResets(events).find(({ vmId }) => vmId === vm);
}

export function restartFailedEvent(events: readonly TimedEvent[], vm: Moid): TimedEvent | undefined {
  return events.find(({ type, vmId }) => restartFailed.includes(type.toLowerCase()) && vmId === vm);
}

/** Events that tell the story of a failover: shown on the timeline. */
export function isTelling({ type }: VcEvent): boolean {
  const name = type.toLowerCase();
  return (
    name.includes(".ha.") ||
    Object.values(storageLost).includes(name) ||
    /^das|failover|^vm(restarted|poweredon|das)|^host(connected|connectionlost|disconnected)|^drsvm/.test(name)
  );
}
