/** vsphere-ha/verification: checks and drills as functions, for programs. The command `vsphere-ha` does the same. */
export { checks, checksOf, runChecks, type CheckContext } from "./checks";
export type { Check, CheckInput } from "./checks/check";
export { loadConfig, parseConfig, type Environment, type VerificationConfig } from "./config";
export { planDrills, recover, runDrills } from "./drills";
export { readJournal } from "./journal";
export { journalJsonSchema } from "./journalSchema";
export type * from "./model";
export { CouldNotRun, Problems, type Problem } from "./problems";
export { writeReport } from "./report";
export { connect, type VCenter } from "./vcenter/client";
