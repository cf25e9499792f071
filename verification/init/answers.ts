import { serverRemedy, serverRule, isServer } from "../config/server";
import type { Environment } from "../config";
import { normalThumbprint } from "../net/thumbprint";
import { Problems, type Problem } from "../problems";
import type { Candidate } from "./adopt";
import type { Asker } from "./asker";
import type { FoundCluster } from "./clusters";

/** Answers that were given on the command line. */
export interface InitOptions {
  server?: string;
  user?: string;
  thumbprint?: string;
  datacenter?: string;
  cluster?: string;
  vm?: string[];
  out?: string;
}

/** Who logs in where. */
export interface Login {
  server: string;
  user: string;
  password: string;
  caFile: string | undefined;
  thumbprint: string | undefined;
}

/** Of what a question needs to be asked, or of what to say where nobody can answer. */
interface Question {
  given: string | undefined;
  path: string;
  rule: string;
  remedy: string;
  refuse?: (answer: string) => Pick<Problem, "rule" | "remedy"> | undefined;
  ask: (asker: Asker, refuse: (answer: string) => string | undefined) => Promise<string>;
}

const notAServer = (answer: string): Pick<Problem, "rule" | "remedy"> | undefined =>
  isServer(answer) ? undefined : { rule: serverRule, remedy: serverRemedy };
const notEmpty = (answer: string): Pick<Problem, "rule" | "remedy"> | undefined =>
  answer === "" ? { rule: "must not be empty", remedy: "write it" } : undefined;

/**
 * What is needed before vCenter can be asked. Throws Problems: what is missing where nobody can be asked, and what was given
 * and will not do.
 *
 * @param more further problems that are known already
 */
export async function login(
  options: InitOptions,
  env: Environment,
  asker: Asker | undefined,
  more: readonly Problem[],
): Promise<Login> {
  const questions: Question[] = [
    {
      given: options.server ?? env.VSPHERE_SERVER,
      path: "--server",
      rule: "the vCenter to ask must be named",
      remedy: "give --server, or set VSPHERE_SERVER",
      refuse: notAServer,
      ask: (to, refuse) => to.text("vCenter's address", undefined, refuse),
    },
    {
      given: options.user ?? env.VSPHERE_USER,
      path: "--user",
      rule: "vCenter asks for a user name",
      remedy: "give --user, or set VSPHERE_USER; the role Read-only is enough",
      refuse: notEmpty,
      ask: (to, refuse) => to.text("User", "administrator@vsphere.local", refuse),
    },
    {
      given: env.VSPHERE_PASSWORD,
      path: "VSPHERE_PASSWORD",
      rule: "vCenter asks for a password, and it comes by the environment or a terminal only",
      remedy: "set VSPHERE_PASSWORD",
      ask: (to) => to.secret("Password (kept nowhere)"),
    },
  ];
  const thumbprint = optional(options.thumbprint) ?? optional(env.VSPHERE_HA_THUMBPRINT);
  const problems = [
    ...questions.flatMap((question) => problemOf(question, asker) ?? []),
    ...(thumbprint !== undefined && normalThumbprint(thumbprint) === undefined
      ? [
          {
            path: "--thumbprint",
            value: thumbprint,
            rule: "must be a SHA-256 or SHA-1 thumbprint in hex",
            remedy: "take it from vCenter's certificate",
          },
        ]
      : []),
    ...more,
  ];
  if (problems.length > 0) throw new Problems(problems, "what init needs to know");
  const [server = "", user = "", password = ""] = await inTurn(questions, (one) => answer(one, asker));
  return { server, user, password, caFile: optional(env.VSPHERE_HA_CA_FILE), thumbprint };
}

function problemOf({ given, path, rule, remedy, refuse }: Question, asker: Asker | undefined): Problem | undefined {
  const value = optional(given);
  if (value === undefined) return asker === undefined ? { path, value, rule, remedy } : undefined;
  const refused = refuse?.(value);
  return refused && { path, value, ...refused };
}

function answer({ given, refuse, ask }: Question, asker: Asker | undefined): Promise<string> {
  const value = optional(given);
  if (value !== undefined || asker === undefined) return Promise.resolve(value ?? "");
  return ask(asker, (text) => {
    const refused = refuse?.(text);
    return refused && `${refused.rule}; ${refused.remedy}`;
  });
}

async function inTurn<T, R>(all: readonly T[], action: (one: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  for (const one of all) done.push(await action(one));
  return done;
}

/** The cluster that was meant: named, chosen, or the only one. Throws Problems. */
export async function whichCluster(
  clusters: readonly FoundCluster[],
  { datacenter, cluster }: InitOptions,
  asker: Asker | undefined,
): Promise<FoundCluster> {
  const where = "what init needs to know";
  const none = "make a cluster in vCenter, or give the user the role Read-only where it is, with propagation";
  if (clusters.length === 0) {
    throw new Problems([{ path: "--cluster", value: cluster, rule: "this user sees no cluster", remedy: none }], where);
  }
  const problems: Problem[] = [];
  const narrowed = async (
    path: string,
    wanted: string | undefined,
    left: readonly FoundCluster[],
    nameOf: (one: FoundCluster) => string,
  ): Promise<readonly FoundCluster[]> => {
    const names = [...new Set(left.map(nameOf))];
    const kind = path.slice(2);
    let chosen = wanted;
    if (chosen === undefined && names.length > 1) {
      chosen = await asker?.choose(`Which ${kind}`, names);
      if (chosen === undefined) {
        const rule = `there are ${names.length.toString()}: ${names.join(", ")}`;
        problems.push({ path, value: undefined, rule, remedy: `give ${path} with one of these names` });
      }
    } else if (chosen !== undefined && !names.includes(chosen)) {
      const remedy = "write one of these names";
      problems.push({ path, value: chosen, rule: `must be one of: ${names.join(", ")}`, remedy });
      return left;
    }
    return chosen === undefined ? left : left.filter((one) => nameOf(one) === chosen);
  };
  const there = await narrowed("--datacenter", datacenter, clusters, (one) => one.datacenter);
  const found = await narrowed("--cluster", cluster, there, ({ name }) => name);
  const [one] = found;
  if (problems.length > 0 || one === undefined) throw new Problems(problems, where);
  if (found.length > 1) {
    const rule = `is the name of several: ${found.map(({ path }) => path).join(", ")}`;
    throw new Problems([{ path: "--cluster", value: one.name, rule, remedy: "give them different names" }], where);
  }
  return one;
}

/** The VMs that the check is to ask. Throws Problems. */
export async function whichVms(
  candidates: readonly Candidate[],
  wanted: readonly string[] | undefined,
  asker: Asker | undefined,
): Promise<Candidate[]> {
  const names = candidates.map(({ name }) => name);
  const unknown = (wanted ?? []).filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    const there = names.length === 0 ? "there is none" : `there are ${names.join(", ")}`;
    const rule = `must be the name of a running VM with Ubuntu or Windows XP, of which ${there}`;
    const remedy = "correct the name, or leave it out";
    throw new Problems(
      unknown.map((value) => ({ path: "--vm", value, rule, remedy })),
      "what init needs to know",
    );
  }
  const question = "Test VMs, for checks and drills (or none)";
  const asked = wanted === undefined && names.length > 0 ? await asker?.chooseSome(question, names) : undefined;
  const chosen = new Set(asked ?? wanted ?? []);
  return candidates.filter(({ name }) => chosen.has(name));
}

function optional(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}
