import { version } from "../../package.json";
import { verdictOf } from "../checks";
import type { VerificationConfig } from "../config";
import { overall } from "../drills/judge";
import type { CheckResult, Deployment, Journal } from "../model";
import { targetOf } from "../target";

/** The record of a run on a stack, before its cluster was looked at. */
export interface StackRun {
  command: "deploy" | "deploy --preview" | "drift";
  stack: string;
  started: Date;
  /** Undefined where the stack does not say yet what to verify. */
  config: VerificationConfig | undefined;
  results: CheckResult[];
  deployment?: Deployment;
  error?: string | undefined;
}

/** The journal of a run; with what the checks of its cluster found, where they were made. */
export function stackJournal(run: StackRun, checked?: Journal): Journal {
  const { command, stack, started, config, results, deployment, error } = run;
  const checks = [...results, ...(checked?.checks ?? [])];
  const common = {
    command,
    started: started.toISOString(),
    ended: new Date().toISOString(),
    checks,
    ...(deployment && { deployment }),
    // What ended early passed nothing.
    verdict: overall([
      verdictOf(results),
      ...(checked === undefined ? [] : [checked.verdict]),
      ...(error === undefined ? [] : ["inconclusive" as const]),
    ]),
    error: [error, checked?.error].filter((text) => text !== undefined).join("\n") || undefined,
  };
  if (checked !== undefined) return { ...checked, ...common };
  return {
    schemaVersion: 1,
    tool: { name: "vsphere-ha", version },
    vcenter: undefined,
    timeScale: config?.timeScale ?? 1,
    simulated: [],
    lockOwner: undefined,
    target: config ? targetOf(config) : { datacenter: "", cluster: `stack ${stack}`, hosts: [], vms: [] },
    drills: [],
    means: [],
    ...common,
  };
}
