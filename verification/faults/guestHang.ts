import type { Clock } from "../clock";
import type { VmState } from "../model";
import { CouldNotRun } from "../problems";
import type { VCenter } from "../vcenter/client";
import type { GuestAccount } from "../vcenter/guestOperations";
import { vmMonitoring } from "../vmMonitoring";
import { haResets } from "../vcenter/haResets";
import type { Fault, GuestHangRecord } from "./fault";

/** How a guest is made to hang. */
export interface GuestHang {
  /** What does it, in words. */
  what: string;
  /** Carries it out; waits for nothing. */
  start(vm: VmState): Promise<void>;
  /** Whom Tools let in; undefined where nothing is done through them: then their heartbeat tells whether they live. */
  account: GuestAccount | undefined;
}

interface HangParts {
  vcenter: Pick<VCenter, "inventory" | "guests" | "requirePrivilege" | "resetVm" | "eventsOfVm" | "currentTime">;
  clock: Pick<Clock, "now" | "wait" | "seconds" | "wallMs">;
  hang: GuestHang;
  /** The VM's service accepts a connection now. */
  answers: (vm: VmState) => Promise<boolean>;
  /** From a reset until the service answers; seconds of the Clock. */
  bootSeconds: number;
}

/** Until a guest that was told to hang is seen to do so, and between two looks; seconds of the Clock. */
const confirmSeconds = 60;
const pollSeconds = 1;
/** For so long a guest must be well to count as such; seconds of the Clock. */
const stableSeconds = 5;

/**
 * A guest that hangs while its VM runs on: its service is silent, and so are VMware Tools. Undone by a reset of the VM,
 * unless HA has reset it.
 */
export function guestHangFault({ vm: name }: GuestHangRecord, parts: HangParts): Fault {
  const { vcenter, clock, hang, bootSeconds } = parts;
  /** Looked up before the fault, so that only the hang itself lies between its instant and its effect. */
  let ready: VmState | undefined;

  async function find(): Promise<VmState> {
    const vm = (await vcenter.inventory()).vms.find((one) => one.name === name && !one.template);
    if (vm === undefined) throw new CouldNotRun(`VM ${name} is not in the cluster any more`);
    return vm;
  }

  /** Tools answer at this moment: a heartbeat that stopped is told later. */
  async function toolsAnswer(vm: VmState): Promise<boolean> {
    if (hang.account === undefined) return vm.guestHeartbeat === "green";
    try {
      await vcenter.guests.processes(vm, hang.account);
      return true;
    } catch (error) {
      if (error instanceof CouldNotRun) return false;
      throw error;
    }
  }

  async function isWell(): Promise<boolean> {
    const vm = await find();
    return (await parts.answers(vm)) && (await toolsAnswer(vm));
  }

  async function staysWell(): Promise<boolean> {
    if (!(await isWell())) return false;
    await clock.wait(stableSeconds);
    return isWell();
  }

  async function becomesWell(limitSeconds: number): Promise<boolean> {
    const until = clock.now() + clock.wallMs(limitSeconds);
    for (;;) {
      if (await staysWell()) return true;
      if (clock.now() > until) return false;
      await clock.wait(pollSeconds);
    }
  }

  return {
    async check() {
      const { cluster } = await vcenter.inventory();
      const vm = await find();
      const reset = "VirtualMachine.Interact.Reset";
      await vcenter.requirePrivilege(reset, { type: "VirtualMachine", id: vm.id }, "ResetVM_Task");
      if (hang.account !== undefined) await vcenter.guests.processes(vm, hang.account);
      const { maxFailures, windowSeconds } = vmMonitoring(cluster, vm.id);
      const now = (await vcenter.currentTime()).getTime();
      const since = windowSeconds === undefined ? 0 : now - clock.wallMs(windowSeconds);
      const resets = haResets(await vcenter.eventsOfVm(vm.id, new Date(since))).length;
      if (resets < maxFailures) return;
      const span = windowSeconds === undefined ? "" : ` within ${windowSeconds.toString()} s`;
      throw new CouldNotRun(
        `HA has reset ${name} ${resets.toString()} times${span}, and does so at most ${maxFailures.toString()} times: it ` +
          "would not again. Wait, or raise haVmMaximumResets or haVmMaximumFailureWindow",
      );
    },
    async arm() {
      ready = await find();
    },
    async inject() {
      const vm = ready ?? (await find());
      await hang.start(vm);
      const until = clock.now() + clock.wallMs(confirmSeconds);
      while (await parts.answers(vm)) {
        if (clock.now() > until) {
          throw new CouldNotRun(`${name} goes on answering after ${hang.what}: it does not hang`);
        }
        await clock.wait(pollSeconds);
      }
    },
    async restore() {
      if (await staysWell()) return;
      const vm = await find();
      const now = (await vcenter.currentTime()).getTime();
      const booting = haResets(await vcenter.eventsOfVm(vm.id, new Date(now - clock.wallMs(bootSeconds)))).length > 0;
      if (booting && (await becomesWell(bootSeconds))) return;
      await vcenter.resetVm(vm.id);
      if (await becomesWell(2 * bootSeconds)) return;
      throw new CouldNotRun(
        `${name} does not answer ${(2 * bootSeconds).toString()} s after its reset; look at its console`,
      );
    },
  };
}
