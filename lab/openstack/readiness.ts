import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LabError } from "../errors";
import { commandOf } from "../processes";
import { PORTS, type OpenstackAddresses } from "./addresses";
import { call, logIn } from "./rest";
import type { OpenstackPaths } from "./settings";

const POLL_MS = 200;
const TAIL_LINES = 15;

/** A process that the lab started beside the services themselves. */
export interface Helper {
  name: string;
  pid: number;
  /** A part of its command line that no other process has. */
  mark: string;
  log: string;
}

/** What the launcher says of its services (see launcher.py). */
type Services = Record<string, { pid: number; exit: number | null }>;

/** The services that the launcher has started so far, with how those ended that did. */
export function readServices({ dir }: OpenstackPaths): Services {
  try {
    return JSON.parse(readFileSync(join(dir, "services.json"), "utf8")) as Services;
  } catch {
    return {};
  }
}

export function isRunning({ pid, mark }: Helper): boolean {
  return commandOf(pid)?.includes(mark) ?? false;
}

/** Each process that ended without being told to, with the last lines that it wrote. */
export function ended(paths: OpenstackPaths, helpers: readonly Helper[]): string[] {
  const services = Object.entries(readServices(paths))
    .filter(([, { exit }]) => exit !== null)
    .map(([name, { exit }]) => describe(name, `exit code ${exit}`, join(paths.logs, `${name}.log`)));
  const others = helpers.filter((helper) => !isRunning(helper)).map(({ name, log }) => describe(name, "ended", log));
  return [...others, ...services];
}

/** A process that ended, with the last lines of its log. */
export function describe(name: string, how: string, log: string): string {
  let lines: string[];
  try {
    lines = readFileSync(log, "utf8").trimEnd().split("\n").slice(-TAIL_LINES);
  } catch {
    lines = ["(it wrote no log)"];
  }
  return [`${name} (${how}, log ${log}):`, ...lines.map((line) => `    ${line.slice(0, 300)}`)].join("\n");
}

/**
 * Waits until every service answers and nova's own ones report to it.
 *
 * @returns id of the project admin
 * @throws LabError naming each service that ended, or what is not ready in time
 */
export async function waitUntilReady(
  paths: OpenstackPaths,
  addresses: OpenstackAddresses,
  options: { password: string; helpers: readonly Helper[]; timeoutMs: number },
): Promise<string> {
  const end = Date.now() + options.timeoutMs;
  for (;;) {
    const dead = ended(paths, options.helpers);
    if (dead.length > 0) throw new LabError(`OpenStack did not start:\n  ${dead.join("\n  ")}`);
    let waitingFor: string;
    try {
      const state = await probe(paths, addresses, options.password);
      if (state.missing === undefined) return state.projectId;
      waitingFor = state.missing;
    } catch (error) {
      waitingFor = error instanceof Error ? error.message : String(error);
    }
    if (Date.now() > end) {
      throw new LabError(
        `OpenStack is not ready after ${options.timeoutMs / 1000} s, waiting for: ${waitingFor}; logs: ${paths.logs}`,
      );
    }
    await sleep(POLL_MS);
  }
}

async function probe(
  paths: OpenstackPaths,
  { api }: OpenstackAddresses,
  password: string,
): Promise<{ projectId: string; missing?: string }> {
  const { ca } = paths.tls;
  const base = (service: keyof typeof PORTS): string => `https://${api}:${PORTS[service]}`;
  const { token, projectId } = await logIn(`${base("keystone")}/v3`, { ca, password });
  for (const url of [`${base("placement")}/`, `${base("glance")}/v2/images`, `${base("neutron")}/v2.0/networks`]) {
    const { status } = await call(url, { ca, token });
    if (status >= 300) return { projectId, missing: `${url} answered ${status}` };
  }
  const { status, text } = await call(`${base("nova-api")}/v2.1/os-services`, { ca, token });
  if (status !== 200) return { projectId, missing: `nova-api answered ${status}` };
  const { services } = JSON.parse(text) as { services: { binary: string; state: string }[] };
  const up = services.filter(({ state }) => state === "up").map(({ binary }) => binary);
  const missing = ["nova-conductor", "nova-scheduler"].filter((name) => !up.includes(name));
  return { projectId, ...(missing.length > 0 && { missing: missing.join(", ") }) };
}
