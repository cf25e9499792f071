import { resolve } from "node:path";
import { checkedDrills, type StackOptions } from "../deploy/request";
import { deploy, findDrift, type DeployRequest } from "../deploy/run";
import { exitCode } from "../drills";
import type { Journal, ResourceChange } from "../model";
import { printSummary, writeReport } from "../report";
import type { CommandContext } from "./context";
import { failureText } from "./text";

export interface DeployOptions {
  stack: string;
  cwd: string;
  config?: string[];
  policyPack?: string[];
  policyPackConfig?: string[];
  preview?: boolean;
  drill?: string[];
  json: boolean;
  report: string;
}

/** Deploys and verifies, or previews. Resolves to the exit code. */
export async function deployCommand(options: DeployOptions, context: CommandContext): Promise<number> {
  const journal = await deploy(requestOf(options, context));
  return told(journal, options, context);
}

/** Tells what is otherwise than declared. Resolves to the exit code. */
export async function driftCommand(options: DeployOptions, context: CommandContext): Promise<number> {
  const journal = await findDrift(requestOf(options, context));
  return told(journal, options, context);
}

function requestOf(options: DeployOptions, { env, stdout, stderr, signal, hurried }: CommandContext): DeployRequest {
  const given: StackOptions = {
    stack: options.stack,
    cwd: options.cwd,
    config: options.config ?? [],
    // As the user's shell sees them; Pulumi runs in the folder of the program.
    policyPack: (options.policyPack ?? []).map((pack) => resolve(pack)),
    policyPackConfig: (options.policyPackConfig ?? []).map((file) => resolve(file)),
    preview: options.preview ?? false,
    drill: options.drill ?? [],
  };
  const drills = checkedDrills(given, env);
  const progress = (line: string): void => {
    (options.json ? stderr : stdout).write(`${line}\n`);
  };
  return {
    ...given,
    drills,
    env,
    policyPacks: given.policyPack,
    policyPackConfigs: given.policyPackConfig,
    reportDir: options.report,
    progress,
    changed: (change) => {
      progress(`  ${changeLine(change)}`);
    },
    signal,
    hurried,
  };
}

const past: Record<ResourceChange["operation"], string> = {
  create: "created",
  update: "updated",
  replace: "replaced",
  delete: "deleted",
  import: "imported",
};

function changeLine({ resource, type, operation, state, properties }: ResourceChange): string {
  const kind = type.slice(type.lastIndexOf(":") + 1);
  const what = properties.map(({ property, before, after }) => `${property} ${before} → ${after}`).join(", ");
  const word = state === "failed" ? `FAILED to ${operation}` : past[operation];
  return `${word} ${kind} ${resource}${what === "" ? "" : `: ${what}`}`;
}

async function told(
  journal: Journal,
  { json, report }: DeployOptions,
  { stdout, stderr, signal }: CommandContext,
): Promise<number> {
  await writeReport(journal, report);
  stdout.write(json ? `${JSON.stringify(journal, undefined, 2)}\n` : `${printSummary(journal)}\n`);
  const { checks, target, error, command } = journal;
  const failure = failureText(checks, target.cluster, command);
  if (failure !== undefined) stderr.write(`${failure}\n`);
  if (error !== undefined) stderr.write(`vsphere-ha ${command}: ${error}\n`);
  return signal.aborted ? 2 : exitCode(journal);
}
