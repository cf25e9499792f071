import type { HostShell, OpenShell } from "../../../../verification/faults/hostShell";
import { NoAnswer, type SshConnection, type SshResult } from "../../../../verification/net/ssh";
import { CouldNotRun } from "../../../../verification/problems";
import { EsxiStorage } from "./esxiStorage";
import type { World } from "./world";

/** ESXi's shell of a host in memory: what the injectors send, and what a test breaks of it. */
export class EsxiShell implements HostShell {
  asked: string[] = [];
  /** Those of open() that have not ended. */
  readonly logins = new Set<OpenShell>();
  readonly storage: EsxiStorage;
  adapters = new Map([["vmk0", true]]);
  /** The undo that waits, as a list of processes shows it. */
  waiting: string | undefined;
  /** Whether the host keeps a command that was left to it, and enables its adapters again. */
  keeps = true;
  enables = true;
  /** The answer to the command that cuts it off; undefined: none comes. */
  cutAnswer: SshResult | undefined;

  constructor(
    private readonly world: World,
    private readonly host: string,
  ) {
    this.storage = new EsxiStorage(world, host);
  }

  async ask(command: string): Promise<string> {
    await Promise.resolve();
    this.asked.push(command);
    this.world.advance(0.25); // A command takes its time.
    if (this.world.hosts.get(this.host)?.isolated === true) throw new CouldNotRun("SSH did not answer in time");
    if (command === "esxcli network ip interface list") return this.#interfaces();
    if (command === "ps -c") return this.waiting ?? "";
    this.world.beforeShell(command);
    const ofStorage = this.storage.ask(command);
    if (ofStorage !== undefined) return ofStorage;
    const [, script] = /^setsid sh -c '([^']+)' <\/dev\/null >\/dev\/null 2>&1 &$/.exec(command) ?? [];
    const [, enabled] = /^esxcli network ip interface set -e true -i (vmk\d+)$/.exec(command) ?? [];
    if (script !== undefined) this.#leave(script);
    else if (enabled !== undefined) this.adapters.set(enabled, true);
    else throw new Error(`not known here: ${command}`);
    return "";
  }

  open(): Promise<OpenShell> {
    this.world.advance(2); // To agree on keys takes longer than a command.
    const login: OpenShell = { ask: (command) => this.ask(command), end: () => this.logins.delete(login) };
    this.logins.add(login);
    return Promise.resolve(login);
  }

  connect(): Promise<SshConnection> {
    return Promise.resolve({ run: (command, limitMs) => this.#cut(command, limitMs), end: () => undefined });
  }

  #interfaces(): string {
    return [...this.adapters]
      .map(
        ([name, enabled]) =>
          `${name}\n   Name: ${name}\n   MAC Address: 00:50:56:00:00:01\n   Enabled: ${String(enabled)}\n`,
      )
      .join("\n");
  }

  #leave(script: string): void {
    const [, seconds] =
      /^: vsphere-ha-undo; sleep (\d+); \(esxcli network ip interface set -e true /.exec(script) ?? [];
    if (seconds === undefined) throw new Error(`not known here: ${script}`);
    if (!this.keeps) return;
    this.waiting = `2100000  2100000  sh  sh -c ${script}`;
    this.world.later(Number(seconds), () => {
      this.waiting = undefined;
      if (this.enables) this.#enable();
    });
  }

  #enable(): void {
    for (const name of this.adapters.keys()) this.adapters.set(name, true);
    this.world.rejoinHost(this.host);
  }

  async #cut(command: string, limitMs = 0): Promise<SshResult> {
    await Promise.resolve();
    this.asked.push(command);
    if (this.cutAnswer !== undefined) return this.cutAnswer;
    this.world.beforePowerOff();
    for (const one of command.split("; ")) {
      const [, name] = /^esxcli network ip interface set -e false -i (vmk\d+)$/.exec(one) ?? [];
      if (name === undefined) throw new Error(`not known here: ${one}`);
      this.adapters.set(name, false);
    }
    if ([...this.adapters.values()].every((enabled) => !enabled)) this.world.isolateHost(this.host);
    this.world.advance(limitMs / 1000);
    throw new NoAnswer("SSH: no answer");
  }
}
