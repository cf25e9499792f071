import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { environmentProblems, readDocuments, type Environment } from "../config";
import { drillNames, isDrillName, type DrillName } from "../drills/variants";
import { Problems, type Problem } from "../problems";

/** The command line of deploy and drift. */
export interface StackOptions {
  stack: string;
  cwd: string;
  config: string[];
  policyPack: string[];
  policyPackConfig: string[];
  preview: boolean;
  drill: string[];
}

/** Throws Problems with everything that is wrong, before Pulumi is started. */
export function checkedDrills(options: StackOptions, env: Environment): DrillName[] {
  const { stack, cwd, config, policyPack, policyPackConfig, preview, drill } = options;
  const problems: Problem[] = [];
  const problem = (path: string, value: unknown, rule: string, remedy: string): void => {
    problems.push({ path, value, rule, remedy });
  };
  if (stack.trim() === "") problem("--stack", stack, "must name a stack", "see pulumi stack ls");
  if (!["yaml", "yml", "json"].some((ending) => existsSync(join(cwd, `Pulumi.${ending}`)))) {
    problem("--cwd", cwd, "must be the folder of a Pulumi program", "name the folder that holds Pulumi.yaml");
  }
  for (const pack of policyPack) {
    if (existsSync(join(pack, "PulumiPolicy.yaml"))) continue;
    problem(
      "--policy-pack",
      pack,
      "must be the folder of a policy pack",
      "name the folder that holds PulumiPolicy.yaml",
    );
  }
  for (const file of policyPackConfig) {
    const rule = jsonProblem(file);
    if (rule !== undefined) problem("--policy-pack-config", file, rule, "name a JSON file, one for each --policy-pack");
  }
  if (policyPackConfig.length > policyPack.length) {
    const rule = `must belong to a policy pack, and there are ${policyPack.length.toString()}`;
    problem("--policy-pack-config", policyPackConfig, rule, "give one for each --policy-pack, in the same order");
  }
  for (const name of drill) {
    if (!isDrillName(name)) problem("--drill", name, "must be a drill", `name one of ${drillNames.join(", ")}`);
  }
  if (preview && drill.length > 0) {
    problem(
      "--drill",
      drill.join(", "),
      "a preview deploys nothing that could be drilled",
      "leave out --preview or --drill",
    );
  }
  // A preview asks vCenter through the provider alone.
  if (!preview) problems.push(...verificationProblems(config, env));
  if (problems.length > 0) throw new Problems(problems, "the command line and the environment");
  return drill.filter(isDrillName);
}

/** What keeps the cluster from being checked afterwards. */
function verificationProblems(files: readonly string[], env: Environment): readonly Problem[] {
  try {
    return environmentProblems(readDocuments(files, env), env);
  } catch (error) {
    if (error instanceof Problems) return error.problems;
    throw error;
  }
}

function jsonProblem(file: string): string | undefined {
  if (!existsSync(file) || !statSync(file).isFile()) return "must be a file that is there";
  try {
    JSON.parse(readFileSync(file, "utf8"));
    return undefined;
  } catch {
    return "must be JSON";
  }
}
