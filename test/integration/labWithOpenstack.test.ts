import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { labEnv, labStatus, startLab, stopLab } from "../../lab/lab";
import { call } from "../../lab/openstack/rest";
import { commandOf, waitFor } from "../../lab/processes";

const root = resolve(__dirname, "../..");
const name = "lab-openstack";
const dir = join(root, ".lab", name);

function cli(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((done) => {
    const argv = ["--require", "tsx/cjs", join(root, "lab/cli.ts"), ...args, "--name", name];
    const child = execFile(process.execPath, argv, { cwd: root }, (_, stdout, stderr) => {
      done({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

/** Ids of the processes that belong to the lab. */
function processes(): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid !== process.pid && commandOf(pid)?.includes(`${dir}/`));
}

/** A process that was killed is in the table until its parent has noticed. */
const isEmpty = (): Promise<boolean> => waitFor(() => processes().length === 0, 10_000);

/** A command on the compute node that runs for long. */
async function logIn(env: Record<string, string>): Promise<ChildProcess> {
  const of = (variable: string): string => env[`VSPHERE_HA_COMPUTE_${variable}`] ?? "";
  const options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "BatchMode=yes"];
  const session = spawn("ssh", [
    ...["-i", of("PRIVATE_KEY_FILE"), "-p", of("PORT")],
    ...options.flatMap((option) => ["-o", option]),
    `${of("USER")}@${of("HOST")}`,
    "echo begun; sleep 300",
  ]);
  await once(session.stdout, "data");
  return session;
}

describe("a lab with OpenStack", function () {
  this.timeout(600_000);

  after(async () => {
    await stopLab(name);
    rmSync(dir, { recursive: true, force: true });
  });

  it("starts, tells where OpenStack is and how to use it, and stops it first", async () => {
    const started = await cli("start");
    assert.equal(started.code, 0, started.stderr);
    const { openstack, pid } = labStatus(name);
    assert.equal(openstack?.state, "running");
    assert.match(started.stdout, new RegExp(`OpenStack +${openstack.authUrl}\n`));
    const env = labEnv(name);
    const { status } = await call(env.OS_AUTH_URL ?? "", { ca: env.OS_CACERT ?? "" });
    assert.equal(status, 200);
    assert.ok(existsSync(env.VSPHERE_HA_COMPUTE_CA_FILE ?? ""));

    const session = await logIn(env);
    const ended = once(session, "close");
    assert.match((await cli("stop")).stdout, /is stopped/);
    await ended; // or a command that is under way would start nova-compute after the stop
    assert.deepEqual(readdirSync(dir), ["logs"]);
    assert.ok(pid !== undefined && (await isEmpty()), JSON.stringify(processes().map(commandOf)));
  });

  it("starts again after vCenter and OpenStack were killed, and leaves nothing of the killed one", async () => {
    await startLab({ name, openstack: true });
    const { pid, openstack } = labStatus(name);
    const old = [pid ?? 0, ...Object.values(openstack?.pids ?? {})];
    for (const killed of [pid, openstack?.pids.launcher]) process.kill(killed ?? 0, "SIGKILL");
    assert.ok(await waitFor(() => labStatus(name).state === "ended", 10_000));
    assert.match((await cli("status")).stdout, /ended by itself/);
    await startLab({ name, openstack: true });
    assert.equal(labStatus(name).openstack?.state, "running");
    assert.deepEqual(
      old.filter((one) => commandOf(one)?.includes(`${dir}/`)),
      [],
    );
  });

  it("says what of OpenStack ended by itself, with its log, while vCenter runs on", async () => {
    process.kill(labStatus(name).openstack?.pids.broker ?? 0, "SIGKILL");
    assert.ok(await waitFor(() => labStatus(name).openstack?.state === "ended", 10_000));
    const { stdout } = await cli("status");
    assert.match(stdout, /runs since .*\n.*ended by itself: broker \(ended, log .*broker\.log\)/s);
    await stopLab(name);
    assert.ok(await isEmpty(), JSON.stringify(processes().map(commandOf)));
  });

  it("leaves nothing when it is interrupted while OpenStack starts", async () => {
    const interruption = new AbortController();
    const services = join(dir, "openstack", "services.json");
    const start = startLab({ name, openstack: true, signal: interruption.signal });
    const rejected = assert.rejects(start, { message: `interrupted, lab ${name} is stopped` });
    assert.ok(await waitFor(() => existsSync(services), 60_000));
    interruption.abort();
    await rejected;
    assert.equal(labStatus(name).state, "stopped");
    assert.ok(await isEmpty(), JSON.stringify(processes().map(commandOf)));
    assert.deepEqual(readdirSync(dir), ["logs"]);
  });

  it("leaves a lab that runs alone when a second start of it is interrupted", async () => {
    await startLab({ name });
    await assert.rejects(startLab({ name, signal: AbortSignal.abort() }), /runs already/);
    assert.equal(labStatus(name).state, "running");
  });
});
