import assert from "node:assert/strict";
import {
  cloudStatements,
  judgeCloud,
  watchedInstances,
  type CloudEvidence,
} from "../../../../verification/drills/cloudExpectations";
import type { CloudSample } from "../../../../verification/drills/cloudWatch";
import type { DrillPlan } from "../../../../verification/drills/plan";
import type { Capacity, Instance } from "../../../../verification/openstack/model";
import { instance, instanceId, otherId } from "../openstack/fixture";

const whole = { vcpus: 24, memoryMb: 49_152 };
const host = { cpuThreads: 8, memoryMb: 16_384 };
const less = { vcpus: 16, memoryMb: 32_768 };
/** nova's default update_resources_interval, and half of it again. */
const lag = 90_000;

interface Look {
  capacity?: Capacity | undefined;
  instance?: Partial<Instance> | undefined;
}

function look(at: number, { capacity = whole, instance: changes = {} }: Look = {}): CloudSample {
  return { at, instances: new Map([[instanceId, instance(changes)]]), capacity };
}

/** Begins at 0; the power is cut at 10 s and comes back at 130 s; a look every 10 s. */
function evidence(changes: Partial<CloudEvidence> = {}, lookAt: (at: number) => Look = atRest): CloudEvidence {
  const instants = Array.from({ length: 21 }, (_, k) => k * 10_000);
  return {
    samples: instants.map((at) => look(at, lookAt(at))),
    failures: [],
    began: 0,
    faultSent: 10_000,
    restored: 130_000,
    ended: 200_000,
    down: undefined,
    ...changes,
  };
}

/** Placement follows 20 s after the power was cut, and 30 s after it came back. */
function atRest(at: number): Look {
  return { capacity: at >= 30_000 && at < 160_000 ? less : whole };
}

function judge(id: string, of: CloudEvidence): [string, string] {
  const [one] = judgeCloud([{ id, statement: "s", basis: "b" }], [{ vm: "ubuntu-1", id: instanceId }], host, of);
  assert.ok(one !== undefined);
  return [one.verdict, one.seen];
}

describe("what OpenStack must show when a host is lost", () => {
  /** Two instances of nova; only the first runs on the host. */
  const target = (name: string, id: string): object => ({
    vm: { id: name, name },
    config: { openstack: { instanceId: id.toUpperCase() } },
  });
  const plan = {
    host: { name: "esx-02", ...host },
    affected: [{ vm: { id: "ubuntu-1" } }, { vm: { id: "no-instance" } }],
    targets: [target("ubuntu-1", instanceId), target("ubuntu-2", otherId), { vm: { id: "no-instance" }, config: {} }],
  } as unknown as DrillPlan;

  it("watches the instances that fail with the host, and no others", () => {
    assert.deepEqual(watchedInstances(plan), [{ vm: "ubuntu-1", id: instanceId }]);
  });

  it("states for each drill what it expects, and on what ground", () => {
    const stated = (drill: Parameters<typeof cloudStatements>[1]): Record<string, string> =>
      Object.fromEntries(
        cloudStatements(plan, drill, 7).map(({ id, statement, basis }) => [id, `${statement}: ${basis}`]),
      );
    const loss = stated("host-loss");
    assert.deepEqual(Object.keys(loss), [
      "openstack-observed",
      "nova-active:ubuntu-1",
      "placement-shrinks",
      "placement-returns",
    ]);
    assert.match(loss["openstack-observed"] ?? "", /no gap in the looks.*at most 15 s \(wall\) apart/);
    assert.match(loss["nova-active:ubuntu-1"] ?? "", /ubuntu-1 as ACTIVE all the time.*cluster, which lives on/);
    assert.match(
      loss["placement-shrinks"] ?? "",
      /esx-02's share gone within 90 s \(wall\).*update_resources_interval/,
    );
    assert.match(loss["placement-returns"] ?? "", /before again when esx-02 is back.*not be lost for good/);
    const down = stated("nova-compute-down");
    assert.deepEqual(Object.keys(down), ["openstack-observed", "nova-compute-down", "nova-active:ubuntu-1"]);
    assert.match(down["nova-compute-down"] ?? "", /down from before the fault until.*service manager of its node/);
    assert.match(down["nova-active:ubuntu-1"] ?? "", /HA needs no nova/);
    assert.match(stated("power-state-sync")["nova-active:ubuntu-1"] ?? "", /sync runs every 7 s \(wall\)/);
    assert.match(stated("maintenance-mode")["nova-active:ubuntu-1"] ?? "", /DRS moves its VMs without telling nova/);
  });
});

describe("judging what OpenStack showed", () => {
  it("keeps what was stated beside its verdict", () => {
    const [one] = judgeCloud([{ id: "openstack-observed", statement: "s", basis: "b" }], [], host, evidence());
    assert.deepEqual([one?.statement, one?.basis, one?.verdict], ["s", "b", "passed"]);
  });

  describe("the looks", () => {
    it("are enough when 15 s apart, and too few with more between them", () => {
      const at = (...instants: number[]): CloudEvidence =>
        evidence({ samples: instants.map((instant) => look(instant)), ended: 40_000 });
      assert.deepEqual(judge("openstack-observed", at(0, 15_000, 30_000)), [
        "passed",
        "3 looks, 0 failed, at most 15.0 s (wall) apart",
      ]);
      assert.equal(judge("openstack-observed", at(0, 15_001, 30_000))[0], "inconclusive");
      assert.equal(judge("openstack-observed", at(16_000, 30_000))[0], "inconclusive", "late to begin");
      assert.equal(judge("openstack-observed", at(0, 12_000, 24_000))[0], "inconclusive", "early to end");
    });

    it("that failed are counted, and the first tells why there was a gap", () => {
      const failures = [
        { at: 5, reason: "nova is away" },
        { at: 6, reason: "still" },
      ];
      assert.equal(
        judge("openstack-observed", evidence({ failures }))[1],
        "21 looks, 2 failed, at most 10.0 s (wall) apart",
      );
      assert.deepEqual(judge("openstack-observed", evidence({ failures, samples: [look(0)] })), [
        "inconclusive",
        "1 looks, 2 failed, at most 200.0 s (wall) apart; the first failure: nova is away",
      ]);
    });
  });

  describe("nova-compute", () => {
    const down = (before: boolean, after: boolean): [string, string] =>
      judge("nova-compute-down", evidence({ down: { before, after } }));

    it("must be down before the fault and until the power comes back", () => {
      assert.deepEqual(down(true, true), ["passed", "it was down"]);
      assert.deepEqual(down(false, true), ["inconclusive", "it ran when the power was cut"]);
      assert.deepEqual(down(true, false), ["inconclusive", "it ran before the host had its power back"]);
      assert.deepEqual(judge("nova-compute-down", evidence()), ["inconclusive", "it was not asked"]);
    });
  });

  describe("an instance", () => {
    const id = "nova-active:ubuntu-1";

    it("passes when it is ACTIVE in every look", () => {
      assert.deepEqual(judge(id, evidence()), ["passed", "ACTIVE in 21 looks"]);
    });

    it("fails for one look at which it is not, with the instant", () => {
      const shutOff = (at: number): Look => (at === 40_000 ? { instance: { status: "SHUTOFF" } } : {});
      assert.deepEqual(judge(id, evidence({}, shutOff)), ["failed", "SHUTOFF 30.0 s (wall) after the fault"]);
      const busy = (at: number): Look => (at === 40_000 ? { instance: { taskState: "powering-off" } } : {});
      assert.equal(judge(id, evidence({}, busy))[1], "ACTIVE, powering-off 30.0 s (wall) after the fault");
    });

    it("fails when nova does not know it", () => {
      const gone = { at: 50_000, instances: new Map<string, Instance>(), capacity: whole };
      assert.deepEqual(judge(id, evidence({ samples: [...evidence().samples, gone] })), [
        "failed",
        "no such instance 40.0 s (wall) after the fault",
      ]);
    });

    it("is not known, never passed, without looks, with gaps, or when it was not watched", () => {
      assert.deepEqual(judge(id, evidence({ samples: [] })), ["inconclusive", "nova was not seen"]);
      assert.deepEqual(judge(id, evidence({ samples: [look(0)] })), [
        "inconclusive",
        "ACTIVE in every look, but there are gaps between them",
      ]);
      const close = [0, 15_000].map((at) => look(at));
      assert.equal(judge(id, evidence({ samples: close, ended: 30_000 }))[0], "passed", "15 s are no gap");
      assert.deepEqual(judge("nova-active:other", evidence()), ["inconclusive", "it was not watched"]);
    });
  });

  describe("placement without the host", () => {
    const id = "placement-shrinks";
    /** The smaller capacity is shown from this instant on. */
    const from =
      (instant: number, capacity: Capacity = less) =>
      (at: number): Look => ({
        capacity: at >= instant ? capacity : whole,
      });

    it("passes when its share is gone, with the time after the fault", () => {
      assert.deepEqual(judge(id, evidence()), ["passed", "16 vCPUs, 32768 MB 20.0 s (wall) after the fault"]);
    });

    it("passes at 90 s, and fails at more", () => {
      const restored = 10_000 + lag + 20_000;
      assert.equal(judge(id, evidence({ restored }, from(10_000 + lag)))[0], "passed");
      assert.deepEqual(judge(id, evidence({ restored }, from(10_000 + lag + 10_000))), [
        "failed",
        "16 vCPUs, 32768 MB 100.0 s (wall) after the fault",
      ]);
    });

    it("fails when less, or something else, is gone", () => {
      const told = "24 vCPUs, 49152 MB; expected 16 vCPUs, 32768 MB";
      assert.deepEqual(
        judge(
          id,
          evidence({}, () => ({})),
        ),
        ["failed", told],
      );
      assert.equal(judge(id, evidence({}, from(30_000, { ...less, memoryMb: 49_152 })))[0], "failed");
      assert.equal(judge(id, evidence({}, from(30_000, { ...less, vcpus: 24 })))[0], "failed");
    });

    it("says what it showed last while the host was off", () => {
      const later = (at: number): Look => ({ capacity: at > 120_000 ? { vcpus: 1, memoryMb: 2 } : whole });
      assert.match(judge(id, evidence({}, later))[1], /^1 vCPUs, 2 MB; expected/);
      const silent = evidence().samples.map((sample) => ({
        ...sample,
        capacity: sample.at > 10_000 ? undefined : sample.capacity,
      }));
      assert.deepEqual(judge(id, evidence({ samples: silent })), ["failed", "nothing; expected 16 vCPUs, 32768 MB"]);
      assert.deepEqual(judge(id, evidence({ samples: [look(0)] })), ["failed", "nothing; expected 16 vCPUs, 32768 MB"]);
    });

    it("counts nothing that was seen before the fault, nor after the power came back", () => {
      const before = (at: number): Look => ({ capacity: at < 10_000 ? less : whole });
      assert.equal(judge(id, evidence({}, before))[0], "failed");
      assert.equal(judge(id, evidence({}, from(140_000)))[0], "failed");
      assert.deepEqual(judge(id, evidence({}, from(130_000)))[1], "16 vCPUs, 32768 MB 120.0 s (wall) after the fault");
    });

    it("is not known when the host was off for less than nova may take", () => {
      const never = (): Look => ({});
      assert.deepEqual(judge(id, evidence({ restored: 10_000 + lag - 1 }, never)), [
        "inconclusive",
        "the host was off for 90.0 s (wall) only",
      ]);
      assert.equal(judge(id, evidence({ restored: 10_000 + lag }, never))[0], "failed");
    });

    it("is not known when it was not seen before the fault", () => {
      const samples = evidence().samples.filter(({ at }) => at > 10_000);
      assert.deepEqual(judge(id, evidence({ samples })), ["inconclusive", "placement was not seen before the fault"]);
    });
  });

  describe("placement with the host again", () => {
    const id = "placement-returns";

    it("passes when it shows what it showed before, with the time after the power came back", () => {
      assert.deepEqual(judge(id, evidence()), ["passed", "24 vCPUs, 49152 MB 30.0 s (wall) after the power came back"]);
    });

    it("tells that it never showed less", () => {
      assert.deepEqual(
        judge(
          id,
          evidence({}, () => ({})),
        ),
        ["passed", "24 vCPUs, 49152 MB all the time"],
      );
    });

    it("fails when it goes on showing less", () => {
      const lost = (at: number): Look => ({ capacity: at >= 30_000 ? less : whole });
      assert.deepEqual(judge(id, evidence({}, lost)), [
        "failed",
        "16 vCPUs, 32768 MB; before it was 24 vCPUs, 49152 MB",
      ]);
    });

    it("takes a look without an answer of placement for no answer, not for less", () => {
      const samples = evidence({}, () => ({})).samples.map((sample) => ({
        ...sample,
        capacity: sample.at === 100_000 ? undefined : sample.capacity,
      }));
      assert.deepEqual(judge(id, evidence({ samples })), ["passed", "24 vCPUs, 49152 MB all the time"]);
    });

    it("is not known when placement was not seen before the fault, or at the end", () => {
      const { samples } = evidence();
      const not = ["inconclusive", "placement was not seen"];
      assert.deepEqual(judge(id, evidence({ samples: samples.filter(({ at }) => at > 10_000) })), not);
      const end = { ...look(200_000), capacity: undefined };
      assert.deepEqual(judge(id, evidence({ samples: [...samples, end] })), not);
      assert.deepEqual(judge(id, evidence({ samples: [] })), not);
    });
  });
});
