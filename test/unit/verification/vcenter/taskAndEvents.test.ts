import assert from "node:assert/strict";
import { Clock } from "../../../../verification/clock";
import { CouldNotRun } from "../../../../verification/problems";
import { readEvents, toEvent } from "../../../../verification/vcenter/events";
import { runTask, TaskFailed } from "../../../../verification/vcenter/task";
import { at, element, parseXml, text, type Xml } from "../../../../verification/vcenter/xml";
import { FakeVcenter, fault, objectContent } from "./fakeVcenter";

const vm = { type: "VirtualMachine", id: "vm-1" };

async function move(states: string[], limitSeconds = 60_000): Promise<number> {
  const vcenter = new FakeVcenter();
  vcenter.on("MigrateVM_Task", () => element("returnval", "task-1", { type: "Task" }));
  vcenter.on("RetrievePropertiesEx", (_, count) => {
    const content = states[Math.min(count, states.length) - 1] ?? "";
    return element("returnval", [objectContent("Task", "task-1", { info: { type: "TaskInfo", content } })]);
  });
  const task = { method: "MigrateVM_Task", on: vm, parameters: [], what: "move it" };
  await runTask(await vcenter.open(), new Clock(1000), task, limitSeconds);
  return vcenter.calls.filter((call) => call === "RetrievePropertiesEx").length;
}

describe("task", () => {
  it("is waited for until it has succeeded", async () => {
    const states = ["queued", "running", "success"].map((state) => `<state>${state}</state>`);
    assert.equal(await move(states), 3);
  });

  it("that fails gives vCenter's fault and words", async () => {
    const error =
      '<state>error</state><error><fault xsi:type="NotSupported"></fault><localizedMessage>Not here. </localizedMessage></error>';
    await assert.rejects(move([error]), (thrown) => {
      assert.ok(thrown instanceof TaskFailed);
      assert.equal(thrown.fault, "NotSupported");
      assert.equal(
        thrown.message,
        "vCenter vc.example.com (MigrateVM_Task) failed to move it: Not here. (NotSupported)",
      );
      return true;
    });
  });

  it("that does not end is given up", async () => {
    await assert.rejects(move(["<state>running</state>"], 5), (thrown) => {
      assert.ok(thrown instanceof CouldNotRun);
      assert.equal(
        thrown.message,
        "vCenter vc.example.com (MigrateVM_Task) did not move it within 5 s; see the task in vCenter",
      );
      return true;
    });
  });
});

function event(key: number, time: string, extra = ""): string {
  return `<returnval xsi:type="EventEx"><key>${key.toString()}</key><createdTime>${time}</createdTime>${extra}</returnval>`;
}

describe("events", () => {
  const cluster = { type: "ClusterComputeResource", id: "domain-c1" };
  const since = new Date("2026-01-01T00:00:00Z");

  function collecting(pages: string[]): FakeVcenter {
    const vcenter = new FakeVcenter();
    vcenter.on("CreateCollectorForEvents", (parameters) => {
      const filter = at(parameters, "filter");
      assert.equal(text(at(filter, "entity", "entity")), "domain-c1");
      assert.equal(text(at(filter, "entity", "recursion")), "all");
      assert.equal(text(at(filter, "time", "beginTime")), "2026-01-01T00:00:00.000Z");
      return element("returnval", "collector-1", { type: "EventHistoryCollector" });
    });
    vcenter.on("ReadNextEvents", (_, count) => pages[count - 1] ?? "");
    vcenter.on("DestroyCollector", () => "");
    return vcenter;
  }

  it("are read to the end, in order of time and key, and the collector is destroyed", async () => {
    const vcenter = collecting([
      event(3, "2026-01-01T00:00:02Z") + event(2, "2026-01-01T00:00:01Z"),
      event(1, "2026-01-01T00:00:01Z"),
    ]);
    const events = await readEvents(await vcenter.open(), cluster, since);
    assert.deepEqual(
      events.map(({ key }) => key),
      [1, 2, 3],
    );
    assert.equal(vcenter.calls.filter((call) => call === "ReadNextEvents").length, 3);
    assert.equal(vcenter.calls.at(-1), "DestroyCollector");
  });

  it("leave no collector behind when reading fails", async () => {
    const vcenter = collecting([]);
    vcenter.on("ReadNextEvents", () => fault("InvalidState", "broken"));
    await assert.rejects(readEvents(await vcenter.open(), cluster, since), /broken \(InvalidState\)/);
    assert.equal(vcenter.calls.at(-1), "DestroyCollector");
  });

  function parse(xml: string): Xml {
    return at(parseXml(`<r xmlns:xsi="x">${xml}</r>`), "r", "returnval") ?? "";
  }

  it("have the type id of an EventEx, else their class", () => {
    const content =
      '<host><name>esx-1</name><host type="HostSystem">host-1</host></host><vm><name>v</name><vm type="VirtualMachine">vm-1</vm></vm>' +
      "<fullFormattedMessage>HA restarted\nit </fullFormattedMessage><eventTypeId>com.vmware.vc.ha.VmRestartedByHAEvent</eventTypeId>";
    assert.deepEqual(toEvent(parse(event(7, "2026-01-01T00:00:01.5Z", content))), {
      key: 7,
      createdAt: new Date("2026-01-01T00:00:01.500Z"),
      type: "com.vmware.vc.ha.VmRestartedByHAEvent",
      message: "HA restarted\nit",
      hostId: "host-1",
      vmId: "vm-1",
    });
    const classic = toEvent(
      parse(
        '<returnval xsi:type="DasHostFailedEvent"><key>1</key><createdTime>2026-01-01T00:00:00Z</createdTime></returnval>',
      ),
    );
    assert.equal(classic.type, "DasHostFailedEvent");
    assert.deepEqual([classic.hostId, classic.vmId, classic.message], [undefined, undefined, ""]);
  });
});
