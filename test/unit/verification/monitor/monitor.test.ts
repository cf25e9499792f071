import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { main } from "../../../../verification/cli/main";
import { parseMonitorOptions } from "../../../../verification/cli/monitor";
import { Problems } from "../../../../verification/problems";
import { drill, journal } from "../report/fixture";

/** Probes end their connections by a reset. */
function service(): Server {
  return createServer((socket) => socket.on("error", () => undefined));
}

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 200; tries++) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((done) => setTimeout(done, 50));
  }
  return assert.fail(`waited in vain until ${what}`);
}

describe("monitor", () => {
  let dir: string;
  let guest: Server;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "monitor-"));
    guest = service();
  });
  afterEach(() => {
    guest.close();
    rmSync(dir, { recursive: true, force: true });
  });

  interface Running {
    url: string;
    output: () => string;
    ended: Promise<number>;
    end: () => void;
  }

  /** vCenter is not there: the configuration has the addresses. */
  async function start(vms: object[], ...more: string[]): Promise<Running> {
    const config = join(dir, "config.json");
    writeFileSync(
      config,
      JSON.stringify({
        vcenter: { server: "127.0.0.1:9", user: "u" },
        cluster: { datacenter: "dc", name: "c" },
        hosts: [],
        vms,
        probeIntervalSeconds: 0.3,
      }),
    );
    const abort = new AbortController();
    let output = "";
    const out = { write: (text: string) => (output += text) };
    const ended = main(["monitor", "--config", config, "--listen", "127.0.0.1:0", ...more], {
      env: { VSPHERE_PASSWORD: "p" },
      stdout: out,
      stderr: out,
      signal: abort.signal,
      hurried: abort.signal,
    });
    const url = await Promise.race([
      until("it serves", () => Promise.resolve(/http:\S+/.exec(output)?.[0])),
      ended.then((code) => assert.fail(`ended with ${code.toString()}: ${output}`)),
    ]);
    return {
      url,
      output: () => output,
      ended,
      end: () => {
        abort.abort(new Error("SIGTERM"));
      },
    };
  }

  const value = (text: string, series: string): number | undefined => {
    const line = text.split("\n").find((one) => one.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.split(" ").at(-1));
  };
  const scrape = async (url: string): Promise<string> => (await fetch(url)).text();

  it("sees a service go down and come back, without vCenter, and ends with 0 when told to", async () => {
    const port = await listening(guest);
    const vm = { name: "ubuntu-1", guestOs: "ubuntu", address: "127.0.0.1", probe: { port } };
    const { url, output, ended, end } = await start([vm]);
    const up = 'vsphere_ha_up{vm="ubuntu-1",guest_os="ubuntu"}';
    const is = (state: number) => async () => (value(await scrape(url), up) === state ? true : undefined);
    const share = (text: string, bound: string): number =>
      value(text, `vsphere_ha_availability_ratio{vm="ubuntu-1",guest_os="ubuntu",window="1h",bound="${bound}"}`) ?? -1;
    await until("it is up", is(1));
    // One probe proves no time: the edges on both sides of it are not known.
    await until("uptime is proved", async () => (share(await scrape(url), "lower") > 0 ? true : undefined));
    guest.close();
    await until("it is down", is(0));
    const down = 'vsphere_ha_downtime_seconds_total{vm="ubuntu-1",guest_os="ubuntu"}';
    await until("downtime is proved", async () => ((value(await scrape(url), down) ?? 0) > 0 ? true : undefined));
    guest = service().listen(port, "127.0.0.1");
    await until("it is up again", is(1));
    const text = await scrape(url);
    assert.ok((value(text, down) ?? 0) > 0);
    assert.ok((value(text, 'vsphere_ha_probes_total{vm="ubuntu-1",outcome="up"}') ?? 0) > 1);
    assert.ok((value(text, 'vsphere_ha_probe_duration_seconds_count{vm="ubuntu-1"}') ?? 0) > 1);
    const [lower, upper] = [share(text, "lower"), share(text, "upper")];
    assert.ok(0 < lower && lower <= upper && upper < 1, text);
    assert.equal(value(text, "vsphere_ha_vcenter_reachable"), 0);
    assert.match(output(), /cannot reach vCenter/);
    end();
    assert.equal(await ended, 0);
    await assert.rejects(fetch(url));
  });

  it("tells the last drill of each host from a journal, and its next version", async () => {
    const port = await listening(guest);
    const file = join(dir, "journal.json");
    const vm = { name: "ubuntu-1", guestOs: "ubuntu", address: "127.0.0.1", probe: { port } };
    const { url, ended, end } = await start([vm], "--journal", file);
    const passed = 'vsphere_ha_last_drill_passed{drill="host-loss",host="esx-01"}';
    assert.equal(value(await scrape(url), passed), undefined);
    writeFileSync(file, JSON.stringify(journal()));
    assert.equal(value(await scrape(url), passed), 1);
    const text = await scrape(url);
    assert.equal(
      value(text, 'vsphere_ha_last_drill_downtime_seconds{drill="host-loss",host="esx-01",vm="ubuntu-1"}'),
      152,
    );
    assert.equal(
      value(text, 'vsphere_ha_last_drill_timestamp_seconds{drill="host-loss",host="esx-01"}'),
      Date.parse("2026-01-31T12:05:00Z") / 1000,
    );
    await new Promise((done) => setTimeout(done, 20));
    writeFileSync(file, JSON.stringify(journal({ drills: [drill(), drill({ verdict: "failed" })] })));
    await until("it is read again", async () => (value(await scrape(url), passed) === 0 ? true : undefined));
    end();
    await ended;
  });

  it("answers nothing but reading, at its paths", async () => {
    const port = await listening(guest);
    const { url, ended, end } = await start([{ name: "a", guestOs: "ubuntu", address: "127.0.0.1", probe: { port } }]);
    assert.equal((await fetch(url, { method: "POST" })).status, 405);
    assert.equal((await fetch(new URL("/", url))).status, 404);
    assert.equal((await fetch(new URL("/-/healthy", url))).status, 200);
    const { headers } = await fetch(url);
    assert.match(headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
    end();
    await ended;
  });

  it("cannot run where an address is taken, or a VM has none", async () => {
    const port = await listening(guest);
    const vm = { name: "a", guestOs: "ubuntu", address: "127.0.0.1", probe: { port } };
    await assert.rejects(
      start([vm], "--listen", `127.0.0.1:${port.toString()}`),
      /ended with 2: .*name another --listen/s,
    );
    await assert.rejects(start([{ name: "a", guestOs: "ubuntu" }]), /ended with 2: .*a has no address: set vms/s);
    await assert.rejects(start([]), /ended with 2: .*names no VM to watch/s);
  });

  const wrong: [string, string, string[]][] = [
    ["9469", "1h", ["--listen"]],
    ["host:70000", "1h", ["--listen"]],
    ["127.0.0.1:9469", "1h,1h", ["--windows"]],
    ["127.0.0.1:9469", "", ["--windows"]],
    ["127.0.0.1:9469", "0m", ["--windows"]],
    ["http://x", "1y", ["--listen", "--windows"]],
  ];
  for (const [listen, windows, paths] of wrong) {
    it(`refuses --listen ${listen} --windows ${windows}, naming every problem`, () => {
      assert.throws(
        () => parseMonitorOptions({ listen, windows }),
        (error) => {
          assert.ok(error instanceof Problems);
          assert.deepEqual(
            error.problems.map(({ path }) => path),
            paths,
          );
          return true;
        },
      );
    });
  }

  it("serves to this machine alone unless it is told otherwise", () => {
    assert.deepEqual(parseMonitorOptions({ listen: "127.0.0.1:9469", windows: "1h" }).listen, {
      host: "127.0.0.1",
      port: 9469,
    });
    assert.equal(parseMonitorOptions({ listen: "[::]:9469", windows: "1h" }).listen.host, "::");
  });

  it("has a dashboard that asks for metrics that it serves, and for no other", async () => {
    const port = await listening(guest);
    const file = join(dir, "journal.json");
    writeFileSync(file, JSON.stringify(journal()));
    const vm = { name: "a", guestOs: "ubuntu", address: "127.0.0.1", probe: { port } };
    const { url, ended, end } = await start([vm], "--journal", file);
    const served = await until("all is served", async () => {
      const text = await scrape(url);
      return value(text, 'vsphere_ha_up{vm="a",guest_os="ubuntu"}') === undefined ? undefined : text;
    });
    end();
    await ended;
    const names = new Set([...served.matchAll(/^([a-z_]+)[{ ]/gm)].map(([, name]) => name));
    const dashboard = readFileSync(resolve(__dirname, "../../../../docs/grafana-dashboard.json"), "utf8");
    const { panels } = JSON.parse(dashboard) as { panels: { targets: { expr: string }[] }[] };
    const asked = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    assert.ok(asked.length >= 6);
    for (const expr of asked) {
      const [name] = /(vsphere_ha|process|nodejs)_[a-z_]+/.exec(expr) ?? [];
      assert.ok(name !== undefined && names.has(name), expr);
    }
    for (const what of ["up", "availability_ratio", "probe_duration_seconds_bucket", "last_drill_passed"]) {
      assert.ok(dashboard.includes(`vsphere_ha_${what}`), what);
    }
  });
});
