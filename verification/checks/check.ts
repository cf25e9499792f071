import type { CheckResult, Finding, HostState, Inventory, Verdict, VmState } from "../model";
import type { VerificationConfig } from "../config";
import type { OpenStackState } from "../openstack/model";

/** What a check judges. */
export interface CheckInput {
  inventory: Inventory;
  config: VerificationConfig;
  /** Whether the probed service of a declared VM answered, by VM name; absent where no address is known. */
  answered: ReadonlyMap<string, boolean>;
  /** The cloud on the cluster; absent where none is declared. */
  openstack?: OpenStackState | undefined;
}

/** A rule about the cluster: pure, and with what an auditor asks of it. */
export interface Check {
  /** Stable, kebab-case. */
  id: string;
  title: string;
  severity: CheckResult["severity"];
  /** A freshly changed cluster gets there by itself: worth waiting for. */
  settles: boolean;
  expected: string;
  why: string;
  /** Document that the rule comes from. */
  source: string;
  remedy: string;
  judge: (input: CheckInput) => Outcome;
}

export interface Outcome {
  verdict: Verdict;
  /** What was read, in one line. */
  read: string;
  findings: Finding[];
}

/** Fails with findings, is inconclusive with unread ones only, and passes with neither. */
export function outcome(read: string, findings: Finding[], unread: Finding[] = []): Outcome {
  const verdict = findings.length > 0 ? "failed" : unread.length > 0 ? "inconclusive" : "passed";
  return { verdict, read, findings: [...findings, ...unread] };
}

/** A finding of what could not be read: neither good nor bad. */
export type UnreadFinding = Finding & { unread?: true };

/** One finding a thing at most; those that were not read keep the rest from passing. */
export function judgeEach<T>(things: T[], noun: string, find: (thing: T) => UnreadFinding | undefined): Outcome {
  const found = things.flatMap((thing) => find(thing) ?? []);
  const plain = ({ subject, read, expected }: Finding): Finding => ({ subject, read, expected });
  const [unread, wrong] = [found.filter((one) => one.unread), found.filter((one) => !one.unread)];
  const read = `${(things.length - found.length).toString()} of ${plural(things.length, noun)}`;
  return outcome(read, wrong.map(plain), unread.map(plain));
}

/** The rule has no object here, and why. */
export function notApplicable(reason: string): Outcome {
  return { verdict: "not-applicable", read: reason, findings: [] };
}

export function runCheck(check: Check, input: CheckInput): CheckResult {
  const { id, title, severity, expected, why, source, remedy } = check;
  return { id, title, severity, ...check.judge(input), expected, why, source, remedy };
}

/** A declared VM with its state. */
export interface DeclaredVm {
  name: string;
  state: VmState;
}

/** Declared VMs that are there, once each; those that are not are `vms-present`'s to tell. */
export function declaredVms({ inventory, config }: CheckInput): DeclaredVm[] {
  return config.vms.flatMap(({ name }) => {
    const state = inventory.vms.find((vm) => vm.name === name);
    return state === undefined ? [] : [{ name, state }];
  });
}

/** As declaredVms, powered on. */
export function runningVms(input: CheckInput): DeclaredVm[] {
  return declaredVms(input).filter(({ state }) => state.powerState === "poweredOn");
}

/** Hosts that can take VMs now. */
export function usableHosts({ hosts }: Inventory): HostState[] {
  return hosts.filter((host) => isConnected(host) && !host.inMaintenanceMode);
}

export function isConnected(host: HostState): boolean {
  return host.connectionState === "connected" && host.powerState === "poweredOn";
}

/** Whether HA is on; undefined when it could not be read. */
export function haEnabled({ cluster }: Inventory): boolean | undefined {
  const value = cluster.settings.haEnabled;
  return typeof value === "boolean" ? value : undefined;
}

export function plural(count: number, noun: string): string {
  return `${count.toString()} ${noun}${count === 1 ? "" : "s"}`;
}

/** Names of those that are missing, as one reads them. */
export function list(names: string[]): string {
  return names.length === 0 ? "none" : names.join(", ");
}
