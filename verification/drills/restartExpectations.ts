import { aboutVm, type Expected } from "./expected";
import type { VmBudget } from "./plan";
import type { Budget } from "./timing";

/** A VM of the target that HA restarts comes back in time, and is safe again. */
export function comesBack({ vm, detection, restart, boot, total }: VmBudget, host: string): Expected[] {
  return [
    {
      ...aboutVm("vm-answers", vm),
      statement: `${vm.name} answers again within ${total.toString()} s`,
      basis:
        `detection ${text(detection)} s, restart ${text(restart)} s, boot ${text(boot)} s. ` +
        `${detection.basis}. ${restart.basis}. ${boot.basis}`,
      limitSeconds: total,
    },
    {
      ...aboutVm("vm-protected", vm),
      statement: `${vm.name} is protected again with ${host} back`,
      basis: "the next failure must find it protected",
    },
  ];
}

/** @param read when vCenter is asked where it runs */
export function restartsElsewhere(vm: { name: string; id: string }, host: string, read: string): Expected[] {
  return [
    {
      ...aboutVm("vm-restarted", vm),
      statement: `HA restarts ${vm.name}`,
      basis: "VmRestartedByHAEvent: it came back by HA, not by a person or DRS",
    },
    {
      ...aboutVm("vm-elsewhere", vm),
      statement: `${vm.name} runs on another host than ${host}`,
      basis: `read from vCenter ${read}`,
    },
  ];
}

function text({ seconds }: Budget): string {
  return seconds.toString();
}
