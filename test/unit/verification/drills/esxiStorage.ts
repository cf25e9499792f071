import type { World } from "./world";

type Loss = "apd" | "pdl";

const injection = "/reliability/vmkstress/ScsiPathInjectError";

/** A host's storage in memory, as the injectors find and break it. Its fields are what a test breaks. */
export class EsxiStorage {
  paths = new Map(["vmhba64:C0:T0:L0", "vmhba65:C0:T0:L0"].map((name) => [name, { state: "active", error: "0x0" }]));
  rulesets = new Map([["nfsClient", true]]);
  /** What the VMkernel makes of injected errors, and whether commands have any effect. */
  takesErrorsFor: Loss = "pdl";
  obeys = true;
  /** What esxcli says of the disk, whatever is true. */
  said: string | undefined;
  #injects = false;

  constructor(
    private readonly world: World,
    private readonly host: string,
  ) {}

  /** Undefined: it is no command on storage. */
  ask(command: string): string | undefined {
    const answers = command.split(" && ").map((one) => this.#one(one));
    if (answers.includes(undefined)) return undefined;
    this.#tell();
    return answers.join("");
  }

  #one(command: string): string | undefined {
    const [, device] = /^esxcli storage core (?:path|device) list -d (\S+)$/.exec(command) ?? [];
    if (device !== undefined && device !== "naa.1") throw new Error(`no disk ${device}`);
    if (command.startsWith("esxcli storage core path list")) return this.#listed();
    if (command.startsWith("esxcli storage core device list")) return `naa.1\n   Status: ${this.status}\n`;
    const [, state, path = ""] = /^esxcli storage core path set --state=(\w+) --path=(\S+)$/.exec(command) ?? [];
    const [, ruleset = "", enabled] =
      /^esxcli network firewall ruleset set --ruleset-id=(\w+) --enabled=(\w+)$/.exec(command) ?? [];
    const [, node = "", error] =
      /^vsish -e set \/storage\/scsifw\/paths\/(\S+)\/injectError (\S+)$/.exec(command) ?? [];
    const [, asked] = /^esxcli network firewall ruleset list --ruleset-id=(\w+)$/.exec(command) ?? [];
    if (asked !== undefined) return this.#ruleset(asked);
    if (command === `vsish -e get ${injection}` || command === "esxcli storage core adapter rescan --all") return "";
    const inject = new RegExp(`^vsish -e set ${injection} ([01])$`).exec(command)?.[1];
    if (state === undefined && enabled === undefined && error === undefined && inject === undefined) return undefined;
    if (!this.obeys) return "";
    if (state !== undefined) this.#path(path).state = state;
    if (error !== undefined) this.#path(node).error = error;
    if (enabled !== undefined) this.rulesets.set(ruleset, enabled === "true");
    if (inject !== undefined) this.#injects = inject === "1";
    return "";
  }

  get status(): string {
    if (this.said !== undefined) return this.said;
    if (this.#lost() === undefined) return "on";
    return this.#lost() === "pdl" ? "not connected" : "dead";
  }

  #listed(): string {
    return [...this.paths]
      .map(([name, { state }]) => `fc.1-${name}\n   Runtime Name: ${name}\n   Device: naa.1\n   State: ${state}\n`)
      .join("\n");
  }

  #ruleset(name: string): string {
    const enabled = this.rulesets.get(name);
    return `Name       Enabled\n---------  -------\n${enabled === undefined ? "" : `${name}  ${enabled.toString()}\n`}`;
  }

  #path(name: string): { state: string; error: string } {
    const path = this.paths.get(name);
    if (path === undefined) throw new Error(`no path ${name}`);
    return path;
  }

  #lost(): Loss | undefined {
    const all = [...this.paths.values()];
    if (all.every(({ state }) => state === "off")) return "apd";
    return this.#injects && all.every(({ error }) => error === "0x250500000002") ? this.takesErrorsFor : undefined;
  }

  #tell(): void {
    const { datastores } = this.world;
    const lost = this.#lost();
    this.world.setStorage(
      this.host,
      datastores.filter(({ devices }) => devices.includes("naa.1")).map(({ id }) => id),
      lost,
    );
    const nfs = datastores.filter(({ type }) => type === "NFS").map(({ id }) => id);
    this.world.setStorage(this.host, nfs, this.rulesets.get("nfsClient") === false ? "apd" : undefined);
  }
}
