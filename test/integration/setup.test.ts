import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { commandOf, waitFor } from "../../lab/processes";

const root = resolve(__dirname, "../..");

// Stands for the Go tool: what it "builds" is a script that behaves as the real program where setup runs it. A file named
// break-PACKAGE in the folder of the checkout makes the build of that part do something else.
const GO = `#!/bin/sh
echo "$1 $(basename "$PWD")" >> "$FAKE_LOG"
case "$1" in
env) [ "$2" = -json ] && echo '{"GOVERSION":"go1.26.1","GOOS":"linux","GOARCH":"amd64","CGO_ENABLED":"0","GOCACHE":"/tmp","GOMODCACHE":"/tmp"}' || echo go1.26.1 ;;
build)
  while [ "$1" != -o ]; do shift; done
  [ -f "$PWD/break" ] && . "$PWD/break"
  cat > "$2" <<'P'
#!/bin/sh
case "$(basename "$0")" in
gensdk) echo '{"name":"@pulumi/x","dependencies":{},"pulumi":{"name":"x"}}' > "$2/package.json" ;;
*) echo '{}' ;;
esac
P
  chmod +x "$2" ;;
esac
`;

// Stands for npm: installs what the lock file says, and a TypeScript compiler that "compiles".
const NPM = `#!/bin/sh
echo "npm $1" >> "$FAKE_LOG"
[ "$1" = ci ] || exit 0
mkdir -p node_modules/typescript/bin
echo 'require("fs").mkdirSync(process.argv[3] + "/bin");require("fs").writeFileSync(process.argv[3] + "/bin/index.js", "")' > node_modules/typescript/bin/tsc
cp package-lock.json node_modules/.package-lock.json
`;

describe("setup", () => {
  let checkout: string;
  let env: NodeJS.ProcessEnv;
  let child: ChildProcess | undefined;

  beforeEach(() => {
    const dir = mkdtempSync(join(tmpdir(), "vsphere-ha-"));
    checkout = join(dir, "checkout");
    cpSync(join(root, "lab/toolchain"), join(checkout, "lab/toolchain"), { recursive: true });
    mkdirSync(join(checkout, "lab/vcenter"));
    for (const file of ["package.json", "package-lock.json"]) cpSync(join(root, file), join(checkout, file));
    mkdirSync(join(dir, "bin"));
    for (const [name, script] of Object.entries({ go: GO, npm: NPM })) {
      writeFileSync(join(dir, "bin", name), script);
      chmodSync(join(dir, "bin", name), 0o755);
    }
    env = {
      ...process.env,
      PATH: `${join(dir, "bin")}:${process.env.PATH}`,
      VSPHERE_HA_CACHE: join(dir, "cache"),
      FAKE_LOG: join(dir, "log"),
      PULUMI_HOME: join(dir, "no-plugins"),
    };
  });
  afterEach(() => {
    rmSync(join(checkout, ".."), { recursive: true });
  });

  // OpenStack has tests of its own, and this checkout has nothing of it: its setup would fail here.
  const start = (...args: string[]): ReturnType<typeof setup> => setup("--without-openstack", ...args);
  function setup(...args: string[]): Promise<{ code: number | null; output: string }> {
    child = spawn(process.execPath, [join(checkout, "lab/toolchain/setup.mjs"), ...args], {
      env,
      cwd: checkout,
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    }
    return once(child, "close").then(([code]) => ({ code: code as number | null, output }));
  }
  const breakPart = (part: string, script: string): void => {
    writeFileSync(join(checkout, "lab", part, "break"), script);
  };
  const repair = (part: string): void => {
    rmSync(join(checkout, "lab", part, "break"));
  };
  const log = (): string[] =>
    readFileSync(env.FAKE_LOG ?? "", "utf8")
      .trim()
      .split("\n");
  const builds = (): string[] => log().filter((line) => line.startsWith("build "));
  const inCache = (folder: string): string[] => readdirSync(join(env.VSPHERE_HA_CACHE ?? "", folder));

  it("makes a checkout ready, with a line for each part", async () => {
    const { code, output } = await start();
    assert.equal(code, 0, output);
    for (const title of ["Pulumi CLI", "vSphere provider", "simulated vCenter", "npm packages", "SDK of openstack"]) {
      assert.match(output, new RegExp(`${title}.* (built|installed) +\\d+ s\\n`));
    }
    const toolchain = join(checkout, ".lab/.toolchain");
    for (const link of ["bin/pulumi", "lib/vcenter", "plugins/resource-command-v1.2.1/pulumi-resource-command"]) {
      assert.ok(existsSync(join(toolchain, link)), link);
    }
    const sdk = JSON.parse(readFileSync(join(checkout, ".sdks/vsphere/package.json"), "utf8")) as { version: string };
    assert.equal(sdk.version, "4.0.0");
    assert.equal(readlinkSync(join(checkout, "node_modules/.bin/vsphere-ha")), "../../bin/vsphere-ha.js");
  });

  it("does nothing, and says nothing with --quiet, when all is there", async () => {
    await start();
    const before = log().filter((line) => !line.startsWith("env"));
    const { code, output } = await start("--quiet");
    assert.deepEqual({ code, output }, { code: 0, output: "" });
    assert.deepEqual(
      log().filter((line) => !line.startsWith("env")),
      before,
    );
  });

  it("leaves OpenStack out when the command that follows does without it", async () => {
    assert.equal((await setup("--quiet", "--for=--keep --without-openstack")).code, 0);
    assert.match((await setup("--quiet", "--for=--keep")).output, /lab\/openstack\/setup\.mjs/);
  });

  it("builds again just what changed, and prints just that with --quiet", async () => {
    await start();
    const before = builds().length;
    writeFileSync(join(checkout, "lab/vcenter/main.go"), "package main\n");
    const { output } = await start("--quiet");
    assert.match(output, /^simulated vCenter +built +\d+ s\n$/);
    assert.deepEqual(builds().slice(before), ["build vcenter"]);
  });

  it("builds nothing in a second checkout", async () => {
    await start();
    const before = builds().length;
    rmSync(join(checkout, ".lab"), { recursive: true });
    rmSync(join(checkout, ".sdks"), { recursive: true });
    assert.equal((await start()).code, 0);
    assert.equal(builds().length, before);
    assert.ok(existsSync(join(checkout, ".sdks/openstack/package.json")));
  });

  it("fails with the module, the compiler's last lines and the log, and resumes when it is run again", async () => {
    breakPart("toolchain/certs", "echo './main.go:7: undefined: x' >&2; exit 1\n");
    const { code, output } = await start();
    assert.equal(code, 2);
    assert.match(
      output,
      /setup: building certificate maker \(lab\/toolchain\/certs\) failed \(exit code 1\):\n {2}\.\/main\.go:7: undefined: x\nfull output: \S+certs\.log\n$/,
    );
    assert.deepEqual([...inCache("tmp"), ...inCache("locks")], []);
    repair("toolchain/certs");
    const before = builds();
    assert.ok(before.includes("build cli"));
    assert.equal((await start()).code, 0);
    assert.ok(!builds().slice(before.length).includes("build cli"), "what was built before the failure is kept");
  });

  it("fails with one line when the disk is full, and leaves no half part", async () => {
    breakPart("toolchain/vsphere", 'echo half > "$2"; echo "write $2: no space left on device" >&2; exit 1\n');
    const { code, output } = await start();
    assert.equal(code, 2);
    assert.match(output, /^setup: building vSphere provider.*: the disk is full; free some space and run again$/m);
    assert.deepEqual([...inCache("tmp"), ...inCache("locks")], []);
    assert.ok(!inCache("parts").some((part) => part.startsWith("vsphere-")));
  });

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`ends its programs on ${signal}, leaves nothing half done, and resumes`, async () => {
      breakPart("toolchain/lang", 'sleep 300 & echo $! > "$FAKE_LOG.pid"; wait\n');
      const ended = start();
      const pidFile = `${env.FAKE_LOG}.pid`;
      assert.ok(await waitFor(() => existsSync(pidFile) && readFileSync(pidFile, "utf8").endsWith("\n"), 20_000));
      child?.kill(signal);
      const { code, output } = await ended;
      assert.equal(code, 2);
      assert.match(output, /setup: interrupted, run again to resume\n$/);
      const builder = Number(readFileSync(pidFile, "utf8"));
      assert.ok(await waitFor(() => commandOf(builder) === undefined, 5000), "the compiler still runs");
      assert.deepEqual([...inCache("tmp"), ...inCache("locks")], []);
      repair("toolchain/lang");
      assert.equal((await start()).code, 0);
    });
  }

  it("builds each part once when it is run twice at once", async () => {
    const results = await Promise.all([start(), start()]);
    assert.deepEqual(
      results.map(({ code }) => code),
      [0, 0],
      results.map(({ output }) => output).join("\n"),
    );
    assert.equal(new Set(builds()).size, builds().length);
  });

  it("names the option that it does not know and shows its usage", async () => {
    const { code, output } = await start("--frob");
    assert.equal(code, 2);
    assert.match(output, /^setup: Unknown option '--frob'\n\nusage: npm run setup/);
  });

  it("says what an installed toolchain lacks, and touches nothing", async () => {
    const { code, output } = await start("--use-installed");
    assert.equal(code, 2);
    assert.match(output, /^setup: the installed toolchain lacks:\n.*the plugin command 1\.2\.1 is not installed/s);
    assert.ok(!existsSync(join(checkout, ".lab")));
  });
});
