import assert from "node:assert/strict";
import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { request } from "node:https";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { splitAddress } from "../../lab/addresses";
import { LabError } from "../../lab/errors";
import { type Lab, labEnv, labStatus, startLab, stopLab } from "../../lab/lab";
import { commandOf, processesWith, waitFor } from "../../lab/processes";
import { place, readRecord, vcenterCommand, writeRecord } from "../../lab/record";

const root = resolve(__dirname, "../..");
const name = "lab-test";

/** `npm run lab -- …`, without the setup that the script does before. */
function cli(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((done) => {
    const argv = ["--require", "tsx/cjs", join(root, "lab/cli.ts"), ...args];
    const child = execFile(process.execPath, argv, { cwd: root }, (_, stdout, stderr) => {
      done({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

/** HTTP status of a GET that trusts the lab's authority only. */
async function get(url: string, ca?: string): Promise<number | undefined> {
  const outgoing = request(url, { ca, agent: false }).end();
  const [response] = (await once(outgoing, "response")) as [{ statusCode?: number; resume: () => void }];
  response.resume();
  return response.statusCode;
}

/** What there is of a lab: processes that know its folder, listening sockets in its network, files but for its logs. */
function traces(lab: string, octet: number): string[] {
  const dir = join(root, ".lab", lab);
  const network = octet.toString(16).toUpperCase().padStart(2, "0");
  // Slot, local address with its bytes in reverse, remote address, state (0A: listening): proc(5).
  const socket = new RegExp(`^ *\\d+: [0-9A-F]{4}${network}7F:[0-9A-F]{4} \\S+ 0A `);
  const sockets = readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .filter((line) => socket.test(line));
  const files = existsSync(dir) ? readdirSync(dir).filter((file) => file !== "logs") : [];
  const lock = readdirSync(join(root, ".lab")).filter((file) => file.startsWith(`.${lab}.`));
  return [...processesWith(`${dir}/`).map((pid) => `process ${pid}`), ...sockets, ...files, ...lock];
}

describe("a lab", () => {
  const labs = [name, ...[2, 3, 4].map((n) => `${name}-${n}`)];

  afterEach(async () => {
    for (const lab of labs) await stopLab(lab);
  });

  after(() => {
    for (const lab of labs) rmSync(join(root, ".lab", lab), { recursive: true, force: true });
  });

  const running = (): Promise<Lab> => startLab({ name, timeScale: 20 });

  it("serves vCenter and the BMCs over TLS once it has started", async () => {
    const lab = await running();
    const ca = readFileSync(lab.caFile, "utf8");
    const { vcenter, bmcs } = place(name).addresses;
    assert.equal(await get(`https://${vcenter}/sdk/vimServiceVersions.xml`, ca), 200);
    for (const bmc of bmcs) assert.equal(await get(`https://${bmc}/redfish/v1/`, ca), 200);
    await assert.rejects(get(`https://${vcenter}/`), /certificate/);
    assert.equal(labStatus(name).state, "running");
  });

  it("keeps its passwords to its owner, and new ones for each start", async () => {
    const first = await running();
    for (const file of ["lab.json", "vcenter.json", "tls/server-key.pem"]) {
      assert.equal(statSync(join(first.dir, file)).mode & 0o077, 0, file);
    }
    assert.ok(!existsSync(join(first.dir, "tls/ca-key.pem")));
    const command = readFileSync(`/proc/${labStatus(name).pid}/cmdline`, "utf8");
    await stopLab(name);
    const second = await running();
    for (const role of ["", "_HA_HOST", "_HA_BMC", "_HA_GUEST"]) {
      const variable = `VSPHERE${role}_PASSWORD`;
      assert.ok((first.env[variable]?.length ?? 0) >= 20);
      assert.notEqual(second.env[variable], first.env[variable]);
      assert.ok(!command.includes(first.env[variable] ?? ""));
    }
  });

  it("gives pulumi all that it needs", async () => {
    const { env } = await running();
    const pulumi = (...args: string[]): string =>
      execFileSync("pulumi", args, { encoding: "utf8", env: { ...process.env, ...env }, cwd: root });
    const plugins = JSON.parse(pulumi("plugin", "ls", "--json")) as { name: string }[];
    assert.deepEqual(plugins.map((plugin) => plugin.name).sort(), ["command", "openstack", "vsphere"]);
    assert.deepEqual(JSON.parse(pulumi("stack", "ls", "--all", "--json")), []);
  });

  it("leaves nothing but its logs when it stops", async () => {
    const { dir } = await running();
    const { pid } = labStatus(name);
    assert.equal(await stopLab(name), true);
    assert.deepEqual(readdirSync(dir), ["logs"]);
    assert.ok(pid);
    assert.equal(commandOf(pid), undefined);
    assert.equal(labStatus(name).state, "stopped");
    assert.equal(await stopLab(name), false);
    assert.throws(() => labEnv(name), LabError);
  });

  it("says that it runs already when it is started again", async () => {
    await running();
    const { pid } = labStatus(name);
    await assert.rejects(running(), { message: new RegExp(`runs already \\(pid ${pid}\\); stop it first`) });
    assert.equal(labStatus(name).pid, pid);
  });

  it("takes another network when something listens in its own, and that one again when it is free", async () => {
    const own = place(name).addresses;
    const { host, port } = splitAddress(own.bmcs[2] ?? "");
    const server = createServer().listen(port, host);
    await once(server, "listening");
    try {
      const { env } = await running();
      assert.notEqual(env.VSPHERE_SERVER, own.vcenter);
      assert.equal(labStatus(name).vcenter, `https://${env.VSPHERE_SERVER}`);
    } finally {
      server.close();
    }
    await stopLab(name);
    assert.equal((await running()).env.VSPHERE_SERVER, own.vcenter);
  });

  it("starts again after it was killed", async () => {
    const { pid } = labStatus((await running()).name);
    assert.ok(pid);
    process.kill(pid, "SIGKILL");
    assert.ok(await waitFor(() => labStatus(name).state === "ended", 10_000));
    assert.throws(() => labEnv(name), /does not run/);
    await running();
    assert.notEqual(labStatus(name).pid, pid);
  });

  it("is cleaned up by stop after it was killed", async () => {
    const { dir } = await running();
    process.kill(labStatus(name).pid ?? 0, "SIGKILL");
    assert.ok(await waitFor(() => labStatus(name).state === "ended", 10_000));
    assert.equal(await stopLab(name), true);
    assert.deepEqual(readdirSync(dir), ["logs"]);
  });

  it("runs beside any number of others: four that start at once, and one of them ends", async () => {
    const all = await Promise.all(labs.map((lab) => startLab({ name: lab, timeScale: 20 })));
    assert.equal(new Set(labs.map((lab) => place(lab).addresses.octet)).size, labs.length);
    assert.equal(new Set(all.map(({ env }) => env.VSPHERE_PASSWORD)).size, labs.length);
    const answers = (of: Lab[]): Promise<(number | undefined)[]> =>
      Promise.all(
        of.map(({ env, caFile }) =>
          get(`https://${env.VSPHERE_SERVER}/sdk/vimServiceVersions.xml`, readFileSync(caFile, "utf8")),
        ),
      );
    assert.deepEqual(await answers(all), [200, 200, 200, 200]);
    await stopLab(name);
    const others = all.slice(1);
    assert.deepEqual(await answers(others), [200, 200, 200]);
    // Each has its own authority.
    const [one, two] = others;
    const foreign = readFileSync(one?.caFile ?? "", "utf8");
    await assert.rejects(get(`https://${two?.env.VSPHERE_SERVER}/sdk/vimServiceVersions.xml`, foreign), /certificate/);
  });

  it("leaves nothing behind after kill -9, a start and a stop: no process, socket or file", async () => {
    await running();
    const { octet } = place(name).addresses;
    const pid = labStatus(name).pid ?? 0;
    assert.ok(traces(name, octet).length > 10, "what is there while it runs is seen");
    process.kill(pid, "SIGKILL");
    // The signal is sent, and the process gone a moment later.
    assert.ok(await waitFor(() => labStatus(name).state === "ended", 10_000));
    await running();
    assert.equal(place(name).addresses.octet, octet, "the killed one's network is free again");
    assert.ok(!processesWith(`.lab/${name}/`).includes(pid));
    await stopLab(name);
    assert.deepEqual(traces(name, octet), []);
  });

  it("leaves nothing behind when whoever starts it is killed before it knows the process", async () => {
    await running();
    const { recordFile, addresses } = place(name);
    const { pid, ...before } = readRecord(recordFile) ?? assert.fail("no record");
    writeRecord(recordFile, before); // as it is between the start of the process and its note
    assert.equal(labStatus(name).pid, pid);
    assert.equal(await stopLab(name), true);
    assert.deepEqual(traces(name, addresses.octet), []);
  });

  it("leaves nothing behind after a start that is killed at any moment, a start and a stop", async () => {
    const argv = ["--require", "tsx/cjs", join(root, "lab/cli.ts"), "start", "--name", name, "--without-openstack"];
    const moments: [string, () => boolean][] = [
      ["locked", () => readdirSync(join(root, ".lab")).includes(`.${name}.starting`)],
      ["prepared", () => existsSync(place(name).recordFile)],
      ["certified", () => existsSync(place(name).paths.caFile)],
      ["launched", () => processesWith(vcenterCommand(place(name)).join(" ")).length > 0],
      ["noted", () => readRecord(place(name).recordFile)?.pid !== undefined],
    ];
    for (const [moment, reached] of moments) {
      const child = spawn(process.execPath, argv, { cwd: root, stdio: "ignore" });
      const closed = once(child, "close");
      while (!reached() && child.exitCode === null) await new Promise(setImmediate);
      child.kill("SIGKILL");
      await closed;
      const killed = place(name).addresses.octet;
      // What was launched runs on, as a whole, and a start says so.
      if (labStatus(name).state === "running") {
        await assert.rejects(running(), /runs already/);
        await stopLab(name);
      }
      await running();
      const { octet } = place(name).addresses;
      await stopLab(name);
      for (const one of [killed, octet]) assert.deepEqual(traces(name, one), [], moment);
    }
  });

  it("started twice at once runs once", async () => {
    const results = await Promise.all([
      cli("start", "--name", name, "--without-openstack"),
      cli("start", "--name", name, "--without-openstack"),
    ]);
    assert.deepEqual(results.map(({ code }) => code).sort(), [0, 2]);
    assert.match(results.map(({ stderr }) => stderr).join(""), /being started by another process|runs already/);
    assert.equal(labStatus(name).state, "running");
  });

  it("refuses names and time scales that it cannot have", async () => {
    await assert.rejects(startLab({ name: "../etc" }), /the lab's name is "\.\.\/etc"; use up to/);
    await assert.rejects(startLab({ name, timeScale: 0 }), /the time scale is 0; it must lie between/);
  });
});

describe("the lab command", () => {
  after(() => stopLab(name));

  it("starts, describes and stops a lab, and gives a shell its environment", async () => {
    assert.match((await cli("status", "--name", name)).stdout, /is stopped/);
    const started = await cli("start", "--name", name, "--time-scale", "25", "--without-openstack");
    assert.equal(started.code, 0, started.stderr);
    assert.match(
      started.stdout,
      new RegExp(`lab ${name} runs .*eval "\\$\\(npm run -s lab -- env --name ${name}\\)"`, "s"),
    );

    const status = JSON.parse((await cli("status", "--name", name, "--json")).stdout) as Record<string, unknown>;
    assert.equal(status.state, "running");
    assert.equal(status.timeScale, 25);

    const { stdout } = await cli("env", "--name", name);
    const shell = execFileSync("/bin/sh", ["-c", `${stdout}pulumi version; env`], { encoding: "utf8" });
    assert.match(shell, /^v3\./);
    for (const [variable, value] of Object.entries(labEnv(name))) {
      if (variable !== "PATH") assert.ok(shell.includes(`\n${variable}=${value}\n`), variable);
    }
    assert.match((await cli("stop", "--name", name)).stdout, /is stopped/);
    assert.match((await cli("stop", "--name", name)).stdout, /did not run/);
  });

  it("leaves nothing when it is interrupted while it starts", async () => {
    const argv = ["--require", "tsx/cjs", join(root, "lab/cli.ts"), "start", "--name", name, "--without-openstack"];
    const child = spawn(process.execPath, argv, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const closed = once(child, "close");
    assert.ok(await waitFor(() => labStatus(name).pid !== undefined, 20_000));
    child.kill("SIGINT");
    const [code] = (await closed) as [number];
    // It may just have been ready: then the lab runs, as a whole.
    if (code === 0) assert.equal(labStatus(name).state, "running");
    else {
      assert.equal(code, 2);
      assert.equal(output, `lab: interrupted, lab ${name} is stopped\n`);
      assert.equal(labStatus(name).state, "stopped");
    }
  });

  it("refuses what it does not know with exit code 2 and one message", async () => {
    for (const args of [
      ["frob"],
      ["start", "--time-scale", "fast"],
      ["status", "--name", "Not A Name"],
      ["env", "--name", name],
    ]) {
      const { code, stderr } = await cli(...args);
      assert.equal(code, 2, args.join(" "));
      assert.doesNotMatch(stderr, /\n\s+at /, "a stack trace");
      assert.ok(stderr.trim() !== "");
    }
  });

  it("teaches its use", async () => {
    const { code, stdout } = await cli("--help");
    assert.equal(code, 0);
    assert.match(stdout, /eval "\$\(npm run -s lab -- env\)"/);
  });
});
