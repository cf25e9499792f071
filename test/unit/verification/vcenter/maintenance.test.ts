import assert from "node:assert/strict";
import { enterMaintenance, exitMaintenance } from "../../../../verification/vcenter/maintenance";
import { CouldNotRun } from "../../../../verification/problems";
import { at, children, element, ref, text } from "../../../../verification/vcenter/xml";
import { ManualClock } from "../manualClock";
import { FakeVcenter, fault, objectContent } from "./fakeVcenter";

interface Task {
  id: string;
  state: string;
  descriptionId?: string;
  host?: string;
  fault?: string;
}

/** A vCenter with one host, and the tasks that it has begun. */
class Cluster extends FakeVcenter {
  inMaintenance = false;
  tasks: Task[] = [];
  /** Looks at the clock that a new task takes until its end. */
  looks = 2;
  /** How a new task ends. */
  ends: "success" | "error" = "success";
  fault = "Timedout";
  /** Parameters of the tasks: `timeout`, `evacuatePoweredOffVms`. */
  asked: Record<string, string | undefined>[] = [];

  constructor() {
    super();
    for (const [method, into] of [
      ["EnterMaintenanceMode_Task", true],
      ["ExitMaintenanceMode_Task", false],
    ] as const) {
      this.on(method, (parameters) => {
        assert.deepEqual(ref(at(parameters, "_this")), { type: "HostSystem", id: "host-1" });
        this.asked.push({
          timeout: text(at(parameters, "timeout")),
          evacuatePoweredOffVms: text(at(parameters, "evacuatePoweredOffVms")),
        });
        const id = `task-own-${into ? "enter" : "exit"}`;
        this.tasks.push({ id, state: "running" });
        return element("returnval", id, { type: "Task" });
      });
    }
    this.on("CancelTask", (parameters) => {
      const task = this.tasks.find(({ id }) => id === text(at(parameters, "_this")));
      if (task !== undefined) task.state = "error";
      return "";
    });
    this.on("RetrievePropertiesEx", (parameters) => {
      const spec = at(parameters, "specSet");
      const type = text(at(spec, "propSet", "type"));
      const start = text(at(spec, "objectSet", "obj"));
      const path = children(at(spec, "propSet"), "pathSet").map(text);
      if (type === "HostSystem") {
        assert.deepEqual([start, path], ["host-1", ["runtime.inMaintenanceMode"]]);
        const value = { type: "xsd:boolean", content: String(this.inMaintenance) };
        return element("returnval", [objectContent("HostSystem", "host-1", { "runtime.inMaintenanceMode": value })]);
      }
      assert.deepEqual([type, path], ["Task", ["info"]]);
      if (start !== "TaskManager") return element("returnval", [this.#look(start ?? "")]);
      const step = at(spec, "objectSet", "selectSet");
      assert.deepEqual([text(at(step, "type")), text(at(step, "path"))], ["TaskManager", "recentTask"]);
      return element(
        "returnval",
        this.tasks.map((task) => info(task)),
      );
    });
  }

  #look(id: string): string {
    const task = this.tasks.find((one) => one.id === id);
    if (task?.state === "running" && --this.looks <= 0) {
      task.state = this.ends;
      task.fault = this.fault;
      if (this.ends === "success") this.inMaintenance = id === "task-own-enter";
    }
    return info(task ?? { id, state: "error" });
  }

  called(method: string): number {
    return this.calls.filter((call) => call === method).length;
  }
}

function info({ id, state, descriptionId = "HostSystem.other", host = "host-1", fault }: Task): string {
  const content = [
    element("descriptionId", descriptionId),
    element("entity", host, { type: "HostSystem" }),
    element("state", state),
    ...(state === "error"
      ? [
          element("error", [
            `<fault xsi:type="${fault ?? "RequestCanceled"}"></fault>`,
            "<localizedMessage>no</localizedMessage>",
          ]),
        ]
      : []),
  ];
  return objectContent("Task", id, { info: { type: "TaskInfo", content: content.join("") } });
}

const host = { id: "host-1", name: "esx-1", inMaintenanceMode: false, running: 4 };

describe("maintenance mode", () => {
  let cluster: Cluster;
  let clock: ManualClock;
  const enter = async (more = {}): Promise<boolean> =>
    enterMaintenance(await cluster.open(), clock, { ...host, ...more });
  const exit = async (): Promise<void> => exitMaintenance(await cluster.open(), clock, host);
  beforeEach(() => {
    cluster = new Cluster();
    clock = new ManualClock(10);
  });
  const minuteByMinute = (): void => {
    clock.afterWait = () => (clock.time += clock.wallMs(59));
  };

  it("is entered and waited for, with time for each VM that runs there, and those powered off left", async () => {
    assert.equal(await enter(), true);
    assert.equal(cluster.inMaintenance, true);
    assert.deepEqual(cluster.asked, [{ timeout: "420", evacuatePoweredOffVms: "false" }]);
  });

  it("is not entered by a host that is in it", async () => {
    assert.equal(await enter({ inMaintenanceMode: true }), true);
    assert.equal(cluster.called("EnterMaintenanceMode_Task"), 0);
  });

  it("is told as not reached when vCenter gives up by the task's own time-out", async () => {
    cluster.ends = "error";
    assert.equal(await enter(), false);
  });

  it("that vCenter refuses for another reason ends the run with that reason", async () => {
    cluster.ends = "error";
    cluster.fault = "InvalidState";
    await assert.rejects(
      enter(),
      /^TaskFailed: vCenter .* failed to put esx-1 into maintenance mode: no \(InvalidState\)/,
    );
  });

  it("is given up a minute after the task's own time-out, when vCenter tells nothing", async () => {
    cluster.looks = Number.POSITIVE_INFINITY;
    minuteByMinute();
    await assert.rejects(enter(), /did not put esx-1 into maintenance mode within 480 s/);
    assert.equal(clock.elapsed, 480);
  });

  it("is left, and waited for", async () => {
    cluster.inMaintenance = true;
    await exit();
    assert.equal(cluster.inMaintenance, false);
    assert.deepEqual(cluster.asked, [{ timeout: "0", evacuatePoweredOffVms: undefined }]);
  });

  it("is not left by a host in service", async () => {
    await exit();
    assert.deepEqual(cluster.asked, []);
  });

  it("that a host does not leave within ten minutes ends the run", async () => {
    cluster.inMaintenance = true;
    cluster.looks = Number.POSITIVE_INFINITY;
    minuteByMinute();
    await assert.rejects(exit(), /did not take esx-1 out of maintenance mode within 600 s/);
  });

  describe("that an earlier run still waits for", () => {
    const entering = { descriptionId: "HostSystem.enterMaintenanceMode", state: "running" };

    it("is cancelled, be it queued or running, before anything else", async () => {
      cluster.tasks = [
        { id: "task-a", ...entering },
        { id: "task-b", ...entering, state: "queued" },
      ];
      await exit();
      assert.deepEqual(
        cluster.tasks.map(({ state }) => state),
        ["error", "error"],
      );
      assert.equal(clock.elapsed, 1);
    });

    it("is waited for until it has ended: it may reach the mode first", async () => {
      cluster.tasks = [{ id: "task-a", ...entering }];
      cluster.on("CancelTask", () => "");
      clock.afterWait = () => {
        if (clock.elapsed < 5) return;
        for (const task of cluster.tasks.filter(({ id }) => id === "task-a")) task.state = "success";
        cluster.inMaintenance = clock.elapsed === 5;
      };
      await exit();
      assert.equal(cluster.called("ExitMaintenanceMode_Task"), 1);
      assert.equal(cluster.inMaintenance, false);
    });

    it("of another host, of another kind, or that has ended is left alone", async () => {
      cluster.tasks = [
        { id: "task-a", ...entering, host: "host-2" },
        { id: "task-b", ...entering, descriptionId: "HostSystem.reboot" },
        { id: "task-c", ...entering, state: "success" },
        { id: "task-d", ...entering, state: "error" },
      ];
      await exit();
      assert.equal(cluster.called("CancelTask"), 0);
      assert.equal(clock.elapsed, 0);
    });

    for (const name of ["InvalidState", "NotSupported", "ManagedObjectNotFound"]) {
      it(`and cannot be cancelled (${name}) is waited for`, async () => {
        cluster.tasks = [{ id: "task-a", ...entering }];
        cluster.on("CancelTask", () => fault(name, "no"));
        clock.afterWait = () => (cluster.tasks = []);
        await exit();
        assert.equal(clock.elapsed, 1);
      });
    }

    it("and may not be cancelled by this user ends the run", async () => {
      cluster.tasks = [{ id: "task-a", ...entering }];
      cluster.on("CancelTask", () => fault("NoPermission", "denied"));
      await assert.rejects(exit(), /denied \(NoPermission\)/);
    });

    it("and does not end within ten minutes ends the run", async () => {
      cluster.tasks = [{ id: "task-a", ...entering }];
      cluster.on("CancelTask", () => "");
      minuteByMinute();
      await assert.rejects(exit(), (error) => {
        assert.ok(error instanceof CouldNotRun);
        assert.equal(error.message, "vCenter vc.example.com does not stop putting esx-1 into maintenance mode");
        return true;
      });
      assert.equal(clock.elapsed, 600);
    });
  });
});
