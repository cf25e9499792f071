import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { VerificationConfig } from "../../../../verification/config";
import { beginJournal } from "../../../../verification/drills/beginJournal";
import type { DrillPlan } from "../../../../verification/drills/plan";
import { drillHosts, exitCode, recoverRun } from "../../../../verification/drills/run";
import { planApd, planPdl } from "../../../../verification/drills/storagePlan";
import { JournalFile, readJournal } from "../../../../verification/journal";
import type { Inventory, Journal } from "../../../../verification/model";
import { headline } from "../../../../verification/report/headline";
import { bad, harm } from "./missed";
import { World } from "./world";

type Loss = "apd" | "pdl";

describe("drills on lost storage", () => {
  let dir: string;
  let world: World;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "drill-"));
    world = new World();
    world.datastores = [
      { id: "datastore-1", type: "VMFS", devices: ["naa.1"] },
      { id: "datastore-2", type: "NFS", devices: [] },
    ];
    world.settings = {
      ...world.settings,
      haVmComponentProtection: "enabled",
      haDatastorePdlResponse: "restartAggressive",
      haDatastoreApdResponse: "restartConservative",
      haDatastoreApdResponseDelay: 180,
      haDatastoreApdRecoveryAction: "none",
    };
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  const path = (): string => join(dir, "journal.json");

  function run(drill: Loss, hosts = ["esx-02"]): Promise<Journal> {
    const file = new JournalFile(path(), beginJournal(world.config(), world.vcenter.about, "0", drill));
    return drillHosts(world.parts({ drill }), { hosts, file, report: () => Promise.resolve() });
  }

  function plan(
    loss: Loss,
    change: (inventory: Inventory, config: VerificationConfig) => void = () => undefined,
  ): DrillPlan {
    const [inventory, config] = [world.inventory(), world.config()];
    change(inventory, config);
    const planner = loss === "apd" ? planApd : planPdl;
    const planned = planner(inventory, config, "esx-02", { includeBystanders: false, keepUp: [] });
    assert.ok("host" in planned, planned.refusals.join());
    return planned;
  }

  const idsOf = ({ expected }: DrillPlan): string[] => expected.map(({ id }) => id);
  const totals = ({ budgets }: DrillPlan): (string | number)[][] => budgets.map(({ vm, total }) => [vm.name, total]);

  for (const loss of ["apd", "pdl"] as const) {
    describe(`that ends in ${loss.toUpperCase()}`, () => {
      it("pass when the VMs are terminated and restart elsewhere, and the host has its storage back", async () => {
        const journal = await run(loss);
        assert.deepEqual(bad(journal), []);
        assert.equal(journal.verdict, "passed");
        assert.deepEqual(world.posted, [`esx-02: datastore-1 ${loss}`, "esx-02: datastore-1 back"]);
        const [result] = journal.drills;
        assert.equal(result?.summary, "esx-02 lost datastore-1 (HA secondary), and all that was expected was seen");
        assert.equal(result.undo.done, true);
        const xp = result.vms.find(({ vm }) => vm === "xp-1");
        assert.deepEqual([xp?.affected, xp?.hostAfter], [true, "esx-01"]);
      });

      it("know the instant of the fault to the time of a few commands: the login came before, and all logins end", async () => {
        const { timeline } = (await run(loss)).drills[0] ?? { timeline: [] };
        const [broken, confirmed] = timeline.filter(({ kind }) => kind === "fault").map(({ t }) => t);
        assert.ok(broken === 0 && confirmed !== undefined && confirmed > 0 && confirmed < 2, JSON.stringify(timeline));
        assert.equal(world.shell("esx-02").logins.size, 0);
      });

      it("fail when a VM is not terminated", async () => {
        world.terminates = (vm) => vm !== "xp-1";
        assert.deepEqual(
          bad(await run(loss)).filter((text) => /terminated|vm-restarted/.test(text)),
          [
            "failed vm-terminated:xp-1: vCenter reported no termination",
            "failed vm-restarted:xp-1: vCenter reported no restart",
          ],
        );
      });

      it("fail when a VM is terminated too late, with the numbers", async () => {
        world.termination = { apd: 345, pdl: 25 };
        const limit = { apd: "340\\.0", pdl: "20\\.0" }[loss];
        assert.match(
          bad(await run(loss)).join("\n"),
          new RegExp(`^failed vm-terminated:xp-1: .* expected ${limit} s$`, "m"),
        );
      });

      it("fail when a terminated VM does not restart", async () => {
        world.restarts = (vm) => vm !== "ubuntu-1";
        const journal = await run(loss);
        assert.equal(exitCode(journal), 1);
        assert.match(bad(journal).join("\n"), /^failed vm-answers:ubuntu-1: still down /m);
        assert.match(bad(journal).join("\n"), /^failed vm-elsewhere:ubuntu-1: still on esx-02$/m);
      });

      it("fail when nothing shows that there was a loss", async () => {
        world.storageReported = false;
        assert.deepEqual(bad(await run(loss)), ["failed storage-lost: vCenter reported none of this host"]);
      });

      it("fail when a VM elsewhere notices", async () => {
        world.later(60, () => (world.vmNamed("xp-2").answers = false));
        world.later(63, () => (world.vmNamed("xp-2").answers = true));
        assert.match(
          harm(await run(loss)).join("\n"),
          /^vm-undisturbed:xp-2: down for [^\n]*\nnot-stopped: xp-2 [^\n]*$/,
        );
      });

      it("leave alone what the settings leave alone, and fail when it is not", async () => {
        world.settings = { ...world.settings, haDatastorePdlResponse: "disabled", haDatastoreApdResponse: "warning" };
        assert.deepEqual(idsOf(plan(loss)), [
          "observed",
          "storage-lost",
          "vm-left-alone:ubuntu-1",
          "vm-left-alone:xp-1",
          "vm-undisturbed:ubuntu-2",
          "vm-undisturbed:xp-2",
        ]);
        world.terminates = () => false;
        assert.deepEqual(bad(await run(loss)), []);
        world.resetsOnClear = true;
        assert.match(bad(await run(loss)).join("\n"), /^failed vm-left-alone:ubuntu-1: HA reset it$/m);
        world.resetsOnClear = false;
        world.terminates = () => true;
        assert.match(bad(await run(loss)).join("\n"), /^failed vm-left-alone:xp-1: HA terminated it$/m);
      });

      it("do what a VM's own response says", () => {
        world.protections = { "xp-1": { [loss]: "disabled" } };
        assert.ok(idsOf(plan(loss)).includes("vm-left-alone:xp-1"));
        assert.deepEqual(
          totals(plan(loss)).map(([name]) => name),
          ["ubuntu-1"],
        );
        world.settings = { ...world.settings, haDatastorePdlResponse: "disabled", haDatastoreApdResponse: "disabled" };
        world.protections = { "xp-1": { [loss]: "restartAggressive" } };
        assert.deepEqual(
          totals(plan(loss)).map(([name]) => name),
          ["xp-1"],
        );
      });

      it("expect no restart without component protection, or where the restart priority is disabled", () => {
        world.overrides = { "xp-1": "disabled" };
        world.vms.push({ ...world.vm("xp-3", "windowsxp", "esx-02") });
        const text = (): string =>
          plan(loss)
            .expected.map(({ id, basis }) => `${id}: ${basis}`)
            .join("\n");
        assert.match(text(), /^vm-left-alone:xp-1: its restart priority is disabled$/m);
        world.settings = { ...world.settings, haVmComponentProtection: "disabled" };
        assert.match(text(), /^vm-left-alone:ubuntu-1: component protection is disabled$/m);
        assert.deepEqual(plan(loss).budgets, []);
      });

      it("have the undo in the journal before anything is broken, with the paths that the host has", async () => {
        let seen: Journal | undefined;
        world.beforeShell = (command) => {
          if (/state=off|injectError 0x25/.test(command)) seen ??= JSON.parse(readFileSync(path(), "utf8")) as Journal;
        };
        await run(loss);
        assert.deepEqual(seen?.drills[0]?.undo, {
          fault: {
            kind: loss,
            host: "esx-02",
            datastores: ["datastore-1"],
            devices: ["naa.1"],
            paths: ["vmhba64:C0:T0:L0", "vmhba65:C0:T0:L0"],
            rulesets: [],
          },
          description: "bring datastore-1 back at esx-02 (vmhba64:C0:T0:L0, vmhba65:C0:T0:L0)",
          done: false,
        });
      });

      it("are put back by recover after their process was killed", async () => {
        const file = new JournalFile(path(), beginJournal(world.config(), world.vcenter.about, "0", loss));
        const parts = world.parts({ drill: loss });
        const dies: typeof parts = {
          ...parts,
          fault: (record) => ({ ...parts.fault(record), restore: () => Promise.reject(new Error("killed")) }),
        };
        await drillHosts(dies, { hosts: ["esx-02"], file, report: () => Promise.resolve() });
        assert.deepEqual(world.posted, [`esx-02: datastore-1 ${loss}`]);
        await recoverRun(world.parts(), new JournalFile(path(), readJournal(path())));
        assert.deepEqual(world.posted, [`esx-02: datastore-1 ${loss}`, "esx-02: datastore-1 back"]);
        assert.equal(readJournal(path()).drills[0]?.undo.done, true);
      });

      it("end as not possible when the host does not lose its storage, with everything put back", async () => {
        world.shell("esx-02").storage.obeys = false;
        const journal = await run(loss);
        assert.equal(exitCode(journal), 2);
        assert.match(
          journal.error ?? "",
          /disk naa\.1 of esx-02 is on after 120 s, and not .*: the host does not take the disk for/,
        );
        assert.equal(journal.drills[0]?.undo.done, true);
      });

      it("refuse a host with a path that is off already", async () => {
        const path = world.shell("esx-02").storage.paths.get("vmhba65:C0:T0:L0");
        assert.ok(path !== undefined);
        path.state = "off";
        assert.match((await run(loss)).error ?? "", /path vmhba65:C0:T0:L0 of esx-02 is off; bring it back first/);
        assert.deepEqual(world.posted, []);
      });

      const refused: [string, RegExp, (inventory: Inventory, config: VerificationConfig) => void][] = [
        [
          "SSH of the host is not configured",
          /^host esx-02 has no SSH in the configuration/,
          (_, config) => {
            for (const host of config.hosts) host.ssh = undefined;
          },
        ],
        [
          "vCenter does not tell the response",
          /does not tell how ubuntu-1, xp-1 are protected/,
          ({ cluster }) => {
            delete cluster.settings.haDatastorePdlResponse;
            delete cluster.settings.haDatastoreApdResponse;
          },
        ],
        [
          "what is terminated has no room elsewhere",
          /nowhere else to run: .* no other host has free/,
          ({ vms }) => {
            for (const vm of vms) vm.memoryReservationMb = 16_000;
          },
        ],
        [
          "somebody else's VM is on that datastore there",
          /stranger on esx-02 is not of the target/,
          ({ vms }) => {
            const [vm] = vms;
            if (vm !== undefined) vms.push({ ...vm, id: "stranger", name: "stranger", hostId: "esx-02" });
          },
        ],
      ];
      for (const [name, text, change] of refused) {
        it(`refuse when ${name}`, () => {
          const { refusals } = plan(loss, change);
          assert.match(refusals.join("\n"), text);
          assert.equal(refusals.length, 1, refusals.join("\n"));
        });
      }

      it("refuse nothing when nothing is wrong, nor for a stranger on other storage", () => {
        const { refusals } = plan(loss, ({ vms }) => {
          const [vm] = vms;
          const other = { id: "stranger", name: "stranger", hostId: "esx-02", datastoreIds: ["datastore-2"] };
          if (vm !== undefined) vms.push({ ...vm, ...other });
        });
        assert.deepEqual(refusals, []);
      });
    });
  }

  it("take nothing from a journal into a shell but names of disks, paths and rule sets", () => {
    const names = { host: "esx-02", datastores: ["v"], devices: ["naa.1"], paths: ["vmhba1:C0:T0:L0"], rulesets: [] };
    world.fault({ kind: "pdl", ...names });
    world.fault({ kind: "apd", ...names, rulesets: ["nfsClient"] });
    assert.throws(() => world.fault({ kind: "pdl", ...names, devices: [] }), /names no disk/);
    assert.throws(() => world.fault({ kind: "apd", ...names, devices: [] }), /names no storage/);
    const evil = ["$(reboot)"];
    for (const kind of ["apd", "pdl"] as const) {
      assert.throws(() => world.fault({ kind, ...names, devices: evil }), /"\$\(reboot\)" is no disk of a host/);
      assert.throws(() => world.fault({ kind, ...names, paths: evil }), /is no path of a host/);
    }
    assert.throws(() => world.fault({ kind: "apd", ...names, rulesets: evil }), /is no rule set of a host/);
  });

  it("budget APD from its time-out and the delay, and PDL from nothing but allowances", () => {
    assert.deepEqual(totals(plan("apd"))[0], ["ubuntu-1", 140 + 180 + 20 + 15 + 120]);
    assert.deepEqual(totals(plan("pdl"))[0], ["ubuntu-1", 20 + 15 + 120]);
    world.settings = { ...world.settings, haDatastoreApdResponseDelay: 60 };
    world.protections = { "xp-1": { apdDelaySeconds: 0 } };
    assert.deepEqual(totals(plan("apd")), [
      ["ubuntu-1", 140 + 60 + 20 + 15 + 120],
      ["xp-1", 140 + 20 + 15 + 120],
    ]);
  });

  it("count APD from the time-out that the host has, and say so", async () => {
    world.apd = { handled: true, timeoutSeconds: 60 };
    assert.deepEqual(totals(plan("apd"))[0], ["ubuntu-1", 60 + 180 + 20 + 15 + 120]);
    const { statement, basis } = plan("apd").expected.find(({ id }) => id === "vm-terminated:xp-1") ?? {};
    assert.equal(statement, "HA terminates xp-1 within 260 s, and not before 235 s");
    assert.match(
      basis ?? "",
      /: 60 s until APD times out \(esx-02's Misc\.APDTimeout\), 180 s delay of the response; /,
    );
    assert.match(bad(await run("apd")).join("\n"), /^failed vm-terminated:xp-1: .* expected 260\.0 s$/m);
    world.termination = { apd: 245, pdl: 3 };
    assert.deepEqual(bad(await run("apd")), []);
  });

  it("take the time-out of the host that loses its storage, and of no other", () => {
    const { expected } = plan("apd", ({ hosts }) => {
      for (const host of hosts) if (host.name !== "esx-02") host.apd = { handled: false, timeoutSeconds: 20 };
    });
    assert.match(
      expected.find(({ id }) => id === "vm-terminated:xp-1")?.statement ?? "",
      /within 340 s, and not before 315 s/,
    );
  });

  it("refuse APD where the host does not handle it, or vCenter does not tell; PDL needs neither", async () => {
    world.apd = { handled: false, timeoutSeconds: 140 };
    const off =
      /^ {2}esx-02 does not handle APD: it retries without end, .*; set its advanced setting Misc\.APDHandlingEnable to 1$/m;
    assert.match((await run("apd")).error ?? "", off);
    assert.deepEqual(world.posted, []);
    assert.deepEqual(plan("pdl").refusals, []);
    world.apd = undefined;
    const untold = [
      "vCenter does not tell how esx-02 handles APD (advanced settings Misc.APDHandlingEnable and Misc.APDTimeout)",
    ];
    assert.deepEqual(plan("apd").refusals, untold);
    assert.deepEqual(plan("pdl").refusals, []);
  });

  it("pass when PDL ends a VM before the host is seen to have lost its disk", async () => {
    world.termination = { apd: 325, pdl: 0 };
    assert.deepEqual(bad(await run("pdl")), []);
  });

  it("fail when APD ends a VM before its delay is over", async () => {
    world.termination = { apd: 200, pdl: 3 };
    assert.match(
      bad(await run("apd")).join("\n"),
      /^failed vm-terminated:xp-1: terminated 199\.\d to 200\.\d s after the fault; expected not before 315\.0 s$/m,
    );
  });

  it("take all NFS datastores of a host away at once, by its firewall", async () => {
    world.datastores = ["datastore-1", "datastore-2"].map((id) => ({ id, type: "NFS", devices: [] }));
    const journal = await run("apd");
    assert.deepEqual(bad(journal), []);
    assert.deepEqual(world.posted, [
      "esx-02: datastore-1 apd",
      "esx-02: datastore-2 apd",
      "esx-02: datastore-1 back",
      "esx-02: datastore-2 back",
    ]);
    assert.match(journal.drills[0]?.undo.description ?? "", /\(firewall rule set nfsClient\)$/);
  });

  it("refuse NFS whose rule set is disabled, or is not there", async () => {
    world.datastores = ["datastore-1", "datastore-2"].map((id) => ({ id, type: "NFS", devices: [] }));
    const { rulesets } = world.shell("esx-02").storage;
    rulesets.set("nfsClient", false);
    assert.match((await run("apd")).error ?? "", /rule set nfsClient of esx-02's firewall is disabled/);
    rulesets.delete("nfsClient");
    assert.match((await run("apd")).error ?? "", /the firewall of esx-02 has no rule set nfsClient/);
    assert.ok(world.shell("esx-02").asked.every((command) => !command.includes(" set ")));
  });

  it("refuse a host that takes the injected error for something else than a lost device", async () => {
    world.shell("esx-02").storage.takesErrorsFor = "apd";
    const journal = await run("pdl");
    assert.match(journal.error ?? "", /disk naa\.1 of esx-02 is dead after 120 s, and not not connected/);
    assert.equal(journal.drills[0]?.undo.done, true);
    assert.deepEqual(world.posted, ["esx-02: datastore-1 apd", "esx-02: datastore-1 back"]);
  });

  describe("where no VM is on VMFS", () => {
    beforeEach(() => {
      world.datastores = ["datastore-1", "datastore-2"].map((id) => ({ id, type: "NFS", devices: [] }));
    });

    it("PDL is not applicable, which is no pass", async () => {
      const journal = await run("pdl", ["esx-02", "esx-03"]);
      assert.deepEqual(
        journal.drills.map(({ host, verdict, undo }) => [host, verdict, undo.done]),
        [
          ["esx-02", "not-applicable", true],
          ["esx-03", "not-applicable", true],
        ],
      );
      assert.equal(journal.verdict, "not-applicable");
      assert.equal(exitCode(journal), 2);
      assert.deepEqual(world.posted, []);
      assert.equal(world.lockReleased, true);
      assert.match(headline(journal), /^Not applicable to esx-02: no VM of the target is on a shared VMFS datastore/);
      assert.deepEqual(readJournal(path()).drills.length, 2);
    });
  });
});
