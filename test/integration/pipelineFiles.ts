import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";

const folder = resolve(__dirname, "../../examples/pipelines");

/** What a job of a pipeline runs in its shell, and the variables that it has. */
export interface Job {
  steps: string[];
  env: Record<string, string>;
}

interface GithubWorkflow {
  env: Record<string, string>;
  jobs: Record<string, { env?: Record<string, string>; steps: { run?: string; uses?: string; if?: string }[] }>;
}

/** The jobs of the GitHub workflow; steps that run only after others failed, or on every end, are left to the service. */
export function githubJob(name: string): Job {
  const { env, jobs } = parse(readFileSync(join(folder, "github", "vsphere-ha.yml"), "utf8")) as GithubWorkflow;
  const job = jobs[name];
  if (job === undefined) throw new Error(`no job ${name}`);
  const steps = job.steps.filter((step) => step.if === undefined).flatMap(({ run }) => run ?? []);
  return { steps, env: { ...env, ...job.env } };
}

interface GitlabJob {
  script: string[];
  variables?: Record<string, string>;
}

export function gitlabJob(name: string): Job {
  const file = parse(readFileSync(join(folder, "gitlab-ci.yml"), "utf8")) as Record<string, GitlabJob> & {
    variables: Record<string, string>;
    default: { before_script: string[] };
  };
  const job = file[name];
  if (job?.script === undefined) throw new Error(`no job ${name}`);
  return { steps: [...file.default.before_script, ...job.script], env: { ...file.variables, ...job.variables } };
}
