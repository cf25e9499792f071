import assert from "node:assert/strict";
import { counters, performanceOf, type PerfEntity } from "../../../../verification/vcenter/performance";
import { at, children, element, text, type Xml } from "../../../../verification/vcenter/xml";
import { FakeVcenter, objectContent, serviceContent } from "./fakeVcenter";

const since = new Date("2026-01-31T12:00:00Z");

function counter(key: number, name: string): string {
  const [group = "", metric = "", rollup = ""] = name.split(".");
  return element("PerfCounterInfo", [
    element("key", key.toString()),
    element("nameInfo", [element("key", metric)]),
    element("groupInfo", [element("key", group)]),
    element("rollupType", rollup),
  ]);
}

/** Counter keys differ between vCenters. */
function vcenter(names: readonly string[] = counters): FakeVcenter {
  const fake = new FakeVcenter();
  const manager = element("perfManager", "PerfMgr", { type: "PerformanceManager" });
  fake.on("RetrieveServiceContent", () => serviceContent().replace("</returnval>", `${manager}</returnval>`));
  fake.on("RetrievePropertiesEx", () => {
    const content = ["net.usage.average", ...names].map((name, k) => counter(40 + k, name)).join("");
    const perfCounter = { type: "ArrayOfPerfCounterInfo", content };
    return element("returnval", [objectContent("PerformanceManager", "PerfMgr", { perfCounter })]);
  });
  return fake;
}

function metric(id: string, series: Record<number, number[]>, instance = ""): string {
  const times = ["2026-01-31T12:00:20Z", "2026-01-31T12:00:40Z"];
  return element("returnval", [
    element("entity", id, { type: "HostSystem" }),
    ...times.map((time) => element("sampleInfo", [element("timestamp", time), element("interval", "20")])),
    ...Object.entries(series).map(([key, values]) =>
      element("value", [
        element("id", [element("counterId", key), element("instance", instance)]),
        ...values.map((value) => element("value", value.toString())),
      ]),
    ),
  ]);
}

const host: PerfEntity = { type: "HostSystem", id: "host-1" };

describe("performance statistics", () => {
  it("are read by counters' names, with their instants", async () => {
    const fake = vcenter();
    fake.on("QueryPerf", (parameters) => {
      const spec = at(parameters, "querySpec");
      assert.equal(text(at(spec, "startTime")), "2026-01-31T12:00:00.000Z");
      assert.equal(text(at(spec, "intervalId")), "20");
      assert.deepEqual(
        children(spec, "metricId").map((id) => text(at(id, "counterId"))),
        ["41", "42", "43", "44"],
      );
      return metric("host-1", { 41: [2500, 5000], 42: [650, 1300], 43: [10, 20], 44: [900, 900] });
    });
    const found = await performanceOf(await fake.open()).samplesSince([host], since);
    assert.deepEqual(found.get("host-1"), [
      {
        at: since.getTime() + 20_000,
        values: {
          "cpu.usage.average": 2500,
          "cpu.usagemhz.average": 650,
          "cpu.ready.summation": 10,
          "mem.usage.average": 900,
        },
      },
      {
        at: since.getTime() + 40_000,
        values: {
          "cpu.usage.average": 5000,
          "cpu.usagemhz.average": 1300,
          "cpu.ready.summation": 20,
          "mem.usage.average": 900,
        },
      },
    ]);
  });

  it("leave out what was not measured, and instances of a device", async () => {
    const fake = vcenter();
    fake.on("QueryPerf", () => metric("host-1", { 41: [-1, 5000] }) + metric("host-2", { 41: [1, 2] }, "0"));
    const found = await performanceOf(await fake.open()).samplesSince([host], since);
    assert.deepEqual(
      found.get("host-1")?.map(({ values }) => values),
      [{}, { "cpu.usage.average": 5000 }],
    );
    assert.deepEqual(
      found.get("host-2")?.map(({ values }) => values),
      [{}, {}],
    );
  });

  it("are asked for in queries of at most 64 metrics", async () => {
    const fake = vcenter();
    const asked: number[] = [];
    fake.on("QueryPerf", (parameters: Xml) => {
      const specs = children(parameters, "querySpec");
      asked.push(specs.length);
      return specs.map((spec) => metric(text(at(spec, "entity")) ?? "", { 41: [1, 2] })).join("");
    });
    const many = Array.from({ length: 40 }, (_, k): PerfEntity => ({
      type: "VirtualMachine",
      id: `vm-${k.toString()}`,
    }));
    const found = await performanceOf(await fake.open()).samplesSince(many, since);
    assert.deepEqual(asked, [16, 16, 8]);
    assert.equal(found.size, 40);
  });

  it("name a counter that vCenter does not have", async () => {
    const fake = vcenter(counters.filter((name) => name !== "cpu.ready.summation"));
    await assert.rejects(
      async () => performanceOf(await fake.open()).samplesSince([host], since),
      /has no counter cpu\.ready\.summation/,
    );
  });
});
