/** What the settings promise, stated before the fault. */
export interface Expected {
  id: string;
  statement: string;
  basis: string;
  kind: ExpectedKind;
  /** Name and id of the VM that it is about. */
  vm: { name: string; id: string } | undefined;
  /** Seconds after the fault. */
  limitSeconds: number | undefined;
}

export type ExpectedKind =
  | "observed"
  | "host-declared-failed"
  | "vm-fails"
  | "vm-restarted"
  | "vm-answers"
  | "vm-elsewhere"
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
