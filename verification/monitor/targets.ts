import type { VmConfig } from "../config";
import type { VmState } from "../model";
import { CouldNotRun, Problems } from "../problems";
import type { ProbeTarget } from "../probes/schedule";
import { serviceOf } from "../probes/target";

/** Whom to ask for the addresses of the VMs to watch. */
export interface TargetSource {
  vms: readonly VmConfig[];
  /** All VMs, of vCenter; CouldNotRun when it is away. */
  read: () => Promise<VmState[]>;
  /** Told at each look whether vCenter answers. */
  reachable: (answers: boolean) => void;
  progress: (line: string) => void;
}

/**
 * Where the services are. vCenter may be away: what it told before, or the configuration says, stands then.
 *
 * @throws CouldNotRun when a VM has no address, Problems when the way to vCenter is configured wrongly
 */
export async function findTargets(
  { vms, read, reachable, progress }: TargetSource,
  before: readonly ProbeTarget[],
): Promise<ProbeTarget[]> {
  const seen = await read().catch((error: unknown) => {
    if (!(error instanceof CouldNotRun) || error instanceof Problems) throw error;
    progress(error.message);
    return undefined;
  });
  reachable(seen !== undefined);
  const missing: string[] = [];
  const targets = vms.flatMap((vm) => {
    const state = seen?.find(({ name }) => name === vm.name);
    const found = serviceOf(vm, state) ?? before.find((one) => one.vm === vm.name);
    if (found === undefined) missing.push(vm.name);
    return found ?? [];
  });
  if (missing.length === 0) return targets;
  throw new CouldNotRun(`${missing.join(", ")} has no address: set vms[].address, or let VMware Tools report one`);
}

/** Looks after each wait; resolves to other targets as soon as there are some, to the same when the signal aborts. */
export async function otherTargets(
  source: TargetSource,
  targets: ProbeTarget[],
  wait: () => Promise<void>,
  signal: AbortSignal,
): Promise<ProbeTarget[]> {
  for (;;) {
    await wait();
    if (signal.aborted) return targets;
    const now = await findTargets(source, targets);
    if (JSON.stringify(now) === JSON.stringify(targets)) continue;
    source.progress("addresses have changed");
    return now;
  }
}
