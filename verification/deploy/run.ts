import { join } from "node:path";
import { version } from "../../package.json";
import { checkCluster } from "../checks/cluster";
import { verdictOf } from "../checks";
import { loadConfigOver, loadVCenter, type Environment, type VerificationConfig } from "../config";
import type { Json } from "../config/layers";
import { runDrills } from "../drills";
import type { DrillName } from "../drills/variants";
import { joined } from "../joined";
import type { CheckResult, Deployment, Inventory, Journal } from "../model";
import { CouldNotRun } from "../problems";
import { openSession } from "../vcenter/open";
import { readTree, type TreeObject } from "../vcenter/tree";
import { addedResult } from "./added";
import { continueKilled, refuseToDestroy } from "./continueKilled";
import { explained } from "./denied";
import { stackJournal, type StackRun } from "./journal";
import {
  countText,
  driftResult,
  madeChanges,
  policyResults,
  previewResult,
  undeployedResult,
  upResult,
} from "./results";
import { PulumiStack, type StackRequest } from "./stack";

export interface DeployRequest extends Omit<StackRequest, "note" | "changed"> {
  /** Configuration files laid over the stack's output. */
  config: string[];
  env: Environment;
  preview: boolean;
  drills: DrillName[];
  reportDir: string;
  progress: (line: string) => void;
  changed: StackRequest["changed"];
  hurried: AbortSignal;
}

/**
 * Previews with the policies, deploys, checks the cluster, changed or not, and drills it if asked. Gives the record also of
 * a deployment that was refused, failed or was interrupted.
 *
 * @throws CouldNotRun when nothing could be begun, or another deployment is under way
 */
export async function deploy(request: DeployRequest): Promise<Journal> {
  const { stack: name, policyPacks, preview, env, progress, signal } = request;
  const started = new Date();
  const deployment: Deployment = { stack: name, changes: [], notes: [] };
  const note = (line: string): void => {
    deployment.notes.push(line);
    progress(line);
  };
  const stack = await PulumiStack.open({ ...request, note });
  const run: StackRun = {
    command: preview ? "deploy --preview" : "deploy",
    stack: name,
    started,
    config: undefined,
    results: [],
    deployment,
  };
  const aborted = (): boolean => signal.aborted;
  const end = (checked?: Journal): Journal => {
    return stackJournal({ ...run, error: aborted() ? interruptedText(deployment) : undefined }, checked);
  };

  const objects = (): Promise<TreeObject[]> => vcenterObjects(request);
  const taken = preview ? undefined : await continueKilled({ name, stack, env, note, objects });
  progress(`previewing stack ${name}`);
  const proposed = await explained(await stack.preview({ refresh: true }), env);
  await refuseToDestroy(taken, proposed.log, stack);
  deployment.changes = proposed.log.changes(false);
  const policies = policyResults(proposed, policyPacks.length);
  run.results = [...policies, ...(refused(policies) ? [] : [previewResult(proposed)])];
  if (preview || aborted() || verdictOf(run.results) !== "passed") return end();

  progress(`deploying stack ${name}: ${countText(deployment.changes)}`);
  const applied = await explained(await stack.up(), env);
  deployment.changes = madeChanges(applied, deployment.changes);
  run.results = [...policyResults(applied, policyPacks.length), upResult(applied, deployment.changes)];
  if (aborted()) return end();
  const config = await configOf(stack, request);
  run.config = config;
  if (config === undefined) {
    if (verdictOf(run.results) !== "passed") return end();
    throw new CouldNotRun(withoutOutput(name));
  }
  try {
    // The cluster got its time within the deployment, if that was where it failed.
    const settle = verdictOf(run.results) === "passed" ? {} : { settleSeconds: 0 };
    const checked = await checkCluster({ config, env, signal, say: progress, ...settle });
    if (verdictOf([...run.results, ...checked.checks]) !== "passed") return end(checked);
    return end(await drilled(checked, config, request));
  } catch (error) {
    if (!aborted()) throw error;
    return end();
  }
}

/**
 * Reads what is otherwise than declared: in vCenter, in the program, and by the checks of the cluster, which see what is in
 * no resource. Changes nothing.
 */
export async function findDrift(request: DeployRequest): Promise<Journal> {
  const { stack: name, env, progress, signal } = request;
  const started = new Date();
  const stack = await PulumiStack.open({ ...request, note: progress });
  progress(`reading what vCenter has of stack ${name}`);
  const drift = await explained(await stack.drift(), env);
  if (drift.failure !== undefined) throw new CouldNotRun(`the refresh could not be previewed: ${drift.failure}`);
  progress("comparing the program with what was deployed");
  const undeployed = await explained(await stack.preview({ refresh: false }), env);
  if (undeployed.failure !== undefined) throw new CouldNotRun(`the program cannot be previewed: ${undeployed.failure}`);
  const config = await configOf(stack, request);
  if (config === undefined) throw new CouldNotRun(withoutOutput(name));
  const state = await stack.state();
  const vms = config.vms.map((vm) => vm.name);
  const further = (inventory: Inventory): CheckResult[] => [addedResult(inventory, state, vms)];
  // Nobody has just changed the cluster: there is nothing to wait for.
  const checked = await checkCluster({ config, env, signal, say: progress, settleSeconds: 0, further });
  return stackJournal(
    { command: "drift", stack: name, started, config, results: [driftResult(drift), undeployedResult(undeployed)] },
    checked,
  );
}

/** Whether a rule keeps the proposal from being deployed: then the preview's failure says nothing more. */
function refused(policies: readonly CheckResult[]): boolean {
  return policies.some(({ severity, verdict }) => severity === "error" && verdict === "failed");
}

async function vcenterObjects({ config, env }: DeployRequest): Promise<TreeObject[]> {
  const { session, close } = await openSession(loadVCenter(config, env), env);
  try {
    return await readTree(session);
  } finally {
    await close();
  }
}

async function configOf(stack: PulumiStack, request: DeployRequest): Promise<VerificationConfig | undefined> {
  const { verification } = await stack.outputs();
  return verification === undefined
    ? undefined
    : loadConfigOver(verification.value as Json, request.config, request.env);
}

function withoutOutput(stack: string): string {
  return (
    `stack ${stack} has no output verification, so nothing says what to verify: export verificationDocument(…) of ` +
    "vsphere-ha from the program under that name"
  );
}

async function drilled(checked: Journal, config: VerificationConfig, request: DeployRequest): Promise<Journal> {
  const { drills, env, reportDir, progress, signal, hurried } = request;
  const journals: Journal[] = [];
  for (const drill of drills) {
    const report = join(reportDir, drill);
    const common = { config, env, progress, signal, hurried, includeBystanders: false, toolVersion: version };
    const journal = await runDrills({ ...common, drill, reportDir: report });
    journals.push(journal);
    if (journal.verdict !== "passed") break;
  }
  return journals.length === 0 ? checked : { ...joined(checked, ...journals), checks: checked.checks };
}

function interruptedText({ changes }: Deployment): string {
  const done = changes.filter(({ state }) => state === "done").length;
  const open = changes.filter(({ state }) => state === "unfinished").map(({ resource }) => resource);
  const begun = changes.some(({ state }) => state !== "proposed");
  if (!begun) return "interrupted before anything was changed";
  const left = open.length === 0 ? "" : `; not done: ${open.join(", ")}`;
  return `interrupted: ${done.toString()} of ${changes.length.toString()} changes were made${left}. The next deployment continues`;
}
