import { CouldNotRun } from "../problems";
import { faultWords, type Fault, type FaultRecord } from "./fault";
import type { HostPower } from "./redfish";

/** A host that loses its power at once, as by a broken power supply. */
export function hostPowerFault(record: Extract<FaultRecord, { kind: "host-power" }>, power: HostPower): Fault {
  return {
    words: faultWords(record),
    async check() {
      const state = await power.check();
      if (state === "On") return;
      throw new CouldNotRun(`the BMC of ${record.host} says that its power is ${state}; power it on first`);
    },
    inject: () => power.powerOff(),
    restore: () => power.powerOn(),
    close: () => power.close(),
  };
}
