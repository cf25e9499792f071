/** What the settings promise, stated before the fault. */
export interface Expected {
  id: string;
  statement: string;
  basis: string;
  kind: ExpectedKind;
  /** Name and id of the VM that it is about. */
  vm: { name: string; id: string } | undefined;
  /** Seconds after the fault; of `vm-runs-until` the earliest, else the latest. */
  limitSeconds: number | undefined;
  /** Seconds after the fault before which it must not happen. Default: any. */
  notBeforeSeconds?: number;
  /** vCenter may never have heard of it: a missing event proves nothing. */
  mayBeUnreported?: true;
}

export type ExpectedKind =
  | "observed"
  | "host-declared-failed"
  | "second-declared-failed"
  | "host-evacuated"
  | "host-isolated"
  | "storage-apd"
  | "storage-pdl"
  | "vm-fails"
  | "vm-runs-until"
  | "vm-reset"
  | "vm-restarted"
  | "vm-answers"
  | "vm-terminated"
  | "vm-left-alone"
  | "vm-elsewhere"
  | "vm-stays"
  | "vm-protected"
  | "vm-undisturbed"
  | "vm-not-restarted";

/** An expectation about one VM. */
export function aboutVm(
  kind: ExpectedKind,
  vm: { name: string; id: string },
): Pick<Expected, "id" | "kind" | "vm" | "limitSeconds"> {
  return { id: `${kind}:${vm.name}`, kind, vm: { name: vm.name, id: vm.id }, limitSeconds: undefined };
}

/** The first of every drill. */
export const observed: Expected = {
  id: "observed",
  kind: "observed",
  statement: "the drill was observed: probes without gaps, no step of the clock, all events read",
  basis: "a drill that could not be observed proves nothing, so it is never passed",
  vm: undefined,
  limitSeconds: undefined,
};

/** @param basis why the VM must not notice */
export function undisturbed(vm: { name: string; id: string }, basis: string): Expected {
  return { ...aboutVm("vm-undisturbed", vm), statement: `${vm.name} does not notice: 0 s of downtime`, basis };
}
