/** `npm run lab -- start|stop|status|env`: the lab alone. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { Command } from "commander";
import { LabError } from "./errors";
import { DEFAULT_LAB, DEFAULT_TIME_SCALE, labEnv, labStatus, startLab, stopLab, type LabStatus } from "./lab";
import { exportLines } from "./shell";
import { timeScale } from "./timeScale";

const EXAMPLE = `
The lab is a simulated vCenter with four hosts, their BMCs (Redfish) and storage, and OpenStack, all on 127.0.0.0/8. Each
start makes a new one: empty cluster, new passwords and certificates, empty Pulumi backend.

  npm run lab -- start
  eval "$(npm run -s lab -- env)"
  pulumi stack init openstack && pulumi up      # without OpenStack: pulumi stack init dev
  npm run lab -- stop

Exit codes: 0 done, 2 not possible (the message says why).`;

interface Named {
  name: string;
}

function describe(status: LabStatus): string {
  if (status.state === "stopped") return `lab ${status.name} is stopped`;
  if (status.state === "ended") {
    return [
      `lab ${status.name} ended by itself (log: ${status.log})`,
      `clean up: npm run lab -- stop --name ${status.name}`,
    ].join("\n");
  }
  const { openstack } = status;
  return [
    `lab ${status.name} runs since ${status.started} (pid ${status.pid})`,
    `  time scale  ${status.timeScale} lab seconds a second`,
    `  vCenter     ${status.vcenter}`,
    `  log         ${status.log}`,
    ...(openstack ? [`  OpenStack   ${openstack.authUrl}`, `  logs        ${openstack.logs}`] : []),
    ...(openstack?.problems.map((problem) => `  ended by itself: ${problem}`) ?? []),
  ].join("\n");
}

interface StartOptions extends Named {
  timeScale: number;
  withoutOpenstack?: true;
}

async function start({ name, timeScale, withoutOpenstack }: StartOptions): Promise<void> {
  const openstack = !withoutOpenstack;
  if (openstack) await setUpOpenstack();
  const interruption = new AbortController();
  const interrupt = (): void => {
    interruption.abort();
  };
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
  try {
    await startLab({ name, timeScale, openstack, signal: interruption.signal });
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
  console.log(describe(labStatus(name)));
  const named = name === DEFAULT_LAB ? "" : ` --name ${name}`;
  console.log(`use it in this shell: eval "$(npm run -s lab -- env${named})"`);
}

/** Like the rest of the setup, it says what it has to do, and takes a second when there is nothing to do. */
async function setUpOpenstack(): Promise<void> {
  const setup = spawn(process.execPath, [join(__dirname, "openstack", "setup.mjs"), "--quiet"], { stdio: "inherit" });
  const [code] = (await once(setup, "close")) as [number | null];
  if (code !== 0)
    throw new LabError("OpenStack is not ready, see above; start the lab with --without-openstack to do without");
}

function program(): Command {
  const cli = new Command("npm run lab --")
    .description("Starts, stops and describes a lab.")
    .addHelpText("after", EXAMPLE)
    .showHelpAfterError("(--help shows what can be given)")
    .exitOverride();
  const command = (name: string, description: string): Command =>
    cli
      .command(name)
      .description(description)
      .option("--name <name>", "name of the lab; several run side by side", DEFAULT_LAB);
  command("start", "start a lab and wait until it serves")
    .option("--time-scale <factor>", "lab seconds in one second", timeScale, DEFAULT_TIME_SCALE)
    .option("--without-openstack", "a vCenter alone; starts in a second")
    .action(start);
  command("stop", "end a lab and remove what it kept, but for its logs").action(async ({ name }: Named) => {
    console.log(`lab ${name} ${(await stopLab(name)) ? "is stopped" : "did not run"}`);
  });
  command("status", "say whether a lab runs and where")
    .option("--json", "as JSON")
    .action(({ name, json }: Named & { json?: boolean }) => {
      const status = labStatus(name);
      console.log(json ? JSON.stringify(status, null, 2) : describe(status));
    });
  command("env", "print what a shell needs to use a lab, to be evaluated").action(({ name }: Named) => {
    process.stdout.write(exportLines(labEnv(name)));
  });
  return cli;
}

async function main(): Promise<number> {
  try {
    await program().parseAsync();
    return 0;
  } catch (error) {
    if (error instanceof Error && "exitCode" in error) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof LabError)) throw error;
    console.error(`lab: ${error.message}`);
    return 2;
  }
}

void main().then((code) => {
  process.exitCode = code;
});
