import type { PostDeployCheckArgs } from "./postDeployCheck";
import { nonEmpty, Rule, unique, wholeNumber } from "./validation";

/** What must hold of a verification before it is declared. */
export const checkRules: Rule<PostDeployCheckArgs>[] = [
  nonEmpty("vms[].name", "the name that the virtual machine has in vCenter"),
  unique("vms[].name", "virtual machine"),
  wholeNumber("vms[].probePort", "a TCP port", 1, 65535),
  wholeNumber("vms[].bootSeconds", "seconds", 1),
];
