import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Lab, startLab, stopLab } from "../../lab/lab";
import type { Journal } from "../../verification/model";
import { element, refElement } from "../../verification/vcenter/xml";
import { githubJob, gitlabJob, type Job } from "./pipelineFiles";
import { commandsIn, readPage } from "../pages";
import { Administrator } from "./smallCluster";

const root = resolve(__dirname, "../..");
const timeScale = 10;
const cluster = "ha";

interface Ended {
  code: number | null;
  output: string;
}

/** What a reader's repository has besides: the reference stack is that of this one. */
const program = [
  "Pulumi.yaml",
  "Pulumi.dev.yaml",
  "index.ts",
  "stack.js",
  "package.json",
  "tsconfig.json",
  "bin",
  "components",
  "verification",
  "policies",
  "node_modules",
];

describe("pipelines", function () {
  this.timeout(600_000);
  let lab: Lab;
  let admin: Administrator;
  let checkout: string;

  before(async () => {
    lab = await startLab({ name: "gitops", timeScale });
    admin = await Administrator.logIn(lab.env, timeScale);
    checkout = mkdtempSync(join(tmpdir(), "gitops-"));
    for (const name of program) symlinkSync(join(root, name), join(checkout, name));
    cpSync(join(root, "examples", "pipelines", "scripts"), join(checkout, "scripts"), { recursive: true });
    const { code, output } = await sh("pulumi stack init dev --non-interactive");
    assert.equal(code, 0, output);
  });
  after(async () => {
    await admin.logOut();
    await stopLab("gitops");
    rmSync(checkout, { recursive: true, force: true });
  });

  /** In a process group of its own, as a runner starts a step. `watch` sees all output so far. */
  function sh(
    script: string,
    env: Record<string, string> = {},
    watch: (soFar: string, child: ChildProcess) => void = () => undefined,
  ): Promise<Ended> {
    return new Promise((done, fail) => {
      const all = { ...process.env, ...lab.env, ...env, CI: "true" };
      const child = spawn("sh", ["-ec", script], { cwd: checkout, env: all, detached: true });
      let output = "";
      const keep = (chunk: Buffer): void => {
        output += chunk.toString();
        watch(output, child);
      };
      child.stdout.on("data", keep);
      child.stderr.on("data", keep);
      child.on("error", fail).on("close", (code) => {
        done({ code, output });
      });
    });
  }

  /** The steps of a job in turn, until one fails. What a reader sets to their own is the reference stack's. */
  async function run({ steps, env }: Job, own: Record<string, string> = {}): Promise<Ended> {
    rmSync(join(checkout, "report"), { recursive: true, force: true });
    const literal = Object.fromEntries(Object.entries(env).filter(([, value]) => !value.includes("${{")));
    const mine = { ...literal, STACK: "dev", POLICY_CONFIG: "policies/presets/reference.json", ...own };
    let output = "";
    for (const step of steps) {
      // The packages are there: the checkout shares them.
      if (step === "npm ci") continue;
      const ended = await sh(step, mine);
      output += ended.output;
      if (ended.code !== 0) return { code: ended.code, output };
    }
    return { code: 0, output };
  }

  const journal = (): Journal => JSON.parse(readFileSync(join(checkout, "report", "journal.json"), "utf8")) as Journal;
  const summary = (): string => readFileSync(join(checkout, "report", "summary.md"), "utf8");

  /** Ids of the checks that failed, with what they found, a line each. */
  const found = (): string[] =>
    journal().checks.flatMap(({ id, verdict, severity, findings }) => {
      if (verdict !== "failed" || severity !== "error") return [];
      return findings.map(({ subject, read, expected }) => `${id}: ${subject}: ${read}; expected ${expected}`);
    });

  it("comment a proposal with what would change and which policies it breaks, and change nothing", async () => {
    const strict = { POLICY_CONFIG: "policies/presets/mandatory.json" };
    const refused = await run(githubJob("propose"), strict);
    assert.equal(refused.code, 1, refused.output);
    assert.match(summary(), /^# Failed: vsphere-ha deploy --preview on/);
    assert.match(summary(), /policies-kept/);
    assert.match(summary(), /host-lockdown, cluster-esx-01\.lab\.test/);
    const proposed = await run(gitlabJob("propose"));
    assert.equal(proposed.code, 0, proposed.output);
    assert.match(summary(), /^# Passed: vsphere-ha deploy --preview on/);
    assert.match(summary(), /## Stack dev: \d+ changes proposed/);
    assert.match(summary(), /\| ubuntu-1-vm \| VirtualMachine \| create \| proposed \|/);
    await assert.rejects(admin.find("ClusterComputeResource", cluster));
  });

  it("deploy nothing that breaks a mandatory policy", async () => {
    const { code, output } = await run(gitlabJob("deploy"), { POLICY_CONFIG: "policies/presets/mandatory.json" });
    assert.equal(code, 1, output);
    assert.match(output, /host-lockdown/);
    await assert.rejects(admin.find("ClusterComputeResource", cluster));
  });

  it("deploy what was merged, check the cluster, and attach the reports", async () => {
    const { code, output } = await run(githubJob("deploy"));
    assert.equal(code, 0, output);
    const { verdict, checks, deployment } = journal();
    assert.equal(verdict, "passed");
    assert.ok((deployment?.changes.length ?? 0) > 10);
    assert.ok(deployment?.changes.every(({ state }) => state === "done"));
    assert.ok(
      checks.some(({ id }) => id === "ha-enabled"),
      checks.map(({ id }) => id).join(),
    );
    for (const file of ["index.html", "summary.md", "junit.xml"]) assert.ok(existsSync(join(checkout, "report", file)));
    for (const secret of ["VSPHERE_PASSWORD", "VSPHERE_HA_HOST_PASSWORD"]) {
      const value = lab.env[secret] ?? "";
      assert.ok(value.length > 3);
      const told = [output, summary(), readFileSync(join(checkout, "report", "journal.json"), "utf8")].join("\n");
      assert.ok(!told.includes(value), secret);
    }
  });

  it("find no drift where there is none", async () => {
    const { code, output } = await run(gitlabJob("drift"));
    assert.equal(code, 0, output);
    assert.deepEqual(found(), []);
  });

  describe("find drift made by hand, name it, and the next deployment repairs it:", () => {
    const edit = async (spec: string): Promise<void> => {
      await admin.reconfigure(await admin.find("ClusterComputeResource", cluster), spec);
    };

    /** Each is found by the nightly job of one service, and repaired by the deployment of the other. */
    async function drift(byHand: () => Promise<unknown>, named: RegExp[], job = githubJob): Promise<void> {
      await byHand();
      const nightly = await run(job("drift"));
      assert.equal(nightly.code, 1, nightly.output);
      const told = found().join("\n");
      for (const pattern of named) {
        assert.match(told, pattern);
        assert.match(summary().replaceAll("\\", ""), new RegExp(pattern.source.replace(/^\^?[\w-]+: /, ""), "m"));
      }
      const repaired = await run(gitlabJob("deploy"));
      assert.equal(repaired.code, 0, repaired.output);
      const again = await run(job("drift"));
      assert.equal(again.code, 0, again.output);
    }

    it("HA turned off", () =>
      drift(
        () => edit("<dasConfig><enabled>false</enabled></dasConfig>"),
        [/nothing-drifted: cluster.*haEnabled: false; expected true/],
      ));

    it("a rule deleted, and a VM's override changed", () =>
      drift(
        async () => {
          const object = await admin.find("ClusterComputeResource", cluster);
          const key = await admin.ruleKey(object, "ubuntu-apart");
          const removeKey = `<removeKey xsi:type="xsd:int">${key}</removeKey>`;
          await edit(`<rulesSpec><operation>remove</operation>${removeKey}</rulesSpec>`);
          const vm = await admin.find("VirtualMachine", "ubuntu-1");
          const priority = `<dasSettings>${element("restartPriority", "lowest")}</dasSettings>`;
          const info = `<info>${refElement("key", vm)}${priority}</info>`;
          await edit(`<dasVmConfigSpec><operation>edit</operation>${info}</dasVmConfigSpec>`);
        },
        [
          /nothing-drifted: .*ubuntu-apart.*: gone from vCenter; expected there, as deployed/,
          /nothing-drifted: .*ubuntu-1.*haVmRestartPriority: lowest; expected highest/,
        ],
        gitlabJob,
      ));

    it("a host in maintenance", () =>
      drift(async () => {
        const host = await admin.find("HostSystem", "esx-03.lab.test");
        await admin.task("EnterMaintenanceMode_Task", host, "<timeout>0</timeout>");
      }, [/nothing-drifted: cluster-esx-03\.lab\.test, maintenance: true; expected false/]));
  });

  /** Starts a deployment, and acts on its process group once Pulumi has locked the stack. */
  async function whileLocked(act: (group: number) => Promise<void> | void): Promise<Ended> {
    const backend = (lab.env.PULUMI_BACKEND_URL ?? "").replace("file://", "");
    const locks = join(backend, ".pulumi", "locks");
    let group = 0;
    const over = new AbortController();
    const deploying = sh("npx vsphere-ha deploy --stack dev --report one", {}, (_, child) => {
      group = child.pid ?? 0;
    }).finally(() => {
      over.abort();
    });
    const isLocked = (): boolean =>
      existsSync(locks) && readdirSync(locks, { recursive: true }).some((name) => String(name).endsWith(".json"));
    while (!isLocked()) {
      assert.ok(!over.signal.aborted, "it ended without a lock");
      await sleep(5);
    }
    await act(group);
    return deploying;
  }

  it("refuse a second deployment while one is under way, and say whose it is", async () => {
    let second: Ended | undefined;
    const first = await whileLocked(async (group) => {
      process.kill(-group, "SIGSTOP");
      try {
        second = await sh("npx vsphere-ha deploy --stack dev --report two");
      } finally {
        process.kill(-group, "SIGCONT");
      }
    });
    assert.equal(second?.code, 2, second?.output);
    assert.match(second.output, /another deployment of stack dev is under way, by \S+ on \S+ \(process \d+\)/);
    assert.match(second.output, /wait for it, then deploy again/);
    assert.equal(first.code, 0, first.output);
  });

  it("continue a deployment that was killed in the middle", async () => {
    const killed = await whileLocked((group) => void process.kill(-group, "SIGKILL"));
    assert.notEqual(killed.code, 0);
    const { code, output } = await run(githubJob("deploy"));
    assert.equal(code, 0, output);
    assert.match(output, /was killed: its lock is released, as pulumi cancel does, and this deployment continues it/);
    assert.equal(journal().verdict, "passed");
  });

  it("are written as docs/gitops.md tells, whose commands all end well", async () => {
    const page = commandsIn(readPage("docs/gitops.md")).map(({ text }) => text);
    assert.ok(page.length >= 4);
    for (const command of page) {
      const { code, output } = await sh(command);
      assert.equal(code, 0, `${command}\n${output}`);
    }
  });

  it("break what an approved window names, and nothing else", async () => {
    const { code, output } = await run(githubJob("drill"), { DRILL: "maintenance-mode", HOST: "esx-02.lab.test" });
    const [result, ...others] = journal().drills;
    assert.deepEqual([result?.drill, result?.host, others], ["maintenance-mode", "esx-02.lab.test", []], output);
    // Whether the cluster holds is for the tests of drills; on a busy machine nobody can tell, and the job says so.
    assert.ok(result?.verdict === "passed" || result?.verdict === "inconclusive", output);
    assert.equal(code, result.verdict === "passed" ? 0 : 1);
  });
});
