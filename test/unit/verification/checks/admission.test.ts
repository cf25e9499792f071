import assert from "node:assert/strict";
import fc from "fast-check";
import { advancedNumber, hostSlots, slotSize, survivors, unplaced } from "../../../../verification/checks/capacity";
import type { Finding, SettingValue } from "../../../../verification/model";
import { hostOf, look, resultOf, scene, vmOf, type Scene } from "./fixture";

async function findingsOf(change: (broken: Scene) => void): Promise<Finding[]> {
  const broken = scene();
  change(broken);
  return resultOf(await look(broken), "ha-admission-control-satisfied").findings;
}

function policy(broken: Scene, settings: Record<string, SettingValue>): void {
  Object.assign(broken.inventory.cluster.settings, settings);
}

describe("admission control by percentage", () => {
  it("passes when the stated share covers the largest host and is free", async () => {
    const findings = await findingsOf((good) => {
      policy(good, { haAdmissionControlResourcePercentageCpu: 34, haAdmissionControlResourcePercentageMemory: 34 });
    });
    assert.deepEqual(findings, []);
  });

  it("fails when the stated share is less than the largest host", async () => {
    const findings = await findingsOf((broken) => {
      policy(broken, { haAdmissionControlResourcePercentageCpu: 33, haAdmissionControlResourcePercentageMemory: 34 });
    });
    assert.deepEqual(findings, [{ subject: "CPU", read: "33 % set aside", expected: "at least 33.3 % for 1 host" }]);
  });

  it("fails when less than the stated share is free", async () => {
    const findings = await findingsOf((broken) => {
      policy(broken, { haAdmissionControlResourcePercentageCpu: 34, haAdmissionControlResourcePercentageMemory: 90 });
      vmOf(broken, "ubuntu-1").memoryReservationMb = 9_830;
    });
    assert.deepEqual(findings, [{ subject: "memory", read: "89.9 % free", expected: "at least 90 %, the set share" }]);
  });
});

describe("admission control at its edges", () => {
  it("passes when what is reserved is just what remains", async () => {
    const findings = await findingsOf((good) => {
      vmOf(good, "ubuntu-1").memoryReservationMb = 32_718;
      vmOf(good, "xp-1").memoryReservationMb = 32_718;
    });
    assert.deepEqual(findings, []);
  });

  it("passes when the stated share is just the largest host's, and just free", async () => {
    const findings = await findingsOf((good) => {
      policy(good, { haAdmissionControlResourcePercentageCpu: 50, haAdmissionControlResourcePercentageMemory: 50 });
      good.inventory.hosts.pop();
      vmOf(good, "ubuntu-1").memoryReservationMb = 32_768 - 100;
      vmOf(good, "xp-1").powerState = "poweredOff";
      vmOf(good, "ubuntu-1").memoryOverheadMb = 100;
    });
    assert.deepEqual(findings, []);
  });

  it("passes with just one slot a VM", async () => {
    const findings = await findingsOf((good) => {
      policy(good, {
        haAdmissionControlPolicy: "slotPolicy",
        haAdmissionControlSlotPolicyExplicitCpu: 20_000,
        haAdmissionControlSlotPolicyExplicitMemory: 100,
      });
    });
    assert.deepEqual(findings, []);
  });

  it("loses the largest host even when a VM fits on no other", async () => {
    const findings = await findingsOf((broken) => {
      hostOf(broken, 3).memoryMb = 65_536;
      vmOf(broken, "xp-1").memoryReservationMb = 40_000;
    });
    assert.deepEqual(
      findings.map(({ subject }) => subject),
      ["xp-1"],
    );
  });

  it("goes by the declared number of failures, then by the set one, then by one", async () => {
    const name = "haAdmissionControlHostFailureTolerance";
    const lost = async (declared: number | undefined, set: number | undefined): Promise<string> => {
      const changed = scene();
      changed.config.cluster.declared = declared === undefined ? {} : { [name]: declared };
      const { settings } = changed.inventory.cluster;
      if (set === undefined) delete settings[name];
      else settings[name] = set;
      return resultOf(await look(changed), "ha-admission-control-satisfied").read.slice(0, 29);
    };
    assert.equal(await lost(2, 1), "after losing 2 of 3 hosts: CP");
    assert.equal(await lost(undefined, 2), "after losing 2 of 3 hosts: CP");
    assert.equal(await lost(undefined, undefined), "after losing 1 of 3 hosts: CP");
  });

  it("is inconclusive where a host's CPU is not told, and says so", async () => {
    const broken = scene();
    hostOf(broken, 3).cpuMhz = 0;
    const { verdict, read } = resultOf(await look(broken), "ha-admission-control-satisfied");
    assert.deepEqual([verdict, read], ["inconclusive", "sizes of hosts are missing"]);
  });
});

describe("admission control by slots", () => {
  it("passes with a slot for each VM after the loss", async () => {
    assert.deepEqual(
      await findingsOf((good) => {
        policy(good, { haAdmissionControlPolicy: "slotPolicy" });
      }),
      [],
    );
  });

  it("fails when the slots of the remaining hosts are too few", async () => {
    const findings = await findingsOf((broken) => {
      policy(broken, {
        haAdmissionControlPolicy: "slotPolicy",
        haAdmissionControlSlotPolicyExplicitCpu: 1000,
        haAdmissionControlSlotPolicyExplicitMemory: 20_000,
      });
      hostOf(broken, 1).memoryMb = 19_999;
      hostOf(broken, 2).memoryMb = 60_000;
    });
    assert.deepEqual(findings, [{ subject: "slots", read: "1 left", expected: "2, one a VM" }]);
  });

  it("takes the largest demand as the slot", () => {
    const demands = [
      { vm: "a", cpuMhz: 32, memoryMb: 900 },
      { vm: "b", cpuMhz: 500, memoryMb: 60 },
    ];
    assert.deepEqual(slotSize({}, demands), { cpuMhz: 500, memoryMb: 900 });
    for (const half of ["haAdmissionControlSlotPolicyExplicitCpu", "haAdmissionControlSlotPolicyExplicitMemory"]) {
      assert.deepEqual(slotSize({ [half]: 1 }, demands), { cpuMhz: 500, memoryMb: 900 });
    }
    assert.deepEqual(hostSlots([hostOf(scene(), 1)], { cpuMhz: 500, memoryMb: 900 }), [36]);
  });
});

describe("admission control by failover hosts", () => {
  it("passes when as many of the named hosts are usable as may fail", async () => {
    assert.deepEqual(
      await findingsOf((good) => {
        policy(good, {
          haAdmissionControlPolicy: "failoverHosts",
          haAdmissionControlFailoverHostSystemIds: ["host-3"],
        });
      }),
      [],
    );
  });

  it("fails when a named host is not usable", async () => {
    const findings = await findingsOf((broken) => {
      policy(broken, {
        haAdmissionControlPolicy: "failoverHosts",
        haAdmissionControlFailoverHostSystemIds: ["host-3"],
      });
      hostOf(broken, 3).inMaintenanceMode = true;
    });
    assert.deepEqual(findings, [{ subject: "failover hosts", read: "0 usable", expected: "at least 1" }]);
  });
});

describe("demands", () => {
  it("take das.vmcpuminmhz for a VM without reservation, and leave out what vSphere keeps and what is off", async () => {
    const changed = scene();
    changed.inventory.cluster.settings.haAdvancedOptions = { "DAS.VmCpuMinMHz": "256", "das.vmMemoryMinMB": "200" };
    assert.match(
      resultOf(await look(changed), "ha-admission-control-satisfied").read,
      /CPU 512 of 40000 MHz, memory 500 of 65536 MB, reserved by 2 VMs$/,
    );
  });
});

describe("an advanced option that is a number", () => {
  it("is none where it is empty or a word", () => {
    const read = (value: string): number | undefined => advancedNumber({ "das.x": value }, "das.X");
    assert.deepEqual(["7", " 7 ", "", " ", "many"].map(read), [7, 7, undefined, undefined, undefined]);
    assert.equal(advancedNumber({}, "das.x"), undefined);
    assert.equal(advancedNumber(undefined, "das.x"), undefined);
  });
});

describe("placing demands", () => {
  const size = fc.integer({ min: 1, max: 100 });
  const left = (hosts: [number, number][], demands: [number, number][]): string[] =>
    unplaced(
      hosts.map(([cpuMhz, memoryMb]) => ({ cpuMhz, memoryMb })),
      demands.map(([cpuMhz, memoryMb], n) => ({ vm: n.toString(), cpuMhz, memoryMb })),
    ).map(({ vm }) => vm);

  it("takes a host's CPU and memory once", () => {
    assert.deepEqual(left([[5, 100]], [[6, 1]]), ["0"]);
    assert.deepEqual(
      left(
        [[5, 100]],
        [
          [3, 1],
          [3, 1],
        ],
      ),
      ["1"],
    );
    assert.deepEqual(
      left(
        [[100, 5]],
        [
          [1, 3],
          [1, 3],
        ],
      ),
      ["1"],
    );
  });

  it("places the largest first, by memory, then by CPU", () => {
    const small: [number, number][] = [
      [10, 10],
      [6, 6],
    ];
    assert.deepEqual(
      left(small, [
        [1, 3],
        [1, 10],
        [1, 3],
      ]),
      [],
    );
    assert.deepEqual(
      left(
        [
          [10, 10],
          [6, 10],
        ],
        [
          [3, 1],
          [10, 1],
          [3, 1],
        ],
      ),
      [],
    );
  });

  it("places on the host with most memory left", () => {
    assert.deepEqual(
      left(
        [
          [10, 8],
          [10, 10],
        ],
        [
          [1, 5],
          [1, 4],
          [1, 4],
          [1, 4],
        ],
      ),
      [],
    );
  });

  it("places everything on one host that holds the sum", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ cpuMhz: size, memoryMb: size })), (sizes) => {
        const demands = sizes.map((demand, index) => ({ vm: index.toString(), ...demand }));
        const sum = (of: "cpuMhz" | "memoryMb"): number => demands.reduce((total, demand) => total + demand[of], 0);
        const host = { ...hostOf(scene(), 1), cpuMhz: sum("cpuMhz"), memoryMb: sum("memoryMb") };
        assert.deepEqual(unplaced([host], demands), []);
      }),
    );
  });

  it("never places more than the hosts have", () => {
    fc.assert(
      fc.property(fc.array(size, { minLength: 1 }), fc.array(size), (hostSizes, demandSizes) => {
        const hosts = hostSizes.map((memoryMb) => ({ ...hostOf(scene(), 1), memoryMb }));
        const demands = demandSizes.map((memoryMb, index) => ({ vm: index.toString(), cpuMhz: 1, memoryMb }));
        const left = unplaced(hosts, demands);
        const placed = demands
          .filter((demand) => !left.includes(demand))
          .reduce((sum, { memoryMb }) => sum + memoryMb, 0);
        assert.ok(placed <= hostSizes.reduce((sum, each) => sum + each, 0));
        for (const { memoryMb } of left) assert.ok(demands.some((demand) => demand.memoryMb >= memoryMb));
      }),
    );
  });

  it("loses the largest hosts first", () => {
    const hosts = [10, 30, 20].map((memoryMb, index) => ({ ...hostOf(scene(), 1), name: index.toString(), memoryMb }));
    assert.deepEqual(
      survivors(hosts, 1, "memoryMb").map(({ memoryMb }) => memoryMb),
      [20, 10],
    );
    assert.deepEqual(
      hosts.map(({ memoryMb }) => memoryMb),
      [10, 30, 20],
    );
  });
});
