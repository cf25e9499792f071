/** Entry point of `vsphere-ha-compute`, which OpenStackCompute runs: `vsphere-ha-compute COMMAND < request` (see commands). */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { CouldNotRun } from "../../verification/problems";
import { connect } from "../../verification/vcenter/client";
import { commands } from "./commands";
import type { Request } from "./request";

const requestSchema: z.ZodType<Request, unknown> = z.object({
  datacenter: z.string(),
  cluster: z.string(),
  computeHost: z.string(),
  timeoutSeconds: z.number().default(300),
  flavors: z.array(z.strictObject({ name: z.string(), vcpus: z.number(), memoryMb: z.number() })).default([]),
  networks: z.array(z.string()).default([]),
  deleteInstances: z.boolean().default(false),
  configuration: z.string().default(""),
});

async function main([name = ""]: string[]): Promise<void> {
  const command = commands[name];
  if (!command)
    throw new CouldNotRun(
      `usage: vsphere-ha-compute ${Object.keys(commands).join("|")}, with a request on standard input`,
    );
  const request = requestSchema.safeParse(JSON.parse(readFileSync(0, "utf8")));
  if (!request.success) throw new CouldNotRun(`the request on standard input: ${z.prettifyError(request.error)}`);
  await command(request.data, {
    env: process.env,
    say: (line) => process.stdout.write(`${line}\n`),
    pause: sleep,
    now: () => performance.now(),
    connect,
  });
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof CouldNotRun ? error.message : String(error)}\n`);
  process.exitCode = error instanceof CouldNotRun ? 2 : 1;
});
