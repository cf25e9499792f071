import assert from "node:assert/strict";
import { createServer, type AddressInfo, type Server } from "node:net";
import { once } from "node:events";
import { getPriority, networkInterfaces, setPriority } from "node:os";
import type { VerificationConfig } from "../../../../verification/config";
import type { DrillPlan } from "../../../../verification/drills/plan";
import type { DrillParts } from "../../../../verification/drills/parts";
import { planHostLoss } from "../../../../verification/drills/hostLossPlan";
import { realParts, type DrillRequest } from "../../../../verification/drills/realParts";
import type { Fault, FaultRecord } from "../../../../verification/faults/fault";
import type { Cloud } from "../../../../verification/openstack/cloud";
import { CouldNotRun } from "../../../../verification/problems";
import { scene } from "../checks/fixture";
import { ServedBmc } from "../faults/servedBmc";
import { cloud as openstack, instance, state } from "../openstack/fixture";
import { World } from "./world";

describe("what a drill acts through", () => {
  const priority = getPriority();
  let world: World;
  let bmcs: ServedBmc[];
  let guest: Server;
  const signal = new AbortController().signal;

  beforeEach(async () => {
    world = new World();
    bmcs = [await ServedBmc.start(), await ServedBmc.start()];
    guest = createServer((socket) => socket.destroy());
    guest.listen(0, "127.0.0.1");
    await once(guest, "listening");
  });
  afterEach(() => {
    for (const bmc of bmcs) bmc.stop();
    guest.close();
    setPriority(priority);
  });

  const bmc = (n: number): ServedBmc => bmcs[n] ?? assert.fail();

  /** The world's, with real controllers for two of its hosts and a real service for all its VMs. */
  function config(): VerificationConfig {
    const given = world.config();
    const { port } = guest.address() as AddressInfo;
    return {
      ...given,
      timeScale: 100,
      vcenter: { ...given.vcenter, server: "127.0.0.1:443" },
      hosts: given.hosts.map((host, n) => {
        const served = bmcs[n];
        const controller = served && { ...served.document, systemId: undefined, thumbprint: undefined };
        return { ...host, ssh: undefined, bmc: controller };
      }),
      vms: given.vms.map((vm) => ({ ...vm, address: "127.0.0.1", probe: { port } })),
    };
  }

  function parts(changes: Partial<DrillRequest> = {}, cloud?: Cloud): Promise<DrillParts> {
    const request: DrillRequest = {
      config: config(),
      env: { BMC_PASSWORD: bmc(0).password, VSPHERE_HA_GUEST_PASSWORD: "secret" },
      includeBystanders: false,
      progress: () => undefined,
      signal,
      hurried: signal,
      ...changes,
    };
    return realParts(request, world.vcenter, cloud);
  }

  async function withFault(record: FaultRecord, work: (fault: Fault) => Promise<void>): Promise<void> {
    const fault = (await parts()).fault(record);
    try {
      await work(fault);
    } finally {
      await fault.close?.();
    }
  }

  it("cuts the power of the host that is named, through its own management controller", async () => {
    await withFault({ kind: "host-power", host: "esx-02" }, async (fault) => {
      await fault.check();
      await fault.inject();
      assert.deepEqual([bmc(0).posted, bmc(1).posted], [[], ["ForceOff"]]);
      await fault.restore();
      assert.deepEqual([bmc(0).posted, bmc(1).posted], [[], ["ForceOff", "On"]]);
    });
  });

  it("cuts the power of the second host by that one's, when it is told to go on", async () => {
    await withFault({ kind: "second-failure", host: "esx-02", second: "esx-01" }, async (fault) => {
      await fault.inject();
      assert.deepEqual([bmc(0).posted, bmc(1).posted], [[], ["ForceOff"]]);
      await fault.escalate?.();
      assert.deepEqual(bmc(0).posted, ["ForceOff"]);
      await fault.restore();
      assert.deepEqual([bmc(0).powerState, bmc(1).powerState], ["On", "On"]);
    });
  });

  it("asks vCenter for maintenance mode", async () => {
    await withFault({ kind: "maintenance-mode", host: "esx-02" }, async (fault) => {
      await fault.inject();
      await fault.restore();
      assert.deepEqual(world.posted, ["enter esx-02", "exit esx-02"]);
    });
  });

  describe("says what the configuration lacks", () => {
    const storage = { host: "esx-01", datastores: ["a"], devices: [], paths: [], rulesets: [] };
    const isolation = { kind: "host-isolation" as const, adapters: ["vmk0"], undoSeconds: 60 };
    const cases: [FaultRecord, RegExp][] = [
      [{ kind: "host-power", host: "esx-03" }, /esx-03.*bmc/],
      [{ kind: "host-power", host: "esx-99" }, /esx-99.*bmc/],
      [{ kind: "second-failure", host: "esx-01", second: "esx-99" }, /esx-99.*bmc/],
      [{ kind: "host-loss-vcenter-down", host: "esx-03" }, /esx-03.*bmc/],
      [{ ...isolation, host: "esx-01" }, /host esx-01 has no SSH in the configuration/],
      [{ kind: "apd", ...storage }, /host esx-01 has no SSH in the configuration/],
      [{ kind: "pdl", ...storage }, /host esx-01 has no SSH in the configuration/],
      [
        { kind: "guest-hang", host: "esx-01", vm: "xp-9" },
        /^VM xp-9 is not in the configuration; give the one of that run$/,
      ],
    ];
    for (const [record, message] of cases) {
      it(`for ${JSON.stringify(record)}`, async () => {
        const { fault } = await parts();
        assert.throws(
          () => fault(record),
          (error) => {
            assert.ok(error instanceof CouldNotRun, String(error));
            assert.match(error.message, message);
            return true;
          },
        );
      });
    }

    it("for a guest whose password is not set", async () => {
      const { guestAccount, fault } = await parts({ env: {} });
      const missing =
        /^CouldNotRun: VSPHERE_HA_GUEST_PASSWORD is not set; export the password of root in the guests in it$/;
      assert.throws(() => guestAccount("ubuntu"), missing);
      assert.throws(() => fault({ kind: "guest-hang", host: "esx-02", vm: "ubuntu-1" }), missing);
    });
  });

  it("logs in to guests with the account of their operating system", async () => {
    const { guestAccount } = await parts();
    assert.deepEqual(guestAccount("windowsxp"), { user: "Administrator", password: "secret" });
  });

  describe("makes a guest hang", () => {
    const record = { kind: "guest-hang" as const, host: "esx-02", vm: "xp-1" };

    it("by the program of its operating system, and sees that its service is silent", async () => {
      world.guests.beforeStart = () => guest.close();
      await withFault(record, (fault) => fault.inject());
      assert.deepEqual(
        world.guests.programs.map(({ vm, command }) => [vm, command]),
        [["xp-1", "C:\\notmyfault\\notmyfaultc.exe hang 1"]],
      );
    });

    it("which is well while its service answers", async () => {
      await withFault(record, async (fault) => {
        await fault.restore();
        assert.deepEqual(world.posted, [], "no reset is needed");
      });
    });
  });

  it("probes in a thread of its own, at the interval of the configuration", async () => {
    const { prober } = await parts();
    const { port } = guest.address() as AddressInfo;
    const probes = await prober([{ vm: "xp-1", address: "127.0.0.1", port }]);
    probes.start();
    // On a busy machine the first may be late, which counts as lost.
    while (probes.last("xp-1")?.outcome !== "up") await new Promise((done) => setTimeout(done, 5));
    await probes.stop();
  });

  it("runs the checks of the steady state, with probes of its own", async () => {
    const { checks } = await parts();
    const reachable = async (): Promise<string | undefined> =>
      (await checks(world.inventory())).find(({ id }) => id === "vms-reachable")?.verdict;
    assert.equal(await reachable(), "passed");
    guest.close();
    assert.equal(await reachable(), "failed");
    assert.ok((await checks(world.inventory())).every(({ id }) => !id.startsWith("openstack-")));
  });

  it("keeps up vCenter and this machine, by every address that they have", async () => {
    const own = Object.values(networkInterfaces()).flatMap((addresses) =>
      (addresses ?? []).filter(({ internal }) => !internal).map(({ address }) => address),
    );
    const { vcenter } = world.config();
    const keepUp = async (server: string): Promise<readonly string[]> =>
      (await parts({ config: { ...config(), vcenter: { ...vcenter, server } } })).keepUp;
    assert.deepEqual(await keepUp("127.0.0.1:443"), ["127.0.0.1", ...own]);
    assert.deepEqual(await keepUp("[::1]:443"), ["::1", ...own]);
    assert.ok((await keepUp("localhost:443")).includes("127.0.0.1"));
    assert.deepEqual(await keepUp("vcenter.invalid:443"), own);
  });

  it("looks up what hosts mount NFS from by name, for the drill that asks how", async () => {
    const servers = ["localhost", "nas.invalid", "192.0.2.5"];
    const own = world.inventory();
    for (const datastore of own.datastores) datastore.nfs = { servers, boundAdapters: {} };
    world.inventory = () => own;
    const { addresses } = await parts({ drill: "host-isolation" });
    assert.deepEqual([...(addresses?.keys() ?? [])], ["localhost"]);
    assert.ok(addresses?.get("localhost")?.includes("127.0.0.1"));
    assert.equal((await parts({ drill: "apd" })).addresses, undefined);
  });

  it("tells the time of the system clock, which events are told by", async () => {
    const before = Date.now();
    const told = (await parts()).systemTime();
    assert.ok(before <= told && told <= Date.now());
  });

  it("takes a drill without a name for a host's loss", async () => {
    assert.equal((await parts()).drill, "host-loss");
    assert.equal((await parts({ drill: "apd" })).drill, "apd");
  });

  describe("with OpenStack", () => {
    let looks = 0;
    function cloud(): Cloud {
      const { instances, hypervisors, provider } = state();
      assert.ok("value" in hypervisors && "value" in provider && "value" in instances);
      const [known, capacity] = [hypervisors.value, provider.value];
      looks = 0;
      return {
        openstack: {
          cloud: "keystone",
          hypervisors: () => Promise.resolve(known),
          provider: () => Promise.resolve(capacity),
          instances: () => {
            looks++;
            return Promise.resolve([instance()]);
          },
        } as unknown as Cloud["openstack"],
        node: undefined,
        state: () => Promise.resolve(state()),
        close: () => Promise.resolve(),
      };
    }
    function plan(): DrillPlan {
      const planned = planHostLoss(world.inventory(), config(), "esx-02", { includeBystanders: false, keepUp: [] });
      return "host" in planned ? planned : assert.fail();
    }
    const withCloud = async (): Promise<DrillParts> =>
      parts({ config: { ...config(), openstack: openstack() } }, cloud());

    it("watches it where hosts are lost, and leaves it alone elsewhere", async () => {
      const { companion } = await withCloud();
      for (const drill of ["host-loss", "maintenance-mode", "nova-compute-down"] as const) {
        assert.ok(companion?.(drill, signal) !== undefined, drill);
      }
      for (const drill of ["apd", "guest-hang", "host-isolation"] as const) {
        assert.equal(companion?.(drill, signal), undefined, drill);
      }
      assert.equal((await parts()).companion, undefined);
    });

    it("looks at it every second until the watch is over", async () => {
      const { companion } = await withCloud();
      const watch = companion?.("host-loss", signal) ?? assert.fail();
      const timers = globalThis.setInterval;
      let tick = (): void => assert.fail("no interval");
      let every: number | undefined;
      const faked = (act: () => void, ms?: number): NodeJS.Timeout => {
        [tick, every] = [act, ms];
        return timers(() => undefined, 1e9);
      };
      globalThis.setInterval = faked;
      try {
        await watch.begin(plan());
      } finally {
        globalThis.setInterval = timers;
      }
      assert.deepEqual([looks, every], [1, 1000]);
      tick();
      assert.equal(looks, 2);
      watch.stop();
    });

    it("ends that watch with the drill", async () => {
      const { companion } = await withCloud();
      const watch = companion?.("host-loss", signal) ?? assert.fail();
      await watch.begin(plan());
      const ends: unknown[] = [];
      const clear = globalThis.clearInterval;
      globalThis.clearInterval = (timer) => {
        ends.push(timer);
        clear(timer);
      };
      try {
        watch.stop();
      } finally {
        globalThis.clearInterval = clear;
      }
      assert.equal(ends.length, 1);
    });

    it("judges it in the steady state, and reads it only where all else is in order", async () => {
      const { inventory, config: ofScene } = scene();
      const { port } = guest.address() as AddressInfo;
      const vms = ofScene.vms.map((vm) => ({ ...vm, address: "127.0.0.1", probe: { port } }));
      let reads = 0;
      const counted: Cloud = {
        ...cloud(),
        state: () => {
          reads++;
          return Promise.resolve(state());
        },
      };
      const { checks } = await parts({ config: { ...ofScene, vms, openstack: openstack() } }, counted);
      const verdict = async (): Promise<string | undefined> =>
        (await checks(inventory)).find(({ id }) => id === "openstack-compute-service")?.verdict;
      assert.deepEqual([await verdict(), reads], ["passed", 1]);
      guest.close();
      assert.deepEqual([await verdict(), reads], ["inconclusive", 1], "told as not read, and not left out");
    });
  });
});
