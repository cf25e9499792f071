import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Lab, startLab, stopLab } from "../../lab/lab";

const root = resolve(__dirname, "../..");
const labName = "bad-input";

/** Runs the CLI on the reference stack, with a changed environment or configuration. */
function pulumi(lab: Lab, args: string[], changed: NodeJS.ProcessEnv = {}): Promise<{ code: number; output: string }> {
  const env = { ...process.env, ...lab.env, ...changed };
  return new Promise((done, fail) => {
    const child = spawn("pulumi", [...args, "--non-interactive", "--color", "never"], { cwd: root, env });
    let output = "";
    const keep = (chunk: Buffer): void => void (output += chunk.toString());
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", fail).on("close", (code) => {
      done({ code: code ?? -1, output });
    });
  });
}

/** The reference stack's configuration with one text replaced, in a file of the lab. */
function configWith(lab: Lab, text: string, replacement: string): string[] {
  const config = readFileSync(join(root, "Pulumi.dev.yaml"), "utf8");
  assert.ok(config.includes(text), `the configuration has no ${text}`);
  const file = join(lab.dir, "Pulumi.dev.yaml");
  writeFileSync(file, config.replace(text, replacement));
  return ["--config-file", file];
}

function assertOneMessage(output: string, expected: RegExp): void {
  assert.match(output, expected);
  assert.doesNotMatch(output, /^\s+at .*:\d+:\d+/m, "a stack trace");
  assert.doesNotMatch(output, /unhandled exception/);
}

describe("pulumi with a user's mistake", function () {
  this.timeout(120_000);
  let lab: Lab;

  before(async () => {
    lab = await startLab({ name: labName });
    const { code, output } = await pulumi(lab, ["stack", "init", "dev"]);
    assert.equal(code, 0, output);
  });

  after(() => stopLab(labName));

  for (const [mistake, changed, expected] of [
    ["a vCenter that cannot be reached", { VSPHERE_SERVER: "127.0.0.1:1" }, /127\.0\.0\.1:1.*connection refused/],
    ["a wrong password", { VSPHERE_PASSWORD: "wrong" }, /incorrect user name or password/],
    [
      "a certificate that nobody vouches for",
      { SSL_CERT_FILE: "/dev/null" },
      /certificate signed by unknown authority/,
    ],
    ["no vCenter named", { VSPHERE_SERVER: "" }, /VSPHERE_SERVER/],
  ] as const) {
    it(`says in one message: ${mistake}`, async () => {
      const { code, output } = await pulumi(lab, ["preview"], changed);
      assert.notEqual(code, 0);
      assertOneMessage(output, expected);
      assert.match(output, /check the name, that vCenter can be reached, and who logs in|VSPHERE_SERVER/);
    });
  }

  it("says in one message: a datacenter that vCenter does not have", async () => {
    const { code, output } = await pulumi(lab, ["preview", ...configWith(lab, "name: Lab", "name: Elsewhere")]);
    assert.notEqual(code, 0);
    assertOneMessage(output, /cannot find datacenter "Elsewhere" in vCenter: .*not found/);
  });

  it("says in one message: everything wrong in the configuration, and changes nothing", async () => {
    const wrong = "migrationThreshold: 9\n      automationLevel2: x\n  vsphere-ha:datastors: []";
    const changed = configWith(lab, "migrationThreshold: 3", wrong);
    const { code, output } = await pulumi(lab, ["up", "--yes", "--skip-preview", ...changed]);
    assert.notEqual(code, 0);
    assertOneMessage(output, /3 problems in the stack's configuration/);
    assert.match(output, /cluster\.drs\.migrationThreshold = 9: /);
    assert.match(output, /cluster\.drs\.automationLevel2 .*; write automationLevel, or leave it out/);
    assert.match(output, /vsphere-ha:datastors .*; write datastores under vsphere-ha:cluster, or leave it out/);
    const state = await pulumi(lab, ["stack", "export"]);
    const { resources = [] } = (JSON.parse(state.output) as { deployment: { resources?: { type: string }[] } })
      .deployment;
    assert.deepEqual(
      resources.map(({ type }) => type).filter((type) => type !== "pulumi:pulumi:Stack"),
      [],
    );
  });

  it("goes on where it stopped, once a host's password is right", async () => {
    const wrong = await pulumi(lab, ["up", "--yes", "--skip-preview"], { VSPHERE_HA_HOST_PASSWORD: "wrong" });
    assert.notEqual(wrong.code, 0);
    assertOneMessage(wrong.output, /incorrect user name or password/);
    const right = await pulumi(lab, ["up", "--yes", "--skip-preview"]);
    assert.equal(right.code, 0, right.output);
  });
});
