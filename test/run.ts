/** `npm test`: runs every suite and prints the sum of all as its last line. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Counts, countsOfExitCode, countsOfGoTest, countsOfProcess, sum } from "./suites";

const root = resolve(__dirname, "..");
const bin = (name: string): string => join(root, "node_modules", ".bin", name);

/** Test files that measure outages, those of a lane one after the other: they wait more than they compute. */
const DRILLS = {
  "main job": ["mainJob"],
  "drills on hosts": ["hostLoss", "hostIsolation", "storageLoss", "vcenterDownDrill", "secondFailureDrill"],
  "other drills": ["maintenanceDrill", "guestHangDrill", "drillPlans", "killedDrills", "outages", "load"],
  "real time": ["realTime"],
};
const integrationFile = (name: string): string => `test/integration/${name}.test.ts`;
const measuring = Object.values(DRILLS).flat().map(integrationFile);
const INTEGRATION = ["test/integration/**/*.test.ts", ...measuring.flatMap((file) => ["--ignore", file])];

interface Suite {
  name: string;
  run: () => Promise<{ counts: Counts; output: string }>;
}

function command(
  file: string,
  args: string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; live?: boolean } = {},
): Promise<{ code: number; output: string }> {
  return new Promise((done, fail) => {
    const child = spawn(file, args, {
      cwd: options.cwd ?? root,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const keep = (chunk: Buffer): void => {
      output += chunk.toString();
      if (options.live) process.stdout.write(chunk);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", fail);
    child.on("close", (code) => {
      done({ code: code ?? 1, output });
    });
  });
}

const single = (name: string, file: string, args: string[]): Suite => ({
  name,
  run: async () => {
    const { code, output } = await command(bin(file), args);
    return { counts: countsOfExitCode(code), output };
  },
});

const mocha = (name: string, args: string[], { live = false, niceness = 0 } = {}): Suite => ({
  name,
  run: async () => {
    const dir = mkdtempSync(join(tmpdir(), "vsphere-ha-test-"));
    try {
      const file = join(dir, "counts.json");
      const argv = ["-n", String(niceness), bin("mocha"), "--reporter", "test/reporter.cjs", ...args];
      const { code, output } = await command("nice", argv, {
        env: { MOCHA_COUNTS: file },
        live,
      });
      let counts: Counts | undefined;
      try {
        counts = JSON.parse(readFileSync(file, "utf8")) as Counts;
      } catch {
        counts = undefined;
      }
      return { counts: countsOfProcess(counts, code), output: live ? "" : output };
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },
});

const goTest = (name: string, folder: string): Suite => ({
  name,
  run: async () => {
    const { code, output } = await command("go", ["test", "-json", "./..."], { cwd: join(root, folder) });
    const text = output
      .split("\n")
      .map((line) => (line.startsWith("{") ? ((JSON.parse(line) as { Output?: string }).Output ?? "") : `${line}\n`))
      .join("");
    return { counts: countsOfProcess(countsOfGoTest(output), code), output: text };
  },
});

async function runSuite(suite: Suite): Promise<Counts> {
  const started = Date.now();
  const { counts, output } = await suite.run();
  if (counts.failed > 0) console.log(output);
  const seconds = Math.round((Date.now() - started) / 1000);
  console.log(`${suite.name}: ${counts.passed} passed, ${counts.failed} failed (${seconds} s)`);
  return counts;
}

async function inTurn(suites: Suite[]): Promise<Counts> {
  const all: Counts[] = [];
  for (const suite of suites) all.push(await runSuite(suite));
  return sum(all);
}

async function main(): Promise<void> {
  // Two lanes for the two processors, first for what only computes.
  const computed = await Promise.all([
    inTurn([
      single("types", "tsc", []),
      single("lint", "eslint", [".", "--max-warnings", "0"]),
      single("format", "prettier", ["--check", "."]),
      mocha("unit", ["test/unit/**/*.test.ts"]),
    ]),
    inTurn([goTest("command provider", "lab/toolchain/command"), goTest("simulated vCenter", "lab/vcenter")]),
  ]);
  // What measures outages goes before everything else on the machine.
  const withLab = await Promise.all([
    ...Object.entries(DRILLS).map(([name, files]) =>
      inTurn([mocha(name, ["--timeout", "300000", ...files.map(integrationFile)], { live: true })]),
    ),
    inTurn([mocha("integration", ["--timeout", "300000", ...INTEGRATION], { niceness: 10 })]),
  ]);
  const total = sum([...computed, ...withLab]);
  console.log(`${total.passed} passed, ${total.failed} failed`);
  process.exitCode = total.failed === 0 ? 0 : 1;
}

void main();
