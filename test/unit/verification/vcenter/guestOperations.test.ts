import assert from "node:assert/strict";
import { CouldNotRun } from "../../../../verification/problems";
import { guestOperations } from "../../../../verification/vcenter/guestOperations";
import { at, element, text } from "../../../../verification/vcenter/xml";
import { FakeVcenter, fault, objectContent, reference, serviceContent } from "./fakeVcenter";

const vm = { id: "vm-1", name: "ubuntu-1" };
const account = { user: "root", password: "t0p&secret" };
const program = { path: "/usr/bin/stress-ng", arguments: "--cpu 0" };

function vcenter(): FakeVcenter {
  const fake = new FakeVcenter();
  const managers =
    element("guestOperationsManager", "guestOps", { type: "GuestOperationsManager" }) +
    element("perfManager", "PerfMgr", { type: "PerformanceManager" });
  fake.on("RetrieveServiceContent", () => serviceContent().replace("</returnval>", `${managers}</returnval>`));
  fake.on("RetrievePropertiesEx", () => {
    const processManager = reference("GuestProcessManager", "guestProcess");
    return element("returnval", [objectContent("GuestOperationsManager", "guestOps", { processManager })]);
  });
  return fake;
}

describe("guest operations", () => {
  it("start a program with the guest's own account", async () => {
    const fake = vcenter();
    fake.on("StartProgramInGuest", (parameters) => {
      assert.equal(text(at(parameters, "_this")), "guestProcess");
      assert.equal(text(at(parameters, "vm")), "vm-1");
      assert.equal(text(at(parameters, "auth", "username")), "root");
      assert.equal(text(at(parameters, "auth", "password")), "t0p&secret");
      assert.equal(text(at(parameters, "spec", "programPath")), "/usr/bin/stress-ng");
      assert.equal(text(at(parameters, "spec", "arguments")), "--cpu 0");
      return element("returnval", "1201");
    });
    assert.equal(await guestOperations(await fake.open()).start(vm, account, program), 1201);
    assert.match(fake.bodies.at(-1) ?? "", /<auth xsi:type="NamePasswordAuthentication"/);
  });

  it("list programs, those that have ended too", async () => {
    const fake = vcenter();
    const process = (pid: number, end: string): string =>
      element("returnval", [
        element("name", "stress-ng"),
        element("pid", pid.toString()),
        element("owner", "root"),
        element("cmdLine", "/usr/bin/stress-ng --cpu 0"),
        element("startTime", "2026-01-31T12:00:00Z"),
        end,
      ]);
    fake.on("ListProcessesInGuest", () => {
      return process(7, "") + process(8, element("endTime", "2026-01-31T12:01:00Z") + element("exitCode", "0"));
    });
    assert.deepEqual(await guestOperations(await fake.open()).processes(vm, account), [
      { pid: 7, command: "/usr/bin/stress-ng --cpu 0", running: true },
      { pid: 8, command: "/usr/bin/stress-ng --cpu 0", running: false },
    ]);
  });

  it("take a program that has ended by itself for ended", async () => {
    const fake = vcenter();
    fake.on("TerminateProcessInGuest", () => fault("GuestProcessNotFound", "no such process"));
    await guestOperations(await fake.open()).terminate(vm, account, 7);
  });

  const refusals: [string, RegExp][] = [
    ["InvalidGuestLogin", /^guest operations in ubuntu-1: the guest refuses user root .*guests\.\*\.passwordEnv/],
    ["GuestOperationsUnavailable", /^guest operations in ubuntu-1: VMware Tools do not answer/],
    ["FileNotFound", /^guest operations in ubuntu-1: the guest has no \/usr\/bin\/stress-ng .*guests\.\*\.load/],
    ["NoPermission", /VirtualMachine\.GuestOperations\.Execute/],
    ["InvalidPowerState", /it is not powered on/],
  ];
  for (const [name, message] of refusals) {
    it(`say what to do about ${name}, and never the password`, async () => {
      const fake = vcenter();
      fake.on("StartProgramInGuest", () => fault(name, "words"));
      await assert.rejects(guestOperations(await fake.open()).start(vm, account, program), (error) => {
        assert.ok(error instanceof CouldNotRun);
        assert.match(error.message, message);
        assert.doesNotMatch(`${error.message} ${error.stack ?? ""}`, /t0p/);
        return true;
      });
    });
  }

  it("are told to be missing where vCenter offers none", async () => {
    const fake = new FakeVcenter();
    await assert.rejects(
      async () => guestOperations(await fake.open()).processes(vm, account),
      /offers no guest operations/,
    );
  });
});
