/** `npm test`: runs every suite and prints the sum of all as its last line. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Counts, countsOfExitCode, countsOfGoTest, countsOfProcess, sum } from "./suites";

const root = resolve(__dirname, "..");
const bin = (name: string): string => join(root, "node_modules", ".bin", name);

/**
 * Test files that measure outages: they wait more than they compute. While the main job sets itself up, those go first that take
 * no harm from a late probe; then the longest.
 */
const MEASURING = {
  "main job": ["mainJob"],
  "real time": ["realTime"],
  drills: [
    "pages",
    "killedDrills",
    "hostLoss",
    "load",
    "hostIsolation",
    "storageLoss",
    "guestHangDrill",
    "secondFailureDrill",
    "vcenterDownDrill",
    "maintenanceDrill",
    "outages",
    "drillPlans",
  ],
};
/** Of the others, those that take minutes. */
const LONG = ["settings", "gitops", "examples", "labWithOpenstack", "lifecycle", "resources", "badInput"];

/** The other test files with a lab, so that a new one needs no entry here. */
function integration(): string[] {
  const measuring = new Set(Object.values(MEASURING).flat());
  const all = readdirSync(join(root, "test", "integration"), { encoding: "utf8", recursive: true }).flatMap((file) => {
    return file.endsWith(".test.ts") ? [file.slice(0, -".test.ts".length)] : [];
  });
  return [...new Set([...LONG, ...all])].filter((name) => all.includes(name) && !measuring.has(name));
}

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

/** Runs suites one after the other, until the list is empty; several lanes may share a list. */
async function lane(waiting: Suite[]): Promise<Counts> {
  const all: Counts[] = [];
  for (let suite = waiting.shift(); suite !== undefined; suite = waiting.shift()) all.push(await runSuite(suite));
  return sum(all);
}

function withLab(name: string, options: { live?: boolean; niceness?: number }): Suite {
  return mocha(name, ["--timeout", "300000", `test/integration/${name}.test.ts`], options);
}

async function main(): Promise<void> {
  const computing = [
    single("types", "tsc", []),
    single("lint", "eslint", [".", "--max-warnings", "0"]),
    single("format", "prettier", ["--check", "."]),
    mocha("unit", ["test/unit/**/*.test.ts"]),
  ];
  const go = [goTest("command provider", "lab/toolchain/command"), goTest("simulated vCenter", "lab/vcenter")];
  const others = integration().map((name) => withLab(name, { niceness: 10 }));
  const measuring = (files: string[]): Suite[] => files.map((name) => withLab(name, { live: true }));
  const drills = measuring(MEASURING.drills);

  // Two lanes for the two processors. What measures outages comes after what only computes, and has one lane of others beside it:
  // beside more labs its probes are late, and drills inconclusive.
  const done: Counts[] = [];
  const through = async (waiting: Suite[]): Promise<void> => void done.push(await lane(waiting));
  const computed = [through(computing), through(go)];
  const beside = Promise.race(computed).then(() => through(others));
  await Promise.all(computed);
  const alone = [MEASURING["main job"], MEASURING["real time"]].map((files) => through(measuring(files)));
  const measured = Promise.all([through(drills), through(drills), ...alone]);
  const after = measured.then(() => Promise.all([through(others), through(others)]));
  await Promise.all([beside, after]);
  const total = sum(done);
  console.log(`${total.passed} passed, ${total.failed} failed`);
  process.exitCode = total.failed === 0 ? 0 : 1;
}

void main();
