import { CouldNotRun } from "../problems";
import type { Fault } from "./fault";
import type { HostPower } from "./redfish";

/** A host that loses its power at once, as by a broken power supply. */
export function hostPowerFault(host: string, power: HostPower): Fault {
  return {
    async check() {
      const state = await power.check();
      if (state === "On") return;
      throw new CouldNotRun(`the BMC of ${host} says that its power is ${state}; power it on first`);
    },
    inject: () => power.powerOff(),
    restore: () => power.powerOn(),
    close: () => power.close(),
  };
}
