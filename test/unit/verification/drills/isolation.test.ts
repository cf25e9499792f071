import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beginJournal } from "../../../../verification/drills/beginJournal";
import { planIsolation } from "../../../../verification/drills/isolationPlan";
import type { DrillPlan } from "../../../../verification/drills/plan";
import { drillHosts, exitCode, recoverRun } from "../../../../verification/drills/run";
import type { VerificationConfig } from "../../../../verification/config";
import { JournalFile, readJournal } from "../../../../verification/journal";
import type { Inventory, Journal } from "../../../../verification/model";
import { bad, harm } from "./missed";
import { World } from "./world";

const drill = "host-isolation";

describe("host-isolation drill", () => {
  let dir: string;
  let world: World;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "drill-"));
    world = new World();
    world.settings = { ...world.settings, haHostIsolationResponse: "powerOff" };
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  const path = (): string => join(dir, "journal.json");

  function run(hosts = ["esx-02"]): Promise<Journal> {
    const file = new JournalFile(path(), beginJournal(world.config(), world.vcenter.about, "0", drill));
    return drillHosts(world.parts({ drill }), { hosts, file, report: () => Promise.resolve() });
  }

  function plan(
    host = "esx-02",
    change: (inventory: Inventory, config: VerificationConfig) => void = () => undefined,
  ): DrillPlan {
    const [inventory, config] = [world.inventory(), world.config()];
    change(inventory, config);
    const planned = planIsolation(inventory, config, host, { includeBystanders: false, keepUp: [] });
    assert.ok("host" in planned, planned.refusals.join());
    return planned;
  }

  const idsOf = ({ expected }: DrillPlan): string[] => expected.map(({ id }) => id);
  const totals = ({ budgets }: DrillPlan): (string | number)[][] => budgets.map(({ vm, total }) => [vm.name, total]);

  describe("where the response is to power off", () => {
    it("passes when the VMs stop and restart elsewhere, and the host comes back by itself", async () => {
      const journal = await run();
      assert.deepEqual(bad(journal), []);
      assert.equal(journal.verdict, "passed");
      assert.deepEqual(world.posted, ["isolate esx-02", "rejoin esx-02"]);
      const [result] = journal.drills;
      assert.equal(result?.summary, "esx-02 was isolated (HA secondary), and all that was expected was seen");
      assert.equal(result.undo.done, true);
      const xp = result.vms.find(({ vm }) => vm === "xp-1");
      assert.deepEqual([xp?.affected, xp?.hostAfter], [true, "esx-01"]);
      // HA stopped it 30 s after it had declared the isolation: none of the downtime was detection.
      assert.equal(xp?.shares?.detectionSeconds, 0);
      assert.ok(Math.abs((xp.shares.restartSeconds ?? 0) - world.restart) <= 1);
    });

    it("budgets declaration, delay and restart by the role of the host, and by the settings", () => {
      assert.deepEqual(totals(plan()), [
        ["ubuntu-1", 30 + 30 + 5 + 15 + 120],
        ["xp-1", 30 + 30 + 5 + 15 + 120],
      ]);
      world.master = "esx-02";
      assert.deepEqual(totals(plan())[0], ["ubuntu-1", 50 + 5 + 15 + 120]);
      world.settings = { ...world.settings, haAdvancedOptions: { "fdm.isolationpolicydelaysec": "90" } };
      assert.deepEqual(totals(plan())[0], ["ubuntu-1", 5 + 90 + 5 + 15 + 120]);
      world.settings = { ...world.settings, haAdvancedOptions: { "fdm.isolationPolicyDelaySec": "5" } };
      assert.deepEqual(totals(plan())[0], ["ubuntu-1", 50 + 5 + 15 + 120], "never less than 30 s");
    });

    it("lets a guest that is asked to shut down take its time", () => {
      world.settings = { ...world.settings, haHostIsolationResponse: "shutdown" };
      assert.deepEqual(totals(plan())[0], ["ubuntu-1", 30 + 30 + 300 + 5 + 15 + 120]);
      world.settings = { ...world.settings, haAdvancedOptions: { "das.isolationShutdownTimeout": "60" } };
      assert.deepEqual(totals(plan())[0], ["ubuntu-1", 30 + 30 + 60 + 5 + 15 + 120]);
    });

    it("has the host end the isolation only after everything could be seen", () => {
      const { fault, budgets } = plan();
      assert.ok(fault.kind === "host-isolation");
      assert.deepEqual(fault.adapters, ["vmk0"]);
      assert.ok(fault.undoSeconds > Math.max(...budgets.map(({ total }) => total)) + 30);
    });

    it("fails when a VM is not stopped", async () => {
      world.responds = (vm) => vm !== "xp-1";
      const failed = bad(await run());
      assert.match(failed.join("\n"), /^failed vm-runs-until:xp-1: it went on answering$/m);
      assert.match(failed.join("\n"), /^failed vm-restarted:xp-1: vCenter reported no restart$/m);
    });

    it("fails when a VM loses its network with the host", async () => {
      world.beforePowerOff = () => world.later(1, () => (world.vmNamed("xp-1").answers = false));
      const failed = bad(await run());
      assert.match(
        failed.join("\n"),
        /^failed vm-runs-until:xp-1: stopped 0\.0 to 1\.0 s after the fault; expected not before 45\.0 s$/m,
      );
    });

    it("fails when a stopped VM is not restarted, with the numbers", async () => {
      world.restarts = (vm) => vm !== "ubuntu-1";
      const journal = await run();
      assert.equal(exitCode(journal), 1);
      assert.match(bad(journal).join("\n"), /^failed vm-answers:ubuntu-1: still down \d+\.\d s after the fault$/m);
    });

    it("fails when HA reports the isolation late, or not at all, or as a partition", async () => {
      world.isolationReported = 50;
      assert.match(
        bad(await run()).join("\n"),
        /^failed host-isolated: reported isolated 45\.0 to 50\.0 s .*expected 35/m,
      );
      world.isolationReported = 30;
      world.isolationEvent = "SomethingElse";
      assert.match(bad(await run()).join("\n"), /^failed host-isolated: vCenter did not report it as isolated$/m);
      world.isolationEvent = "com.vmware.vc.HA.HostPartitionedFromMasterEvent";
      assert.match(bad(await run()).join("\n"), /^failed host-isolated: vCenter reported it as partitioned: /m);
    });
  });

  describe("where the response is none", () => {
    beforeEach(() => {
      world.settings = { ...world.settings, haHostIsolationResponse: "none" };
    });

    it("passes when no VM notices", async () => {
      const journal = await run();
      assert.deepEqual(bad(journal), []);
      assert.equal(journal.verdict, "passed");
      assert.ok(journal.drills[0]?.vms.every(({ affected }) => !affected));
    });

    it("expects of each VM on the host that it stays, and of all that they do not notice", () => {
      assert.deepEqual(idsOf(plan()), [
        "observed",
        "host-isolated",
        "vm-not-restarted:ubuntu-1",
        "vm-not-restarted:xp-1",
        "vm-undisturbed:ubuntu-1",
        "vm-undisturbed:ubuntu-2",
        "vm-undisturbed:xp-1",
        "vm-undisturbed:xp-2",
      ]);
    });

    it("watches for as long as a response would take, and longer", () => {
      assert.equal(plan().holdSeconds, 30 + 30 + 5 + 30);
    });

    it("fails, and is stopped, when a VM is stopped all the same", async () => {
      world.responds = (vm) => vm === "ubuntu-1";
      assert.match(
        harm(await run()).join("\n"),
        /^vm-undisturbed:ubuntu-1: down for .*\nnot-stopped: ubuntu-1 went down/,
      );
    });

    it("does what a VM's override says", async () => {
      world.isolationResponses = { "xp-1": "powerOff" };
      const ids = idsOf(plan());
      assert.ok(ids.includes("vm-answers:xp-1") && ids.includes("vm-undisturbed:ubuntu-1"));
      assert.ok(!ids.includes("vm-undisturbed:xp-1"));
      assert.deepEqual(bad(await run()), []);
    });
  });

  it("expects no response where the restart priority is disabled", () => {
    world.overrides = { "xp-1": "disabled" };
    world.vms.push({ ...world.vm("xp-3", "windowsxp", "esx-02") });
    const ids = idsOf(plan());
    assert.ok(ids.includes("vm-not-restarted:xp-1") && ids.includes("vm-undisturbed:xp-1"));
    assert.ok(ids.includes("vm-answers:xp-3"));
  });

  describe("undoes itself", () => {
    it("by the host, which is told before it is cut off and after the journal knows", async () => {
      let seen: Journal | undefined;
      world.beforePowerOff = () => {
        seen = JSON.parse(readFileSync(path(), "utf8")) as Journal;
        assert.match(
          world.shell("esx-02").waiting ?? "",
          /sleep \d+; \(esxcli network ip interface set -e true -i vmk0/,
        );
      };
      await run();
      assert.equal(seen?.drills[0]?.undo.done, false);
      assert.deepEqual(seen.drills[0].undo.fault, plan().fault);
      assert.match(seen.drills[0].undo.description, /^wait until esx-02 enables vmk0 by itself, \d+ s after the fault/);
    });

    it("with recover after its process was killed", async () => {
      const file = new JournalFile(path(), beginJournal(world.config(), world.vcenter.about, "0", drill));
      const parts = world.parts({ drill });
      const dies: typeof parts = {
        ...parts,
        fault: (record) => ({ ...parts.fault(record), restore: () => Promise.reject(new Error("killed")) }),
      };
      await drillHosts(dies, { hosts: ["esx-02"], file, report: () => Promise.resolve() });
      assert.deepEqual(world.posted, ["isolate esx-02"]);
      await recoverRun(world.parts(), new JournalFile(path(), readJournal(path())));
      assert.deepEqual(world.posted, ["isolate esx-02", "rejoin esx-02"]);
      assert.equal(readJournal(path()).drills[0]?.undo.done, true);
    });

    it("or says that the host did not, and how to do it by hand", async () => {
      world.shell("esx-02").enables = false;
      const journal = await run();
      assert.equal(exitCode(journal), 2);
      assert.match(
        journal.error ?? "",
        /esx-02 could not be put back: SSH did not answer in time\n.*enable it at its console/,
      );
      assert.equal(journal.drills[0]?.undo.done, false);
    });

    it("and breaks nothing when the host does not keep the command", async () => {
      world.shell("esx-02").keeps = false;
      const journal = await run();
      assert.match(
        journal.error ?? "",
        /esx-02 does not keep the command that would end its isolation; nothing was broken/,
      );
      assert.deepEqual(world.posted, []);
      assert.equal(exitCode(journal), 2);
      assert.equal(journal.drills[0]?.undo.done, true);
    });

    it("and says so when the host refuses to be cut off", async () => {
      world.shell("esx-02").cutAnswer = { code: 1, stdout: "Permission denied\n", stderr: "" };
      const journal = await run();
      assert.match(journal.error ?? "", /esx-02 did not disable vmk0: Permission denied/);
      assert.deepEqual(world.posted, []);
    });
  });

  it("takes nothing from a journal into a shell but names of adapters and a time", () => {
    const record = { kind: "host-isolation" as const, host: "esx-02", adapters: ["vmk0"], undoSeconds: 300 };
    world.fault(record);
    for (const bad of [
      { adapters: ["vmk0; reboot"] },
      { adapters: [] },
      { undoSeconds: 0 },
      { undoSeconds: Number.NaN },
    ]) {
      assert.throws(() => world.fault({ ...record, ...bad }), /names no VMkernel adapters, or no time/);
    }
  });

  describe("refuses before anything is touched when", () => {
    it("the adapter is disabled already, or is not there", async () => {
      world.shell("esx-02").adapters.set("vmk0", false);
      assert.match((await run()).error ?? "", /vmk0 of esx-02 is disabled; enable it first/);
      world.shell("esx-02").adapters.delete("vmk0");
      assert.match((await run()).error ?? "", /esx-02 has no VMkernel adapter vmk0/);
      assert.deepEqual(world.posted, []);
    });

    it("the host still waits to undo an earlier isolation", async () => {
      world.shell("esx-02").waiting = "sh -c : vsphere-ha-undo; sleep 300";
      assert.match((await run()).error ?? "", /esx-02 still waits to undo an earlier isolation/);
    });

    const refused: [string, RegExp, (inventory: Inventory, config: VerificationConfig) => void][] = [
      [
        "SSH of the host is not configured",
        /^host esx-02 has no SSH in the configuration; .* set hosts\[\]\.ssh$/,
        (_, config) => {
          for (const host of config.hosts) host.ssh = undefined;
        },
      ],
      [
        "the VMs' storage goes over the adapter that it cuts",
        /^esx-02 mounts NFS datastore datastore-1 from 10\.0\.0\.5 over vmk0, which this drill cuts: ubuntu-1, xp-1 would lose/,
        ({ hosts, datastores: [first] }) => {
          for (const host of hosts) host.routes = [{ network: "10.0.0.0", prefixLength: 24, adapter: "vmk0" }];
          if (first !== undefined) first.nfs = { servers: ["10.0.0.5"], boundAdapters: {} };
        },
      ],
      ["HA is off", /vSphere HA is off/, ({ cluster }) => (cluster.settings.haEnabled = false)],
      [
        "vCenter does not tell the management adapters",
        /does not tell which adapters of esx-02/,
        ({ hosts }) => {
          for (const host of hosts) host.management = undefined;
        },
      ],
      [
        "heartbeats go over vSAN",
        /go over the vSAN network/,
        ({ datastores }) => {
          for (const datastore of datastores) datastore.type = "vsan";
        },
      ],
      [
        "there are no heartbeat datastores",
        /taken for a dead one/,
        ({ cluster }) => {
          cluster.settings.haHeartbeatDatastorePolicy = "userSelectedDs";
          cluster.settings.haHeartbeatDatastoreIds = [];
        },
      ],
      [
        "vCenter does not tell the response",
        /isolation response of ubuntu-1, xp-1/,
        ({ cluster }) => (cluster.settings.haHostIsolationResponse = "clusterIsolationResponse"),
      ],
      [
        "what is stopped has no room elsewhere",
        /cannot do without esx-02: .* no other host has free/,
        ({ vms }) => {
          for (const vm of vms) vm.memoryReservationMb = 16_000;
        },
      ],
      [
        "somebody else's VM runs there",
        /stranger on esx-02 is not of the target/,
        ({ vms }) => {
          const [vm] = vms;
          if (vm !== undefined) vms.push({ ...vm, id: "stranger", name: "stranger", hostId: "esx-02" });
        },
      ],
    ];
    for (const [name, text, change] of refused) {
      it(name, () => {
        const { refusals } = plan("esx-02", change);
        assert.match(refusals.join("\n"), text);
        assert.equal(refusals.length, 1, refusals.join("\n"));
      });
    }

    it("nothing is wrong: never", () => {
      assert.deepEqual(plan().refusals, []);
    });
  });
});
