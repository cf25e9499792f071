/** `npm run lab -- start|stop|status|env`: the lab alone. */
import { Command, InvalidArgumentError } from "commander";
import { LabError } from "./errors";
import { DEFAULT_LAB, DEFAULT_TIME_SCALE, labEnv, labStatus, startLab, stopLab, type LabStatus } from "./lab";
import { exportLines } from "./shell";

const EXAMPLE = `
The lab is a simulated vCenter with four hosts, their BMCs (Redfish) and storage, all on 127.0.0.0/8. Each start makes a
new one: empty cluster, new passwords and certificates, empty Pulumi backend.

  npm run lab -- start
  eval "$(npm run -s lab -- env)"
  pulumi stack init dev && pulumi up
  npm run lab -- stop

Exit codes: 0 done, 2 not possible (the message says why).`;

interface Named {
  name: string;
}

function timeScale(text: string): number {
  const value = Number(text);
  if (!(value >= 0.1 && value <= 10_000)) throw new InvalidArgumentError("It must lie between 0.1 and 10000.");
  return value;
}

function describe(status: LabStatus): string {
  if (status.state === "stopped") return `lab ${status.name} is stopped`;
  if (status.state === "ended") {
    return [
      `lab ${status.name} ended by itself (log: ${status.log})`,
      `clean up: npm run lab -- stop --name ${status.name}`,
    ].join("\n");
  }
  return [
    `lab ${status.name} runs since ${status.started} (pid ${status.pid})`,
    `  time scale  ${status.timeScale} lab seconds a second`,
    `  vCenter     ${status.vcenter}`,
    `  log         ${status.log}`,
  ].join("\n");
}

async function start(options: Named & { timeScale: number }): Promise<void> {
  const interruption = new AbortController();
  const interrupt = (): void => {
    interruption.abort();
    // Starting fails once its vCenter has ended, and takes the rest away.
    void stopLab(options.name);
  };
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
  try {
    await startLab(options);
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
  }
  process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  if (interruption.signal.aborted) {
    await stopLab(options.name);
    throw new LabError(`interrupted, lab ${options.name} is stopped`);
  }
  console.log(describe(labStatus(options.name)));
  const name = options.name === DEFAULT_LAB ? "" : ` --name ${options.name}`;
  console.log(`use it in this shell: eval "$(npm run -s lab -- env${name})"`);
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
