import { Command, CommanderError, Option } from "commander";
import { version } from "../../package.json";
import { settleSeconds } from "../checks/settle";
import type { CheckOptions } from "./check";
import type { DeployOptions } from "./deploy";
import { drillNames, variantOf, type DrillName } from "../drills/variants";
import type { CommandContext } from "./context";
import { commands } from "./commands";
import { defaultLevels, defaultLevelSeconds, defaultListen, defaultWindows } from "./defaults";
import type { CompareOptions, DrillOptions, RecoverOptions, ReportOptions } from "./drill";
import type { LoadCommandOptions } from "./load";
import type { InitOptions } from "../init/answers";
import type { MonitorOptions } from "./monitor";
import { CouldNotRun } from "../problems";

const exitCodes = "Exit code: 0 passed, 1 failed, 2 could not run (bad input, no vCenter, interrupted).";

const environment = `Environment:
  VSPHERE_PASSWORD          password of the vCenter user; it is taken from nowhere else
  VSPHERE_SERVER            vCenter as host or host:port, unless vcenter.server is given
  VSPHERE_USER              its user, unless vcenter.user is given; check needs the Read-only role only
  VSPHERE_HA_CA_FILE        PEM file of the CA to trust, unless vcenter.caFile is given
  VSPHERE_HA_THUMBPRINT     SHA-256 thumbprint to pin instead, unless vcenter.thumbprint is given
  VSPHERE_HA_BMC_PASSWORD   password of the hosts' management controllers, for drills
  VSPHERE_HA_GUEST_PASSWORD password of root (Ubuntu) and Administrator (Windows XP) in the guests, for load
  VSPHERE_HA_HOST_PASSWORD  SSH password of the hosts, for drills in their ESXi Shell without a keyFile
  VSPHERE_HA_CONFIG         one more configuration file; it describes hosts and VMs that the others name
  OS_AUTH_URL, OS_USERNAME, OS_PROJECT_NAME, OS_REGION_NAME, OS_CACERT, OS_USER_DOMAIN_NAME, OS_PROJECT_DOMAIN_NAME
                            where openstack is configured: as OpenStack's clients take them
  OS_PASSWORD               password of that user; it is taken from nowhere else
  VSPHERE_HA_COMPUTE_HOST, _PORT, _USER, _PRIVATE_KEY_FILE, _HOST_KEY, _CONFIG_DIR
                            SSH to nova-compute's node, unless openstack.ssh is given
  NO_COLOR                  no colours`;

const configHelp = `Configuration, a JSON object (later files are laid over earlier ones, hosts and VMs by name):
  {"cluster": {"datacenter": "dc-1", "name": "compute-1", "declared": {"haEnabled": true}},
   "hosts": [{"name": "esx-01.example.com",
              "bmc": {"url": "https://bmc-01.example.com", "username": "operator"},
              "ssh": {"user": "root", "knownHostsFile": "known_hosts"}}],
   "vms": [{"name": "ubuntu-1", "guestOs": "ubuntu", "probe": {"port": 22}}]}
  With OpenStack on the cluster also
   "openstack": {"computeHost": "compute-1", "availabilityZone": "vsphere-1", "flavors": ["small"],
                 "images": [{"name": "ubuntu-13.10", "guestOs": "ubuntu"}]}
  and in vms, for those that nova launched, "openstack": {"instanceId": "…"}.
  hosts[].bmc and hosts[].ssh are for drills. A host's SSH key stands in knownHostsFile, or in hostKey (ssh-ed25519 AAAA…
  or SHA256:…); login is by keyFile, else by the password in passwordEnv.
  cluster.declared takes the provider's ComputeCluster fields. A stack of this library has the document as output:
  pulumi stack output verification --json`;

const initHelp = `Examples:
  vsphere-ha init --out compute-1
  vsphere-ha init --server vcenter.example.com --user reader@vsphere.local --cluster compute-1 --vm ubuntu-1 --out compute-1

Environment:
  VSPHERE_PASSWORD          password of the vCenter user; asked for on a terminal, and written to no file
  VSPHERE_SERVER, VSPHERE_USER, VSPHERE_HA_THUMBPRINT
                            unless an option says it
  VSPHERE_HA_CA_FILE        PEM file of the CA to trust`;

const checkExamples = `Examples:
  vsphere-ha check --config cluster.json
  pulumi stack output verification --json | vsphere-ha check --config - --report report`;

const drillExamples = `Examples:
  vsphere-ha drill host-loss --config cluster.json --plan
  vsphere-ha drill host-loss --config cluster.json --host esx-01.example.com
  vsphere-ha drill host-loss --config cluster.json --config controllers.json --report report
  vsphere-ha drill host-loss --config cluster.json --repeat 5 --mtbf-hours 8760`;

const deployExitCodes =
  "Exit code: 0 deployed and passed; 1 a policy is violated, a resource could not be deployed, or a check or drill failed; " +
  "2 could not run (bad input, another deployment under way, interrupted).";

const deployExamples = `Examples:
  vsphere-ha deploy --stack prod --preview --policy-pack policies
  vsphere-ha deploy --stack prod --policy-pack policies --policy-pack-config policies/presets/mandatory.json
  vsphere-ha deploy --stack prod --drill host-loss --report report

Needs the Pulumi CLI, the package @pulumi/pulumi, and what the program itself needs in the environment.`;

const loadExamples = `Examples:
  vsphere-ha load --config cluster.json --plan
  vsphere-ha load --config cluster.json --levels 0,50,100 --seconds 60 --report report
  vsphere-ha load --config cluster.json --fail-host esx-01.example.com

The program that makes load is stress-ng. Another one, by guest operating system, in the configuration:
  "guests": {"ubuntu": {"user": "root", "load": {"program": "/usr/bin/stress-ng",
                        "arguments": "--cpu 0 --cpu-load {level} --timeout {seconds}"}}}
The vCenter user needs VirtualMachine.GuestOperations.Execute and VirtualMachine.GuestOperations.Query.`;

function configOption(): Option {
  return new Option("--config <file>", "configuration file, - for standard input; may be repeated")
    .argParser(collect)
    .makeOptionMandatory();
}

function mtbfOption(): Option {
  return new Option("--mtbf-hours <h>", "mean time between failures of one host: tells the long-run availability");
}

function subjectOption(drill: DrillName): Option {
  const kind = variantOf(drill).ofVm === true ? "vm" : "host";
  const text = {
    vm: "VM to break, may be repeated (default: all VMs",
    host: "host to fail, may be repeated (default: all hosts",
  };
  return new Option(`--${kind} <name>`, `${text[kind]} of the configuration)`).argParser(collect);
}

/** What makes the guests hang where the configuration says nothing: see config/guests.ts. */
const hangHelp = `
A guest hangs by a program that VMware Tools start in it, with the account in guests.<system>.user and the password in
VSPHERE_HA_GUEST_PASSWORD:
  Ubuntu       /bin/sh -c 'sleep 1; echo c > /proc/sysrq-trigger'     as root: the kernel panics
  Windows XP   C:\\notmyfault\\notmyfaultc.exe hang 1                 NotMyFault of Sysinternals, to be put into the template
Another program, or a command on this machine, which gets VM_NAME in its environment, in the configuration:
  "guests": {"windowsxp": {"hang": {"program": "C:\\\\tools\\\\hang.exe", "arguments": "now"}},
             "ubuntu": {"hang": {"command": ["/usr/local/bin/hang-guest"]}}}
The vCenter user needs VirtualMachine.GuestOperations.Execute and .Query, and VirtualMachine.Interact.Reset.`;

function examplesOf(drill: DrillName): string {
  const subject = variantOf(drill).ofVm === true ? "--vm ubuntu-1" : "--host esx-01.example.com";
  const more = drill === "guest-hang" ? `\n${hangHelp}` : "";
  return drillExamples.replaceAll("host-loss", drill).replace("--host esx-01.example.com", subject) + more;
}

function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}

function buildProgram(context: CommandContext, done: (code: number) => void): Command {
  const program = new Command("vsphere-ha")
    .description("Proves that a vSphere cluster fails over, and measures how available its VMs stay.")
    .version(version)
    .exitOverride()
    .configureOutput({ writeOut: (text) => context.stdout.write(text), writeErr: (text) => context.stderr.write(text) })
    .showHelpAfterError("(vsphere-ha --help tells the commands)")
    .addHelpText("after", `\n${exitCodes}`);

  program
    .command("init")
    .description(
      "Reads a cluster that a vCenter has, and writes a stack that takes it over as it stands, with what check needs. " +
        "Asks on a terminal for what no option says. Changes nothing in vCenter, and overwrites no file.",
    )
    .option("--server <host>", "vCenter as host or host:port (default: VSPHERE_SERVER)")
    .option("--user <name>", "its user, for whom the Read-only role is enough (default: VSPHERE_USER)")
    .option("--thumbprint <hex>", "of vCenter's certificate, where no CA proves it (default: VSPHERE_HA_THUMBPRINT)")
    .option("--datacenter <name>", "datacenter of the cluster (default: the only one)")
    .option("--cluster <name>", "the cluster (default: the only one)")
    .option("--vm <name>", "a running VM that checks ask and drills restart, may be repeated (default: none)", collect)
    .option("--out <dir>", "folder for the stack (default: named for the cluster)")
    .addHelpText("after", `\n${exitCodes}\n`)
    .addHelpText("after", initHelp)
    .action(async (options: InitOptions) => {
      done(await commands.init().initCommand(options, context));
    });

  program
    .command("check")
    .description(
      "Compares the cluster with what was declared and looks whether it can fail over. Changes nothing. " +
        `A freshly changed cluster gets ${settleSeconds.toString()} s to settle.`,
    )
    .addOption(configOption())
    .option("--json", "print the journal as JSON instead of lines", false)
    .option("--report <dir>", "write journal.json, junit.xml, summary.md and index.html there")
    .addHelpText("after", `\n${exitCodes} What failed goes to standard error.\n`)
    .addHelpText("after", checkExamples)
    .addHelpText("after", `\n${configHelp}\n\n${environment}`)
    .action(async (options: CheckOptions) => {
      done(await commands.check().checkCommand(options, context));
    });

  const drills = program
    .command("drill")
    .description("Fails something on purpose, puts it back, and measures what the VMs' users saw.");
  for (const drill of drillNames) {
    drills
      .command(drill)
      .description(variantOf(drill).summary)
      .addOption(configOption())
      .addOption(subjectOption(drill))
      .option("--repeat <n>", "how often each of them is broken: intervals are told from 2 on", "1")
      .addOption(mtbfOption())
      .option("--plan", "say what would happen, and change nothing", false)
      .option("--include-bystanders", "go on although VMs outside the configuration run on the host", false)
      .option("--json", "print the journal as JSON instead of lines", false)
      .option("--report <dir>", "where journal.json, junit.xml, summary.md and index.html go", "report")
      .addHelpText("after", `\n${exitCodes}\n`)
      .addHelpText("after", examplesOf(drill))
      .addHelpText("after", `\n${configHelp}\n\n${environment}`)
      .action(async (options: Omit<DrillOptions, "drill">) => {
        done(await commands.drill().drillCommand({ ...options, drill }, context));
      });
  }

  program
    .command("load")
    .description(
      "Makes the guests work, level by level, each operating system by itself and all together, and tells from " +
        "vCenter's counters what that does to them and to their hosts. Starts programs in the guests by VMware Tools, " +
        "and ends them.",
    )
    .addOption(configOption())
    .option("--levels <percent,…>", "load of every virtual CPU", defaultLevels)
    .option("--seconds <s>", "how long each level is held", defaultLevelSeconds.toString())
    .option("--fail-host <name>", "afterwards fail this host at each level, may be repeated", collect, [])
    .option("--plan", "say what would happen, and change nothing", false)
    .option("--include-bystanders", "go on although VMs outside the configuration run on the hosts", false)
    .option("--json", "print the journal as JSON instead of lines", false)
    .option("--report <dir>", "where journal.json, junit.xml, summary.md and index.html go", "report")
    .addHelpText("after", `\n${exitCodes}\n`)
    .addHelpText("after", loadExamples)
    .addHelpText("after", `\n${configHelp}\n\n${environment}`)
    .action(async (options: LoadCommandOptions) => {
      done(await commands.load().loadCommand(options, context));
    });

  program
    .command("monitor")
    .description(
      "Probes the VMs on and on, and serves what it sees to Prometheus: up, availability over windows, latency, the last " +
        "drill. Changes nothing. Ends with Ctrl-C or SIGTERM, with 0.",
    )
    .addOption(configOption())
    .option("--listen <address:port>", "where metrics are served; over HTTP, without a login", defaultListen)
    .option("--windows <lengths>", "availability is told over these, in minutes, hours or days", defaultWindows)
    .option("--journal <file>", "journal.json of drills, read again when it changes")
    .addHelpText("after", `\nExample:\n  vsphere-ha monitor --config cluster.json --journal report/journal.json`)
    .addHelpText("after", "A dashboard for Grafana: docs/grafana-dashboard.json")
    .addHelpText("after", `\n${exitCodes}\n\n${configHelp}\n\n${environment}`)
    .action(async (options: MonitorOptions) => {
      done(await commands.monitor().monitorCommand(options, context));
    });

  const deployment = (command: Command): Command =>
    command
      .requiredOption("--stack <name>", "the stack, which is there already (pulumi stack init)")
      .option("--cwd <dir>", "folder of Pulumi.yaml", ".")
      .option("--config <file>", "laid over the stack's output verification, may be repeated", collect)
      .option("--policy-pack <dir>", "policy pack, may be repeated", collect)
      .option("--policy-pack-config <file>", "its configuration, one for each pack in their order", collect)
      .option("--json", "print the journal as JSON instead of lines", false)
      .option("--report <dir>", "where journal.json, junit.xml, summary.md and index.html go", "report");
  deployment(program.command("deploy"))
    .description(
      "Deploys a stack and proves it: preview with the policies, up, and the checks of its cluster, whether something " +
        "changed or not. What drifted is brought back; what failed halfway is continued by the next deployment.",
    )
    .option("--preview", "say what would change and which policies it breaks, and change nothing", false)
    .option(
      "--drill <name>",
      "afterwards break this on purpose, may be repeated; without it nothing is broken",
      collect,
    )
    .addHelpText("after", `\n${deployExitCodes}\n`)
    .addHelpText("after", deployExamples)
    .addHelpText("after", `\n${environment}`)
    .action(async (options: DeployOptions) => {
      done(await commands.deploy().deployCommand(options, context));
    });
  deployment(program.command("drift"))
    .description(
      "Tells what is otherwise than declared: in vCenter (refresh), in the program (preview), and by the checks of the " +
        "cluster, which see also what is in no resource. Changes nothing.",
    )
    .addHelpText("after", `\nExit code: 0 no drift, 1 drift or a failed check, 2 could not run.\n`)
    .addHelpText("after", `Example:\n  vsphere-ha drift --stack prod --report drift`)
    .addHelpText("after", `\n${environment}`)
    .action(async (options: DeployOptions) => {
      done(await commands.deploy().driftCommand(options, context));
    });

  program
    .command("recover")
    .description("Puts back what a drill or load that was killed has left, and frees the cluster's lock.")
    .addOption(configOption())
    .requiredOption("--journal <file>", "journal.json of that run")
    .addHelpText("after", `\nExample:\n  vsphere-ha recover --config cluster.json --journal report/journal.json`)
    .addHelpText("after", `\n${exitCodes}`)
    .action(async (options: RecoverOptions) => {
      done(await commands.drill().recoverCommand(options, context));
    });

  const report: Command = program
    .command("report")
    .description("Writes the report of a run anew, or one report of several runs on a cluster.")
    .addHelpText("after", `\nExample:\n  vsphere-ha report --journal report/journal.json --out public`)
    .addHelpText("after", `\n${exitCodes}`)
    // Not mandatory for commander, which would ask for them in the subcommand too.
    .option("--journal <file>", "journal.json of a run; may be repeated", collect)
    .option("--out <dir>", "where journal.json, junit.xml, summary.md and index.html go")
    .addOption(mtbfOption())
    .action(async ({ journal, out, mtbfHours }: Partial<ReportOptions>) => {
      if (journal === undefined) report.error("error: required option '--journal <file>' not specified");
      if (out === undefined) report.error("error: required option '--out <dir>' not specified");
      done(await commands.drill().reportCommand({ journal, out, mtbfHours }, context));
    });
  report
    .command("compare")
    .description("Tells what is different between two runs; what got worse comes first.")
    .argument("<before>", "journal.json of the earlier run")
    .argument("<after>", "journal.json of the later run")
    .option("--json", "print the differences as JSON", false)
    .addHelpText("after", `\nExample:\n  vsphere-ha report compare last-week/journal.json report/journal.json`)
    .addHelpText("after", "\nExit code: 0 nothing got worse, 1 something did, 2 could not compare.")
    .action((before: string, after: string, options: CompareOptions) => {
      done(commands.drill().compareCommand(before, after, options, context));
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
