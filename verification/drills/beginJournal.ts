import { randomBytes } from "node:crypto";
import { hostname, userInfo } from "node:os";
import type { VerificationConfig } from "../config";
import type { About, Journal } from "../model";
import type { DrillName } from "./variants";
import { targetOf } from "../target";

/** The journal of a run of drills before anything was done. */
export function beginJournal(
  config: VerificationConfig,
  about: About,
  version: string,
  drill: DrillName = "host-loss",
): Journal {
  const now = new Date().toISOString();
  return {
    schemaVersion: 1,
    tool: { name: "vsphere-ha", version },
    command: `drill ${drill}`,
    started: now,
    ended: now,
    vcenter: { server: config.vcenter.server, about },
    timeScale: config.timeScale,
    simulated: about.simulated ? [`vCenter, its hosts, their BMCs and the guests (${about.fullName})`] : [],
    lockOwner: lockOwner(),
    target: targetOf(config),
    checks: [],
    drills: [],
    means: [],
    verdict: "inconclusive",
    error: undefined,
  };
}

/** Who holds the lock, readable in vCenter, unique to this run; short, as names there are limited. */
function lockOwner(): string {
  const who = `${userInfo().username.slice(0, 12)}@${(hostname().split(".")[0] ?? "").slice(0, 16)}`;
  return `${who} ${randomBytes(4).toString("hex")}`;
}
