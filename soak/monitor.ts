/** `npm run soak:monitor -- [minutes]`: watches 200 services and prints how the monitor's memory goes. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { leastSquares } from "../verification/statistics/leastSquares";

const services = 200;
/** Three probes an interval: 1,200 a second in all. */
const intervalSeconds = 0.5;
const scrapeMs = 1000;
/** The heap finds its size first. */
const settledShare = 0.5;
/** What grows by less is flat: growth over the second half, in MB. */
const mostGrowth = 10;

const cli = join(resolve(__dirname, ".."), "bin", "vsphere-ha.js");

async function main(minutes: number): Promise<boolean> {
  const dir = mkdtempSync(join(tmpdir(), "soak-monitor-"));
  const server = createServer((socket) => socket.on("error", () => undefined));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  const vms = Array.from({ length: services }, (_, k) => ({
    name: `vm-${k.toString()}`,
    guestOs: "ubuntu",
    address: "127.0.0.1",
    probe: { port },
  }));
  const config = join(dir, "config.json");
  const nowhere = { server: "127.0.0.1:9", user: "nobody" };
  const cluster = { datacenter: "none", name: "none" };
  writeFileSync(
    config,
    JSON.stringify({ vcenter: nowhere, cluster, hosts: [], vms, probeIntervalSeconds: intervalSeconds }),
  );
  const child = spawn(process.execPath, [cli, "monitor", "--config", config, "--listen", "127.0.0.1:0"], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, VSPHERE_PASSWORD: "none" },
  });
  const ended = new Promise<number | null>((done) => child.once("close", done));
  try {
    const url = await new Promise<string>((done) => {
      let output = "";
      child.stdout.on("data", (chunk: Buffer) => {
        output += chunk.toString();
        const found = /http:\S+/.exec(output)?.[0];
        if (found !== undefined) done(found);
      });
    });
    const seen: { minute: number; mb: number; probes: number }[] = [];
    const began = performance.now();
    for (let minute = 0; minute < minutes; minute = (performance.now() - began) / 60_000) {
      await sleep(scrapeMs);
      const text = await (await fetch(url)).text();
      const rss = Number(/^process_resident_memory_bytes (\S+)$/m.exec(text)?.[1]);
      const probes = [...text.matchAll(/^vsphere_ha_probes_total\{[^}]*\} (\d+)$/gm)];
      seen.push({ minute, mb: rss / 2 ** 20, probes: probes.reduce((sum, [, count]) => sum + Number(count), 0) });
    }
    const second = seen.filter(({ minute }) => minute >= minutes * settledShare);
    const line = leastSquares(second.map(({ minute, mb }) => ({ x: minute, y: mb })));
    const growth = (line?.slope ?? Infinity) * minutes * (1 - settledShare);
    const last = seen.at(-1);
    for (const at of [0, 0.25, 0.5, 0.75, 1]) {
      const one = seen[Math.min(seen.length - 1, Math.floor(at * seen.length))];
      if (one !== undefined)
        console.log(`${one.minute.toFixed(1).padStart(6)} min ${one.mb.toFixed(1).padStart(7)} MB`);
    }
    console.log(`${(last?.probes ?? 0).toString()} probes of ${services.toString()} services`);
    console.log(`second half: ${growth.toFixed(2)} MB more, flat up to ${mostGrowth.toString()} MB`);
    child.kill("SIGTERM");
    const code = await ended;
    console.log(`ended with ${String(code)} when told to`);
    return growth <= mostGrowth && code === 0 && (last?.probes ?? 0) > 0;
  } finally {
    child.kill("SIGKILL");
    server.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

void main(Number(process.argv[2] ?? 30)).then((flat) => {
  process.exitCode = flat ? 0 : 1;
});
