/** Reads the cluster of the configuration once, as every check and drill does, and prints what that took as JSON. */
import { subscribe } from "node:diagnostics_channel";
import { loadConfig } from "../verification/config";
import { connect } from "../verification/vcenter/client";

export interface Traversal {
  hosts: number;
  vms: number;
  /** HTTP requests, from the login to the logout. */
  calls: number;
  /** Of the reading alone, without login. */
  seconds: number;
  /** Processor time of this process in it: what does not depend on the machine's other work. */
  cpuSeconds: number;
  /** Largest resident set of this process, MB. */
  maxRssMb: number;
}

async function main(config: string): Promise<Traversal> {
  let calls = 0;
  // https://github.com/nodejs/undici/blob/main/docs/docs/api/DiagnosticsChannel.md
  subscribe("undici:request:create", () => calls++);
  const vcenter = await connect(loadConfig([config], process.env), process.env);
  const [began, used] = [performance.now(), process.cpuUsage()];
  const { hosts, vms } = await vcenter.inventory();
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(used);
  await vcenter.close();
  const cpuSeconds = (user + system) / 1e6;
  return {
    hosts: hosts.length,
    vms: vms.length,
    calls,
    seconds,
    cpuSeconds,
    maxRssMb: process.resourceUsage().maxRSS / 1024,
  };
}

void main(process.argv[2] ?? "").then((result) => {
  console.log(JSON.stringify(result));
});
