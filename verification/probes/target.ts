import { isIPv4 } from "node:net";
import type { VmConfig } from "../config";
import type { VmState } from "../model";
import type { ProbeTarget } from "./schedule";

/**
 * Where a VM's service is: the configured address, else the first that VMware Tools report, IPv4 first. Undefined when
 * neither is there.
 */
export function serviceOf(config: VmConfig, vm: VmState | undefined): ProbeTarget | undefined {
  const reported = vm?.addresses ?? [];
  const address = config.address ?? reported.find((one) => isIPv4(one)) ?? reported[0];
  return address === undefined ? undefined : { vm: config.name, address, port: config.probe.port };
}
