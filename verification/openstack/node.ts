import type { Environment } from "../config";
import type { OpenStackConfig } from "../config/openstack";
import type { Ssh } from "../net/ssh";
import { CouldNotRun } from "../problems";
import type { NovaSettings } from "./model";
import { nodeSsh } from "./nodeSsh";
import { novaSettings } from "./novaConf";

/** The node that nova-compute runs on. All errors are CouldNotRun. */
export interface ComputeNode {
  /** From nova-compute's configuration files. */
  settings(): Promise<NovaSettings>;
  isActive(): Promise<boolean>;
  stop(): Promise<void>;
  /** Does nothing when it runs. */
  start(): Promise<void>;
  /** Adds lines to the last of the configuration files, and restarts; the file as it was is kept beside it. */
  addConfiguration(lines: readonly string[]): Promise<void>;
  /** Puts the kept file back, and restarts; does nothing when none is kept. */
  restoreConfiguration(): Promise<void>;
}

/** Suffix of the kept configuration file. */
const kept = ".before-drill";

/** @param run replaced in tests */
export function computeNode(
  config: Pick<OpenStackConfig, "ssh" | "service" | "novaConf">,
  env: Environment,
  run: Ssh | undefined = config.ssh && nodeSsh(config.ssh, env),
): ComputeNode {
  const { service, novaConf } = config;
  if (run === undefined || config.ssh === undefined) {
    throw new CouldNotRun("nova-compute's node cannot be reached: set openstack.ssh, or VSPHERE_HA_COMPUTE_HOST");
  }
  const { host, user } = config.ssh;
  const runs = run;
  const last = novaConf.at(-1) ?? "/etc/nova/nova.conf";

  async function must(command: string, what: string): Promise<string> {
    const { code, stdout, stderr } = await runs(command);
    if (code === 0) return stdout;
    const reason = stderr.trim().split("\n").at(-1)?.slice(0, 200) ?? "";
    const hint = /sudo/.test(reason) ? `; let ${user} run it by sudo without a password, or name another user` : "";
    throw new CouldNotRun(`cannot ${what} on ${host}${reason === "" ? "" : `: ${reason}`}${hint}`);
  }
  const systemctl = (verb: string): Promise<string> => {
    return must(privileged(`systemctl ${verb} ${quoted(service)}`), `${verb} ${service}`);
  };

  return {
    async settings() {
      const texts: string[] = [];
      for (const file of novaConf) texts.push(await must(privileged(`cat -- ${quoted(file)}`), `read ${file}`));
      return novaSettings(texts);
    },
    async isActive() {
      const { code, stdout } = await runs(`systemctl is-active ${quoted(service)}`);
      return code === 0 && stdout.trim() === "active";
    },
    async stop() {
      await systemctl("stop");
    },
    async start() {
      await systemctl("start");
    },
    async addConfiguration(lines) {
      const [file, copy] = [quoted(last), quoted(last + kept)];
      const text = quoted(`\n${lines.join("\n")}\n`);
      // A kept file that is there already is the true one: an earlier drill was killed.
      const script = `{ [ -e ${copy} ] || cp -p -- ${file} ${copy}; } && printf %s ${text} >> ${file}`;
      await must(privileged(`sh -c ${quoted(script)}`), `change ${last}`);
      await systemctl("restart");
    },
    async restoreConfiguration() {
      const [file, copy] = [quoted(last), quoted(last + kept)];
      const script = `if [ -e ${copy} ]; then mv -f -- ${copy} ${file} && echo restored; fi`;
      const said = await must(privileged(`sh -c ${quoted(script)}`), `restore ${last}`);
      if (said.includes("restored")) await systemctl("restart");
    },
  };
}

/** By the user's own rights where they do, else as root: by sudo, without a question. */
function privileged(command: string): string {
  return `if [ "$(id -u)" = 0 ]; then ${command}; else ${command} 2>/dev/null || sudo -n ${command}; fi`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
