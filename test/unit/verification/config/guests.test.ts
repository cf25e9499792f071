import assert from "node:assert/strict";
import { parseConfig, type VerificationConfig } from "../../../../verification/config";
import type { Json } from "../../../../verification/config/layers";
import { Problems, type Problem } from "../../../../verification/problems";

const env = { VSPHERE_SERVER: "vc", VSPHERE_USER: "u", VSPHERE_PASSWORD: "p" };
const parse = (guests: Json): VerificationConfig =>
  parseConfig({ cluster: { datacenter: "dc", name: "c" }, hosts: [], vms: [], guests }, env);

function problemsOf(guests: Json): readonly Problem[] {
  try {
    parse(guests);
  } catch (error) {
    if (error instanceof Problems) return error.problems;
    throw error;
  }
  return [];
}

describe("configuration of guests", () => {
  it("is root and Administrator with stress-ng where nothing is said", () => {
    const { ubuntu, windowsxp } = parse({}).guests;
    assert.deepEqual(ubuntu, {
      user: "root",
      passwordEnv: "VSPHERE_HA_GUEST_PASSWORD",
      load: { program: "/usr/bin/stress-ng", arguments: "--cpu 0 --cpu-load {level} --timeout {seconds}" },
      hang: { program: "/bin/sh", arguments: "-c 'sleep 1; echo c > /proc/sysrq-trigger'" },
    });
    assert.equal(windowsxp.user, "Administrator");
    assert.equal(windowsxp.load.program, "C:\\stress-ng\\stress-ng.exe");
  });

  it("takes the user's own command and account", () => {
    const load = { program: "/opt/burn", arguments: "{level} {seconds}" };
    const hang = { command: ["hang-guest", "now"] };
    const { ubuntu, windowsxp } = parse({ ubuntu: { user: "tester", passwordEnv: "TESTER", load, hang } }).guests;
    assert.deepEqual(ubuntu, { user: "tester", passwordEnv: "TESTER", load, hang });
    assert.equal(windowsxp.user, "Administrator");
  });

  it("is told what is no way to make a guest hang", () => {
    const wrong: Json[] = [{}, { program: "/bin/sh" }, { command: [] }, { command: "hang" }, "hang"];
    for (const hang of wrong) {
      assert.notDeepEqual(problemsOf({ ubuntu: { hang } }), [], JSON.stringify(hang));
    }
  });

  it("is told every problem: an unknown system, a password, a command that never ends or has no level", () => {
    const problems = problemsOf({
      beos: {},
      ubuntu: { user: "", password: "hunter2", passwordEnv: "not a name", load: { program: 5, arguments: "--cpu 0" } },
    });
    assert.deepEqual(
      problems.map(({ path }) => path).sort(),
      [
        "guests.beos",
        "guests.ubuntu.load.arguments",
        "guests.ubuntu.load.program",
        "guests.ubuntu.password",
        "guests.ubuntu.passwordEnv",
        "guests.ubuntu.user",
      ].sort(),
    );
    assert.doesNotMatch(new Problems(problems).message, /hunter2/);
    assert.match(problems.find(({ path }) => path.endsWith("arguments"))?.rule ?? "", /\{level\} and \{seconds\}/);
  });
});
