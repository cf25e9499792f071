import { Command, CommanderError } from "commander";
import { version } from "../../package.json";
import { settleSeconds } from "../checks/settle";
import { checkCommand, type CheckOptions, type CommandContext } from "./check";
import { CouldNotRun } from "../problems";

const exitCodes = "Exit code: 0 passed, 1 failed, 2 could not run (bad input, no vCenter, interrupted).";

const environment = `Environment:
  VSPHERE_PASSWORD          password of the vCenter user; it is taken from nowhere else
  VSPHERE_SERVER            vCenter as host or host:port, unless vcenter.server is given
  VSPHERE_USER              its user, unless vcenter.user is given; check needs the Read-only role only
  VSPHERE_HA_CA_FILE        PEM file of the CA to trust, unless vcenter.caFile is given
  VSPHERE_HA_THUMBPRINT     SHA-256 thumbprint to pin instead, unless vcenter.thumbprint is given
  VSPHERE_HA_BMC_PASSWORD   password of the hosts' management controllers, for drills
  VSPHERE_HA_CONFIG         one more configuration file; it describes hosts and VMs that the others name
  NO_COLOR                  no colours`;

const configHelp = `Configuration, a JSON object (later files are laid over earlier ones, hosts and VMs by name):
  {"cluster": {"datacenter": "dc-1", "name": "compute-1", "declared": {"haEnabled": true}},
   "hosts": [{"name": "esx-01.example.com",
              "bmc": {"url": "https://bmc-01.example.com", "username": "operator"}}],
   "vms": [{"name": "ubuntu-1", "guestOs": "ubuntu", "probe": {"port": 22}}]}
  cluster.declared takes the provider's ComputeCluster fields. A stack of this library has the document as output:
  pulumi stack output verification --json`;

function collect(value: string, previous: string[]): string[] {
  return [...previous, value];
}

function buildProgram(context: CommandContext, done: (code: number) => void): Command {
  const program = new Command("vsphere-ha")
    .description("Proves that a vSphere cluster fails over, and measures how available its VMs stay.")
    .version(version)
    .exitOverride()
    .showHelpAfterError("(vsphere-ha --help tells the commands)")
    .addHelpText("after", `\n${exitCodes}`);

  program
    .command("check")
    .description(
      "Compares the cluster with what was declared and looks whether it can fail over. Changes nothing. " +
        `A freshly changed cluster gets ${settleSeconds.toString()} s to settle.`,
    )
    .requiredOption("--config <file>", "configuration file, - for standard input; may be repeated", collect, [])
    .option("--json", "print the journal as JSON instead of lines", false)
    .option("--report <dir>", "write journal.json, junit.xml, summary.md and index.html there")
    .addHelpText("after", `\n${exitCodes} What failed goes to standard error.\n`)
    .addHelpText(
      "after",
      `Examples:
  vsphere-ha check --config cluster.json
  pulumi stack output verification --json | vsphere-ha check --config - --report report
`,
    )
    .addHelpText("after", `${configHelp}\n\n${environment}`)
    .action(async (options: CheckOptions) => {
      done(await checkCommand(options, context));
    });

  return program;
}

/** Runs the command line; resolves to the exit code and never rejects. */
export async function main(argv: readonly string[], context: CommandContext): Promise<number> {
  let code = 0;
  const program = buildProgram(context, (result) => {
    code = result;
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return code;
  } catch (error) {
    // Commander has written its message already; help and version end by this way too.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const name = `vsphere-ha ${argv[0] ?? ""}`.trim();
    if (context.signal.aborted) context.stderr.write(`${name}: interrupted\n`);
    else if (error instanceof CouldNotRun) context.stderr.write(`${name}: ${error.message}\n`);
    else context.stderr.write(`${name}: internal error, please report it: ${trace(error)}\n`);
    return 2;
  }
}

function trace(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
