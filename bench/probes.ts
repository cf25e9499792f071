/**
 * `npm run bench:probes`: 1,000 TCP targets a second, beside fping (ICMP) and Prometheus' blackbox exporter on the same
 * addresses, one after the other. The exporter is built from the Go module proxy; what is not there is said.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { constants, loadavg, setPriority } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Table from "cli-table3";
import { blackboxLateness, fpingLateness } from "./peers";
import { targetAddresses } from "./targets";

const count = 1000;
const seconds = 20;
/** Lateness of 99 of 100 probes, ms. */
const limitMs = 20;
const exporter = { module: "github.com/prometheus/blackbox_exporter", version: "v0.27.0", address: "127.0.0.1:9115" };

const cache = join(resolve(__dirname, ".."), ".lab", ".bench");
const script = (name: string): string[] => ["--require", "tsx/cjs", join(__dirname, name)];

interface Result {
  lateness: number[];
  cpuSeconds: number;
  mb: number;
}

/** Processor time and largest memory of a process until now (proc(5)). */
function usage(pid: number | undefined): { cpuSeconds: number; mb: number } {
  const proc = `/proc/${String(pid)}`;
  const fields = readFileSync(`${proc}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  const ticks = Number(fields[11]) + Number(fields[12]);
  const kb = Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`${proc}/status`, "utf8"))?.[1]);
  return { cpuSeconds: ticks / 100, mb: kb / 1024 };
}

function outputOf(child: ChildProcess): () => string {
  const chunks: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}

async function own(): Promise<Result> {
  const args = [...script("ownProbes.ts"), count.toString(), seconds.toString()];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const output = outputOf(child);
  let used = { cpuSeconds: 0, mb: 0 };
  const timer = setInterval(() => {
    const now = usage(child.pid);
    // One that has just ended has no memory any more.
    if (!Number.isNaN(now.mb)) used = now;
  }, 500);
  child.once("exit", () => {
    clearInterval(timer);
  });
  await once(child, "close");
  return { lateness: JSON.parse(output()) as number[], ...used };
}

async function fping(): Promise<Result> {
  const child = spawn("fping", ["-l", "-p", "1000", "-i", "1", "-D", ...targetAddresses(count)], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const output = outputOf(child);
  const failed = once(child, "error");
  await Promise.race([
    sleep(seconds * 1000),
    failed.then(([error]) => {
      throw error as Error;
    }),
  ]);
  const used = usage(child.pid);
  child.kill("SIGINT");
  await once(child, "close");
  return { lateness: fpingLateness(output(), 1000), ...used };
}

async function blackbox(): Promise<Result> {
  const program = buildExporter();
  const child = spawn(
    program,
    [`--web.listen-address=${exporter.address}`, `--config.file=${join(cache, "blackbox.yml")}`],
    {
      stdio: "ignore",
    },
  );
  try {
    for (let tries = 0; ; tries++) {
      const up = await fetch(`http://${exporter.address}/-/healthy`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (up) break;
      if (tries > 100 || child.exitCode !== null) throw new Error("the exporter does not answer");
      await sleep(100);
    }
    const lateness = await blackboxLateness(`http://${exporter.address}`, count, seconds);
    return { lateness, ...usage(child.pid) };
  } finally {
    child.kill("SIGTERM");
  }
}

/** Once. As the only requirement of a module, because the proxy has no list of its versions, which `go install` asks for. */
function buildExporter(): string {
  const program = join(cache, "blackbox_exporter");
  mkdirSync(cache, { recursive: true });
  writeFileSync(join(cache, "blackbox.yml"), "modules:\n  tcp_connect:\n    prober: tcp\n    timeout: 1s\n");
  if (existsSync(program)) return program;
  writeFileSync(join(cache, "go.mod"), `module bench\n\ngo 1.24\n\nrequire ${exporter.module} ${exporter.version}\n`);
  console.log(`building ${exporter.module} ${exporter.version}, which takes some minutes`);
  execFileSync("go", ["build", "-mod=mod", "-o", program, exporter.module], { cwd: cache, stdio: "inherit" });
  return program;
}

async function main(): Promise<boolean> {
  try {
    // As drills do; for all alike.
    setPriority(constants.priority.PRIORITY_HIGH);
  } catch {
    console.error("without the administrator's rights: other programs may make every prober late");
  }
  const targets = spawn(process.execPath, [...script("targets.ts"), count.toString()], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    await once(targets.stdout, "data");
    const table = new Table({
      head: ["", "asks by", "probes", "median ms late", "99 of 100", "most", "processor s", "MB"],
      style: { head: [], border: [] },
    });
    const runs: [string, string, () => Promise<Result>][] = [
      ["vsphere-ha", "TCP", own],
      ["fping", "ICMP", fping],
      ["blackbox exporter", "TCP, asked by HTTP", blackbox],
    ];
    let within = false;
    for (const [name, by, run] of runs) {
      try {
        const { lateness, cpuSeconds, mb } = await run();
        const sorted = [...lateness].sort((a, b) => a - b);
        const at = (share: number): number =>
          sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
        const figures = [at(0.5), at(0.99), at(1), cpuSeconds].map((value) => value.toFixed(2));
        table.push([name, by, sorted.length.toString(), ...figures, mb.toFixed(0)]);
        if (run === own) within = at(0.99) <= limitMs && sorted.length >= count * (seconds - 1);
      } catch (error) {
        table.push([
          name,
          by,
          `could not run: ${error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error)}`,
        ]);
      }
    }
    console.log(
      `${count.toString()} targets, each once a second for ${seconds.toString()} s; load average ${(loadavg()[0] ?? 0).toFixed(1)}`,
    );
    console.log(table.toString());
    return within;
  } finally {
    targets.kill("SIGTERM");
  }
}

void main().then((within) => {
  if (!within) console.error(`99 of 100 probes were not within ${limitMs.toString()} ms`);
  process.exitCode = within ? 0 : 1;
});
