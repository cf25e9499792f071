import assert from "node:assert/strict";
import fc from "fast-check";
import { hostSlots, slotSize, survivors, unplaced } from "../../../../verification/checks/capacity";
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

describe("placing demands", () => {
  const size = fc.integer({ min: 1, max: 100 });

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
