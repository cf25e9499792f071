import type { DrillParts } from "../drills/parts";
import { CouldNotRun, messageOf } from "../problems";
import type { GuestAccount, GuestProcess, GuestVm } from "../vcenter/guestOperations";
import type { LoadProgram } from "./model";
import { isProgram } from "./program";

type EndParts = Pick<DrillParts, "vcenter" | "clock" | "guestAccount">;

/** For a guest that is starting to let Tools answer, and for a program to end; seconds of the Clock. */
const budgetSeconds = 120;
const pollSeconds = 2;

/**
 * Ends every program of a run that still runs, and reads that none does. Safe to repeat. Programs are known by their
 * command line, because process ids are given anew when a guest restarts.
 *
 * @throws CouldNotRun naming each guest in which one may still run
 */
export async function endLoad(parts: EndParts, programs: readonly LoadProgram[]): Promise<void> {
  const guests = new Map(programs.map(({ vm, guestOs }) => [vm, guestOs]));
  const { vms } = await parts.vcenter.inventory();
  const left = await Promise.all(
    [...guests].map(async ([name, guestOs]) => {
      const vm = vms.find((one) => one.name === name);
      // What does not run has no programs, and a start begins without them.
      if (vm?.powerState !== "poweredOn") return [];
      const own = programs.filter((program) => program.vm === name);
      return endIn(parts, { id: vm.id, name }, parts.guestAccount(guestOs), own).then(
        () => [],
        (error: unknown) => [messageOf(error)],
      );
    }),
  );
  const reasons = left.flat();
  if (reasons.length > 0) throw new CouldNotRun(reasons.join("; "));
}

async function endIn(
  { vcenter, clock }: EndParts,
  vm: GuestVm,
  account: GuestAccount,
  programs: readonly LoadProgram[],
): Promise<void> {
  const until = clock.now() + clock.wallMs(budgetSeconds);
  for (;;) {
    const found = await running(vcenter.guests.processes(vm, account), programs);
    if (Array.isArray(found)) {
      if (found.length === 0) return;
      for (const { pid } of found) await vcenter.guests.terminate(vm, account, pid);
    }
    if (clock.now() >= until) {
      if (found instanceof Error) throw found;
      throw new CouldNotRun(`load goes on in ${vm.name}: its program does not end`);
    }
    await clock.wait(pollSeconds);
  }
}

async function running(
  listing: Promise<GuestProcess[]>,
  programs: readonly LoadProgram[],
): Promise<GuestProcess[] | CouldNotRun> {
  try {
    return (await listing).filter((process) => programs.some((program) => isProgram(process, program)));
  } catch (error) {
    // Tools of a guest that is starting do not answer yet.
    if (error instanceof CouldNotRun) return error;
    throw error;
  }
}
