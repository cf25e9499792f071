import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { initCommand } from "../../../../verification/cli/init";
import type { InitOptions } from "../../../../verification/init/answers";
import type { Asker } from "../../../../verification/init/asker";
import { CouldNotRun } from "../../../../verification/problems";
import { sharedCertificates } from "../net/certificates";
import { ServedVcenter } from "../vcenter/servedVcenter";
import { Commands, type Ended } from "./command";

/** Answers to what is asked, in order; a question that it does not expect fails. */
class Answers implements Asker {
  readonly asked: string[] = [];
  constructor(private readonly answers: (boolean | string | string[])[]) {}

  text = (message: string, usual: string | undefined, refuse: (answer: string) => string | undefined) => {
    let answer = this.next(message) as string;
    for (let refused = refuse(answer); refused !== undefined; refused = refuse(answer)) {
      this.asked.push(refused);
      answer = this.next(message) as string;
    }
    return Promise.resolve(answer === "" ? (usual ?? "") : answer);
  };
  secret = (message: string) => Promise.resolve(this.next(message) as string);
  confirm = (message: string) => Promise.resolve(this.next(message) as boolean);
  choose = (message: string, choices: readonly string[]) => {
    const answer = this.next(`${message}: ${choices.join(", ")}`) as string;
    assert.ok(choices.includes(answer));
    return Promise.resolve(answer);
  };
  chooseSome = (message: string, choices: readonly string[]) =>
    Promise.resolve(this.next(`${message}: ${choices.join(", ")}`) as string[]);

  private next(message: string): boolean | string | string[] {
    this.asked.push(message);
    const answer = this.answers.shift();
    assert.ok(answer !== undefined, `asked: ${message}`);
    return answer;
  }
}

describe("init", () => {
  let vcenter: ServedVcenter;
  let commands: Commands;
  let out: string;
  const { caFile, sha256, cert } = sharedCertificates();

  beforeEach(async () => {
    vcenter = await ServedVcenter.start();
    commands = new Commands();
    out = commands.path("stack");
    commands.env = { VSPHERE_PASSWORD: "secret", VSPHERE_HA_CA_FILE: caFile };
  });
  afterEach(() => {
    vcenter.stop();
    commands.remove();
  });

  const address = (): string => (vcenter.document.vcenter as { server: string }).server;
  /** Without a terminal. */
  const init = (...args: string[]): Promise<Ended> =>
    commands.run("init", "--server", address(), "--user", "reader", "--out", out, ...args);
  const written = (name: string): unknown => JSON.parse(readFileSync(join(out, name), "utf8"));

  /** On a terminal. */
  async function answered(options: InitOptions, answers: Answers, env = commands.env): Promise<string> {
    let text = "";
    const stream = { write: (part: string) => void (text += part) };
    const { signal } = new AbortController();
    const context = { env, stdout: stream, stderr: stream, signal, hurried: signal };
    assert.equal(await initCommand(options, context, answers), 0);
    return text;
  }

  async function refusal(...args: string[]): Promise<string> {
    const { code, out: said, err } = await init(...args);
    assert.deepEqual([code, said], [2, ""], err);
    assert.ok(!existsSync(out));
    assert.doesNotMatch(err, /\n\s+at |secret/);
    return err;
  }

  it("writes all files without a question, says what it found and what comes next, and logs out", async () => {
    const { code, out: said, err } = await init("--vm", "xp-1");
    assert.deepEqual([code, err], [0, ""]);
    assert.deepEqual(readdirSync(out).sort(), [
      "Pulumi.prod.yaml",
      "Pulumi.yaml",
      "import.json",
      "index.ts",
      "package.json",
      "tsconfig.json",
      "verification.json",
    ]);
    assert.deepEqual((written("verification.json") as { vms: unknown }).vms, [{ name: "xp-1", guestOs: "windowsxp" }]);
    assert.deepEqual(
      (written("import.json") as { resources: { id?: string }[] }).resources[1]?.id,
      "/dc-1/host/compute-1",
    );
    assert.match(
      said,
      /^Cluster compute-1 of datacenter dc-1: 3 hosts \(esx-1, esx-2, esx-3\), \d datastores, \d VMs?\.\n/,
    );
    assert.match(
      said,
      /HA is on, admission control: resourcePercentage; DRS is on, fullyAutomated\.\n {2}Test VMs: xp-1\.\n/,
    );
    assert.match(said, /Nothing in vCenter was changed\. Next:\n\n {2}cd .*stack\n {2}npm install /);
    assert.match(said, /export SSL_CERT_FILE="\$VSPHERE_HA_CA_FILE"/);
    assert.doesNotMatch(said, /read -rs|vcenter\.pem|left as they are/);
    for (const name of readdirSync(out)) assert.doesNotMatch(readFileSync(join(out, name), "utf8"), /secret/);
    assert.equal(vcenter.calls.at(-1), "Logout");
  });

  it("tells of two values of one setting in vCenter", async () => {
    const read = vcenter.handlers.get("RetrievePropertiesEx");
    const monitored =
      "<vmToolsMonitoringSettings><vmMonitoring>vmMonitoringDisabled</vmMonitoring></vmToolsMonitoringSettings>";
    vcenter.on("RetrievePropertiesEx", async (parameters, calls) => {
      const answer = (await read?.(parameters, calls)) as string;
      return answer
        .replace("</defaultVmSettings>", `${monitored}</defaultVmSettings>`)
        .replace("<hostMonitoring>", "<vmMonitoring>vmMonitoringOnly</vmMonitoring><hostMonitoring>");
    });
    assert.match((await init()).out, /Note: vCenter has two values .* vmMonitoringOnly .* vmMonitoringDisabled/);
  });

  it("reads the cluster in one traversal, whatever its size", async () => {
    await init();
    const reads = vcenter.calls.filter((call) => call === "RetrievePropertiesEx");
    assert.equal(reads.length, 2, "the list of clusters, and the cluster");
  });

  it("names all that is missing at once where nobody can be asked, each with its remedy", async () => {
    commands.env = {};
    mkdirSync(out);
    writeFileSync(join(out, "index.ts"), "mine");
    const { code, err } = await commands.run("init", "--out", out, "--thumbprint", "12");
    assert.equal(code, 2);
    assert.match(err, /^vsphere-ha init: 5 problems in what init needs to know:\n/);
    assert.match(err, /--server is not set: .*; give --server, or set VSPHERE_SERVER\n/);
    assert.match(err, /--user is not set: .*; give --user, or set VSPHERE_USER/);
    assert.match(err, /VSPHERE_PASSWORD is not set: .*; set VSPHERE_PASSWORD\n/);
    assert.match(err, /--thumbprint = "12": must be a SHA-256 or SHA-1 thumbprint/);
    assert.match(err, /--out = ".*index\.ts": is there already, and nothing is overwritten; name another folder/);
    assert.deepEqual(vcenter.calls, []);
  });

  it("names every file that is in the way, and writes none", async () => {
    mkdirSync(out);
    for (const name of ["index.ts", "import.json", "other.txt"]) writeFileSync(join(out, name), "mine");
    const { code, err } = await init();
    assert.equal(code, 2);
    assert.match(err, /2 problems.*\n.*index\.ts.*\n.*import\.json/);
    assert.deepEqual(readdirSync(out).sort(), ["import.json", "index.ts", "other.txt"]);
    assert.equal(readFileSync(join(out, "index.ts"), "utf8"), "mine");
  });

  it("does not write into a file, nor half of its files", async () => {
    writeFileSync(out, "mine");
    assert.match((await init()).err, /--out = ".*": is a file, not a folder/);
    assert.equal(readFileSync(out, "utf8"), "mine");
    // A folder beneath a file cannot be made.
    const { code, err } = await commands.run(
      "init",
      "--server",
      address(),
      "--user",
      "reader",
      "--out",
      join(out, "a", "b"),
    );
    assert.equal(code, 2);
    assert.match(err, /cannot write to .*; nothing was written/);
  });

  it("takes an address that is none for what it is", async () => {
    const { code, err } = await commands.run("init", "--server", "https://vc/ui", "--user", "u", "--out", out);
    assert.equal(code, 2);
    assert.match(err, /--server = "https:\/\/vc\/ui": must be host or host:port/);
  });

  it("says plainly that the password is wrong", async () => {
    commands.env.VSPHERE_PASSWORD = "wrong";
    const message = await refusal();
    assert.match(message, /^vsphere-ha init: vCenter .* refuses the login of reader: wrong user name or password/);
    assert.match(message, /check the password \(VSPHERE_PASSWORD\) and the user \(--user or VSPHERE_USER\)\n$/);
  });

  it("says plainly that there is no such host", async () => {
    const { code, err } = await commands.run("init", "--server", "vc.invalid", "--user", "u", "--out", out);
    assert.equal(code, 2);
    assert.match(
      err,
      /^vsphere-ha init: cannot resolve the name of vCenter vc\.invalid .*check --server or VSPHERE_SERVER/,
    );
  });

  it("says plainly that the certificate is not trusted, and sends nothing", async () => {
    delete commands.env.VSPHERE_HA_CA_FILE;
    const message = await refusal();
    assert.match(
      message,
      /the certificate of vCenter .* is not trusted .* Trust its CA with VSPHERE_HA_CA_FILE, or pin it/,
    );
    assert.ok(message.includes(`set --thumbprint or VSPHERE_HA_THUMBPRINT to ${sha256}`));
    assert.deepEqual(vcenter.calls, []);
  });

  it("pins the certificate whose thumbprint it is given, and hands it to Pulumi's provider", async () => {
    delete commands.env.VSPHERE_HA_CA_FILE;
    const { code, out: said, err } = await init("--thumbprint", sha256);
    assert.deepEqual([code, err], [0, ""]);
    assert.equal((written("verification.json") as { vcenter: { thumbprint: string } }).vcenter.thumbprint, sha256);
    assert.equal(readFileSync(join(out, "vcenter.pem"), "utf8").trim(), cert.trim());
    assert.match(said, /export SSL_CERT_FILE="\$PWD\/vcenter\.pem"/);
  });

  it("refuses another certificate than the pinned one, and sends nothing", async () => {
    assert.match(await refusal("--thumbprint", "AB".repeat(32)), /shows another certificate than the pinned one/);
    assert.deepEqual(vcenter.calls, []);
  });

  it("says which clusters there are when there are several, or none of that name", async () => {
    vcenter.otherClusters = ["edge"];
    const several = await refusal();
    assert.match(several, /--cluster is not set: there are 2: compute-1, edge; give --cluster with one of these names/);
    const wrong = await refusal("--cluster", "core", "--datacenter", "dc-2");
    assert.match(wrong, /2 problems/);
    assert.match(wrong, /--datacenter = "dc-2": must be one of: dc-1/);
    assert.match(wrong, /--cluster = "core": must be one of: compute-1, edge/);
    vcenter.otherClusters = ["compute-1"];
    assert.match(await refusal(), /--cluster = "compute-1": is the name of several: \/dc-1\/host\/compute-1, /);
    assert.equal(vcenter.calls.at(-1), "Logout");
  });

  it("says what keeps a cluster from being taken over", async () => {
    vcenter.inventory.hosts.splice(0);
    vcenter.inventory.datastores.splice(0);
    const message = await refusal();
    assert.match(
      message,
      /problems in cluster compute-1, which the library cannot take over as it is:\n {2}hosts = \[\]: must be 2/,
    );
  });

  it("says which VMs may be named", async () => {
    assert.match(await refusal("--vm", "nobody"), /--vm = "nobody": must be .*, of which there are .*ubuntu-1.*xp-1/);
  });

  it("asks for what is missing, shows the thumbprint, and takes the only cluster without a question", async () => {
    const answers = new Answers(["bad address", address(), "reader", "secret", true, ["ubuntu-1"], out]);
    const said = await answered({}, answers, {});
    assert.deepEqual(
      answers.asked.map((question) => question.replace(/:[ p].*/, "")),
      [
        "vCenter's address",
        "must be host or host",
        "vCenter's address",
        "User",
        "Password (kept nowhere)",
        "Does vCenter's console show the same thumbprint? Trust it from now on",
        "Test VMs, for checks and drills (or none)",
        "Folder for the stack",
      ],
    );
    assert.ok(said.includes(`SHA-256 thumbprint  ${sha256}`));
    assert.match(said, /read -rs VSPHERE_PASSWORD && export VSPHERE_PASSWORD/);
    assert.equal(vcenter.logins, 1);
    assert.ok(existsSync(join(out, "vcenter.pem")));
  });

  it("lets the user choose among clusters, and refuses a folder that is in use", async () => {
    vcenter.otherClusters = ["edge"];
    const taken = commands.path("taken");
    mkdirSync(taken);
    writeFileSync(join(taken, "index.ts"), "mine");
    const answers = new Answers(["compute-1", [], taken, out]);
    await answered({ server: address(), user: "reader" }, answers);
    assert.deepEqual(answers.asked[0], "Which cluster: compute-1, edge");
    assert.match(answers.asked[3] ?? "", /index\.ts": is there already/);
    assert.ok(existsSync(join(out, "index.ts")));
  });

  it("sends nothing to a vCenter whose thumbprint the user does not know", async () => {
    const { VSPHERE_PASSWORD = "" } = commands.env;
    const refused = answered({ server: address(), user: "reader" }, new Answers([false]), { VSPHERE_PASSWORD });
    await assert.rejects(refused, (error) => error instanceof CouldNotRun && /is not trusted/.test(error.message));
    assert.deepEqual(vcenter.calls, []);
  });
});
