import assert from "node:assert/strict";

const load = () => import("../../../lab/openstack/prerequisites.mjs");
type Prerequisites = Awaited<ReturnType<typeof load>>;

const complete = {
  python: "/usr/bin/python3.11",
  sshd: "/usr/sbin/sshd",
  sshKeygen: "/usr/bin/ssh-keygen",
  sftpServer: true,
  sudo: "/usr/bin/sudo",
  qemuImg: "/usr/bin/qemu-img",
};

describe("what the lab's OpenStack needs of the system", () => {
  let problemsOf: Prerequisites["problemsOf"];
  before(async () => {
    ({ problemsOf } = await load());
  });

  it("finds nothing to put right where everything is there", () => {
    assert.deepEqual(problemsOf(complete), []);
  });

  for (const [what, found, debian] of [
    ["Python", { ...complete, python: undefined }, "python3.11-venv"],
    ["sshd", { ...complete, sshd: undefined }, "openssh-server"],
    ["sftp-server", { ...complete, sftpServer: false }, "openssh-server"],
    ["ssh-keygen", { ...complete, sshKeygen: undefined }, "openssh-client"],
    ["sudo", { ...complete, sudo: undefined }, "sudo"],
    ["qemu-img", { ...complete, qemuImg: undefined }, "qemu-utils"],
  ] as const) {
    it(`names ${what} with the Debian package that has it`, () => {
      const problems = problemsOf(found, { tests: true });
      assert.equal(problems.length, 1);
      const [{ packages, remedy } = { remedy: "" }] = problems;
      assert.deepEqual(packages, [{ name: debian }]);
      assert.notEqual(remedy, "");
    });
  }

  it("names everything that is missing at once", () => {
    assert.equal(problemsOf({ sftpServer: false }, { tests: true }).length, 5);
  });

  it("wants what tests need for tests only", () => {
    assert.equal(problemsOf({ sftpServer: false }).length, 3);
  });
});
