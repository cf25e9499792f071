import { setTimeout as sleep } from "node:timers/promises";
import { version } from "../../package.json";
import { Clock } from "../clock";
import type { Environment, VerificationConfig } from "../config";
import type { About, CheckResult, CloudView, Inventory, Journal } from "../model";
import { connectCloud, novaLagMs, type Cloud } from "../openstack/cloud";
import { cloudView } from "../openstack/view";
import { probeTcp } from "../probes/tcp";
import { connect, type VCenter } from "../vcenter/client";
import { runChecks, verdictOf } from "./index";
import { settle, settleSeconds, waitingText } from "./settle";
import { targetOf } from "../target";

/** Limit of one probe, in wall ms. */
const probeLimitMs = 2000;

export interface ClusterCheck {
  config: VerificationConfig;
  env: Environment;
  signal: AbortSignal;
  say: (line: string) => void;
  /** Time that a freshly changed cluster gets, in seconds of its clock. Default: settleSeconds. */
  settleSeconds?: number;
  /** What else to judge of the same reading. Default: nothing. */
  further?: (inventory: Inventory) => CheckResult[];
}

/** Reads and judges the cluster. */
export async function checkCluster({ config, env, signal, say, ...options }: ClusterCheck): Promise<Journal> {
  const started = new Date();
  const checked = async (vcenter: VCenter, cloud: Cloud | undefined): Promise<Checked> => {
    if (cloud !== undefined) say(`and OpenStack at ${cloud.openstack.cloud}`);
    let told = "";
    const waiting = (open: CheckResult[]): void => {
      const text = waitingText(open);
      if (text !== told) say(text);
      told = text;
    };
    let view: CloudView | undefined;
    const look = async (): Promise<CheckResult[]> => {
      const [inventory, state] = await Promise.all([vcenter.inventory(), cloud?.state()]);
      const probe = (target: { address: string; port: number }): Promise<boolean> => {
        return probeTcp(target.address, target.port, probeLimitMs);
      };
      view = state && cloudView(state, inventory, config.openstack?.computeHost ?? "");
      const checks = await runChecks({ inventory, config, probe, openstack: state });
      return [...(options.further?.(inventory) ?? []), ...checks];
    };
    const clock = new Clock(config.timeScale);
    const lag = cloud === undefined ? 0 : clock.seconds(novaLagMs);
    const budgetSeconds = options.settleSeconds ?? Math.max(settleSeconds, lag);
    return { checks: await settle(look, { clock, budgetSeconds, signal, waiting }), openstack: view };
  };
  const { about, checks, openstack } = await interruptible(signal, connect(config, env), async (vcenter) => {
    say(`Checking cluster ${config.cluster.name} on ${config.vcenter.server} (${vcenter.about.fullName})`);
    const cloud = await connectCloud(config, env);
    try {
      return { about: vcenter.about, ...(await checked(vcenter, cloud)) };
    } finally {
      await cloud?.close();
    }
  });
  return checkJournal({ config, about, checks, openstack, started });
}

type Checked = Pick<Journal, "checks" | "openstack">;

/** Works with a vCenter session, and logs out whatever happens; an interrupt does not wait for a pending call. */
async function interruptible<T>(
  signal: AbortSignal,
  connecting: Promise<VCenter>,
  work: (vcenter: VCenter) => Promise<T>,
): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    const abort = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort);
  });
  try {
    const vcenter = await Promise.race([connecting, aborted]);
    return await Promise.race([work(vcenter), aborted]);
  } finally {
    const vcenter = await Promise.race([connecting, lateness()]).catch(() => undefined);
    await vcenter?.close();
  }
}

/** What does not connect at once after an interrupt is left to vCenter, which ends idle sessions. */
async function lateness(): Promise<undefined> {
  await sleep(1000, undefined, { ref: false });
}

interface CheckRun {
  config: VerificationConfig;
  about: About;
  checks: CheckResult[];
  openstack: CloudView | undefined;
  started: Date;
}

function checkJournal({ config, about, checks, openstack, started }: CheckRun): Journal {
  const { vcenter, timeScale } = config;
  return {
    schemaVersion: 1,
    tool: { name: "vsphere-ha", version },
    command: "check",
    started: started.toISOString(),
    ended: new Date().toISOString(),
    vcenter: { server: vcenter.server, about },
    timeScale,
    simulated: about.simulated ? [`vCenter, its hosts and guests: ${about.fullName}`] : [],
    lockOwner: undefined,
    target: targetOf(config),
    checks,
    ...(openstack && { openstack }),
    drills: [],
    means: [],
    verdict: verdictOf(checks),
    error: undefined,
  };
}
