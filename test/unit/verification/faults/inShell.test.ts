import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { deviceLossFault } from "../../../../verification/faults/deviceLoss";
import type { Fault, IsolationRecord, StorageRecord } from "../../../../verification/faults/fault";
import { hostIsolationFault } from "../../../../verification/faults/hostIsolation";
import { hostShell, type HostShell } from "../../../../verification/faults/hostShell";
import { pathLossFault } from "../../../../verification/faults/pathLoss";
import type { SshConnection } from "../../../../verification/net/ssh";
import { CouldNotRun } from "../../../../verification/problems";
import type { EsxiShell } from "../drills/esxiShell";
import { World } from "../drills/world";

type Step = "check" | "arm" | "inject" | "restore";

const host = "esx-02";

describe("faults in a host's shell", () => {
  let world: World;
  let esxi: EsxiShell;
  /** Commands that the host refuses. */
  let refuses: RegExp;
  /** Logins that were begun, and those of them that were not ended. */
  let logins: number;
  let open: Set<SshConnection>;
  beforeEach(() => {
    world = new World();
    world.datastores = [
      { id: "datastore-1", type: "VMFS", devices: ["naa.1"] },
      { id: "datastore-2", type: "NFS", devices: [] },
    ];
    esxi = world.shell(host);
    refuses = /^never$/;
    logins = 0;
    open = new Set();
  });

  /** The real one, over a connection to the host in memory. */
  function shell(): HostShell {
    const config = world.config().hosts.find(({ name }) => name === host);
    assert.ok(config !== undefined);
    return hostShell(config, {}, async () => {
      logins++;
      const cut = await esxi.connect();
      const connection: SshConnection = {
        run: async (command, limitMs) => {
          if (refuses.test(command)) return { code: 1, stdout: "", stderr: "Permission denied\n" };
          if (limitMs !== undefined) return cut.run(command, limitMs);
          return { code: 0, stdout: await esxi.ask(command), stderr: "" };
        },
        end: () => void open.delete(connection),
      };
      open.add(connection);
      return connection;
    });
  }

  const isolation = (changes: Partial<IsolationRecord> = {}): Fault => {
    const record = { kind: "host-isolation" as const, host, adapters: ["vmk0"], undoSeconds: 300, ...changes };
    return hostIsolationFault(record, shell(), world.clock);
  };
  const storage = { host, datastores: ["datastore-1"], devices: ["naa.1"], paths: [], rulesets: [] };
  const apd = (changes: Partial<StorageRecord> = {}): Fault =>
    pathLossFault({ ...storage, ...changes, kind: "apd" }, shell(), world.clock);
  const pdl = (changes: Partial<StorageRecord> = {}): Fault =>
    deviceLossFault({ ...storage, ...changes, kind: "pdl" }, shell(), world.clock);
  const nfs = (): Fault => apd({ devices: [], rulesets: ["nfsClient"] });

  async function message(work: Promise<unknown> | undefined): Promise<string> {
    try {
      await work;
    } catch (error) {
      assert.ok(error instanceof CouldNotRun, String(error));
      return error.message;
    }
    return assert.fail("nothing was refused");
  }

  /** Up to that step, in their order. */
  async function reach(fault: Fault, last: Step): Promise<void> {
    for (const step of ["check", "arm", "inject", "restore"] as const) {
      if (step === last) return;
      await fault[step]?.();
    }
  }

  const elapsed = async (work: () => Promise<unknown>): Promise<number> => {
    const began = world.nowMs;
    await work();
    return (world.nowMs - began) / 1000;
  };

  const told: [what: string, make: () => Fault, step: Step, refused: RegExp, cannot: string][] = [
    ["an isolation", isolation, "check", /interface list/, "list the VMkernel adapters"],
    ["an isolation", isolation, "check", /^ps/, "list the processes"],
    ["an isolation", isolation, "arm", /^setsid/, "start the undo of the isolation"],
    ["all paths down", apd, "check", /path list/, "list the paths to naa.1"],
    ["all paths down", apd, "check", /device list/, "look at the disk naa.1"],
    ["all paths down", nfs, "check", /ruleset list/, "read its firewall"],
    ["all paths down", apd, "inject", /state=off/, "take the paths to its storage away"],
    ["all paths down", apd, "restore", /state=active/, "give the paths back"],
    ["a device loss", pdl, "check", /vsish -e get/, "find the VMkernel's error injection"],
    ["a device loss", pdl, "inject", /vsish -e set/, "inject the loss of the disk"],
    ["a device loss", pdl, "restore", /injectError 0x0/, "end the injected errors"],
    ["a device loss", pdl, "restore", /ScsiPathInjectError 0/, "end the error injection"],
    ["a device loss", pdl, "restore", /rescan/, "scan its storage again"],
  ];
  for (const [what, make, step, refused, cannot] of told) {
    it(`${step} ${what} and say that the host does not let them ${cannot}, with no login left open`, async () => {
      const fault = make();
      await reach(fault, step);
      refuses = refused;
      assert.equal(await message(fault[step]?.()), `cannot ${cannot} on ${host} over SSH: Permission denied`);
      await fault.close?.();
      assert.equal(open.size, 0);
    });
  }

  for (const [what, make] of [
    ["an isolation", isolation],
    ["all paths down", apd],
    ["a device loss", pdl],
  ] as const) {
    it(`log in for ${what} before the fault, and not again for it`, async () => {
      const fault = make();
      await reach(fault, "inject");
      const before = logins;
      await fault.inject();
      assert.deepEqual([logins, open.size], [before, 0]);
    });

    it(`begin and end a login of their own for ${what} where nothing was armed`, async () => {
      const fault = make();
      await fault.check();
      const before = logins;
      await fault.inject();
      assert.deepEqual([logins, open.size], [before + 1, 0]);
    });

    it(`end the login for ${what} where it comes to nothing`, async () => {
      const fault = make();
      await reach(fault, "inject");
      assert.equal(open.size, 1);
      await fault.close?.();
      assert.equal(open.size, 0);
    });
  }

  describe("isolate a host", () => {
    it("whose list of adapters has others too, which may be disabled", async () => {
      esxi.adapters = new Map([
        ["vmk0", false],
        ["vmk1", true],
      ]);
      const fault = isolation({ adapters: ["vmk1"] });
      await fault.check();
      assert.match(await message(isolation({ adapters: ["vmk1", "vmk0"] }).check()), /^vmk0 of esx-02 is disabled/);
    });

    it("by all of its adapters", async () => {
      esxi.adapters = new Map(["vmk0", "vmk12"].map((name) => [name, true]));
      const fault = isolation({ adapters: ["vmk0", "vmk12"] });
      await reach(fault, "inject");
      await fault.inject();
      assert.deepEqual([...esxi.adapters.values()], [false, false]);
      assert.equal(world.hosts.get(host)?.isolated, true);
    });

    it("and take a host that still answers, by another way, for one that did what it was told", async () => {
      const fault = isolation();
      await reach(fault, "inject");
      esxi.cutAnswer = { code: 0, stdout: "", stderr: "" };
      await fault.inject();
    });

    it("and say which adapters it did not disable, and why", async () => {
      esxi.adapters.set("vmk1", true);
      const fault = isolation({ adapters: ["vmk0", "vmk1"] });
      await reach(fault, "inject");
      esxi.cutAnswer = { code: 1, stdout: "\nno such interface\n", stderr: "" };
      assert.equal(await message(fault.inject()), "esx-02 did not disable vmk0, vmk1: no such interface");
    });

    it("and enable what the host itself did not, when it is back", async () => {
      esxi.adapters.set("vmk1", false);
      refuses = /-i vmk1/;
      const seconds = await elapsed(async () => {
        const text = await message(isolation({ adapters: ["vmk0", "vmk1"] }).restore());
        assert.equal(text, "cannot enable vmk1 on esx-02 over SSH: Permission denied");
      });
      assert.ok(seconds >= 480 && seconds <= 484, seconds.toString());
      refuses = /^never$/;
      await isolation({ adapters: ["vmk0", "vmk1"] }).restore();
      assert.deepEqual([...esxi.adapters.values()], [true, true]);
    });

    it("and take no name from a journal that is not an adapter's, be it one of several", () => {
      for (const evil of ["vmk0; reboot", "$(reboot) vmk0", "vmk", "vmnic0"]) {
        assert.throws(() => isolation({ adapters: ["vmk0", evil] }), /names no VMkernel adapters/, evil);
      }
    });
  });

  describe("leave a host the undo of its isolation", () => {
    let dir: string;
    beforeEach(() => {
      dir = mkdtempSync(join(tmpdir(), "esxi-"));
    });
    afterEach(() => {
      rmSync(dir, { recursive: true });
    });

    /** Runs it in a real shell, with programs that note their calls; esxcli fails so often. Gives the calls. */
    async function undone(failures: number): Promise<string[]> {
      const log = join(dir, "log");
      const program = (name: string, text: string): void => {
        writeFileSync(join(dir, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
      };
      writeFileSync(log, "");
      program("setsid", 'exec "$@"');
      program("sleep", `echo "sleep $1" >> ${log}`);
      const count = `$(grep -c esxcli ${log})`;
      program("esxcli", `echo "esxcli $*" >> ${log}\n[ ${count} -gt ${failures.toString()} ]`);
      esxi.adapters.set("vmk1", true);
      const fault = isolation({ adapters: ["vmk0", "vmk1"] });
      await reach(fault, "inject");
      await fault.close?.();
      const command = esxi.asked.find((one) => one.startsWith("setsid"));
      const env = { PATH: [dir, process.env.PATH].join(delimiter) };
      execFileSync("/bin/sh", ["-c", `${command ?? ""}\nwait`], { env });
      return readFileSync(log, "utf8").trim().split("\n");
    }

    const enable = (adapter: string): string => `esxcli network ip interface set -e true -i ${adapter}`;

    it("which enables each adapter when the time is over", async () => {
      assert.deepEqual(await undone(0), ["sleep 300", enable("vmk0"), enable("vmk1")]);
    });

    it("which tries again after 10 s where the host's agents are busy", async () => {
      assert.deepEqual(await undone(1), ["sleep 300", enable("vmk0"), "sleep 10", enable("vmk0"), enable("vmk1")]);
    });

    it("and after a minute more, and goes on to the next adapter then, whatever became of the first", async () => {
      const first = [enable("vmk0"), "sleep 10", enable("vmk0"), "sleep 60", enable("vmk0")];
      assert.deepEqual(await undone(3), ["sleep 300", ...first, enable("vmk1")]);
    });
  });

  describe("take storage away from a host", () => {
    it("and leave no injected error on any path, for the next one who switches injection on", async () => {
      const fault = pdl();
      await reach(fault, "restore");
      await fault.restore();
      assert.deepEqual(
        [...esxi.storage.paths.values()].map(({ error }) => error),
        ["0x0", "0x0"],
      );
    });

    it("and end a device loss also where its paths were not looked up before the process was killed", async () => {
      await pdl().restore();
      assert.ok(
        esxi.asked.every((command) => !command.includes("injectError")),
        esxi.asked.join("\n"),
      );
      assert.ok(esxi.asked.includes("esxcli storage core adapter rescan --all"));
    });

    it("and take a disk for lost whose paths have timed out", async () => {
      const fault = apd();
      await reach(fault, "inject");
      esxi.storage.said = "dead timeout";
      await fault.inject();
    });

    it("and wait two minutes for a disk that comes back, and say then how it is", async () => {
      const back: [make: () => Fault, text: string][] = [
        [
          apd,
          "disk naa.1 of esx-02 is dead after 120 s, and not on or degraded: the host does not reach the disk again",
        ],
        [pdl, "disk naa.1 of esx-02 is dead after 120 s, and not on or degraded: the host does not have the disk back"],
      ];
      for (const [make, text] of back) {
        esxi.storage.said = "dead";
        const seconds = await elapsed(async () => {
          assert.equal(await message(make().restore()), text);
        });
        assert.ok(seconds >= 120 && seconds <= 124, seconds.toString());
      }
    });

    it("and not from one whose disk is not in order, or has no usable path", async () => {
      for (const said of ["dead", "unknown"]) {
        esxi.storage.said = said;
        assert.equal(await message(apd().check()), `disk naa.1 of esx-02 is ${said}; bring it back first`);
      }
      esxi.storage.said = "degraded";
      await apd().check();
      esxi.storage.paths.clear();
      assert.equal(await message(pdl().check()), "esx-02 has no path to naa.1");
    });

    it("and not where esxcli does not tell how a path or a disk is", async () => {
      const deaf = async (command: RegExp, answer: string): Promise<string> => {
        const config = world.config().hosts.find(({ name }) => name === host);
        assert.ok(config !== undefined);
        const half = hostShell(config, {}, () =>
          Promise.resolve({
            run: async (asked) => {
              return { code: 0, stdout: command.test(asked) ? answer : await esxi.ask(asked), stderr: "" };
            },
            end: () => undefined,
          }),
        );
        return message(pathLossFault({ ...storage, kind: "apd" }, half, world.clock).check());
      };
      const path = "fc.1\n   Runtime Name: vmhba1:C0:T0:L0\n";
      assert.equal(await deaf(/path list/, path), "path vmhba1:C0:T0:L0 of esx-02 is unknown; bring it back first");
      assert.equal(await deaf(/path list/, "fc.1\n   State: standby\n"), '"" is no path of a host');
      assert.equal(await deaf(/device list/, ""), "disk naa.1 of esx-02 is unknown; bring it back first");
      assert.equal(await deaf(/device list/, "naa.1\n"), "disk naa.1 of esx-02 is unknown; bring it back first");
    });

    it("and say which rule set of its firewall did not follow", async () => {
      const fault = nfs();
      await reach(fault, "inject");
      esxi.storage.obeys = false;
      assert.equal(await message(fault.inject()), "the firewall of esx-02 did not disable nfsClient");
      esxi.storage.obeys = true;
      await fault.inject();
      esxi.storage.obeys = false;
      assert.equal(await message(fault.restore()), "the firewall of esx-02 did not enable nfsClient");
    });

    it("and take no rule set from a journal that is more than a name", () => {
      for (const evil of ["nfsClient; reboot", "$(reboot)nfsClient", ""]) {
        assert.throws(() => apd({ rulesets: ["nfsClient", evil] }), /is no rule set of a host/, evil);
      }
    });
  });
});
