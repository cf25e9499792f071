import type { VcEvent } from "../model";

// Names of the classes, lower case (vSphere API reference, VmDasBeingResetEvent and its kin).
const resets = ["vmdasbeingresetevent", "vmdasbeingresetwithscreenshotevent"];

/** Events that tell that HA resets a VM. */
export function haResets<E extends VcEvent>(events: readonly E[]): E[] {
  return events.filter(({ type }) => resets.includes(type.toLowerCase()));
}
