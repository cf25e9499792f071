import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { guestHang } from "../../../../verification/faults/guestHangCommand";
import { CouldNotRun } from "../../../../verification/problems";
import { vm as vmState } from "../checks/fixture";
import { World } from "../drills/world";

describe("what makes a guest hang", () => {
  const vm = vmState("ubuntu-1", { id: "vm-1", hostId: "host-2" });
  const account = { user: "root", password: "guest-secret" };
  const noAccount = (): never => assert.fail("a command of the user's needs no account in the guest");
  let dir: string;
  let world: World;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "hang-"));
    world = new World();
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  /** A script of the user's. */
  function script(text: string): string[] {
    const file = join(dir, "hang.sh");
    writeFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    return ["/bin/sh", file];
  }

  it("is a command of the user's, with the VM and its host in its environment, and no password of ours", async () => {
    const told = join(dir, "told");
    const command = [
      ...script(`echo "$1 $VM_NAME $HOST_ID $VSPHERE_PASSWORD$bmc_password $OTHER" > ${told}`),
      "argument",
    ];
    const env = { PATH: process.env.PATH, VSPHERE_PASSWORD: "a", bmc_password: "b", OTHER: "kept" };
    const hang = guestHang({ command }, world.vcenter, noAccount, env);
    assert.deepEqual([hang.what, hang.account], ["/bin/sh", undefined]);
    await hang.start(vm);
    assert.equal(readFileSync(told, "utf8"), "argument ubuntu-1 host-2  kept\n");
  });

  it("tells the last line of what a command said when it fails", async () => {
    const hang = guestHang(
      { command: script("echo first >&2; echo second >&2; echo 'no such VM' >&2; exit 3") },
      world.vcenter,
      noAccount,
      {},
    );
    await assert.rejects(hang.start(vm), new CouldNotRun("the command /bin/sh failed: no such VM"));
  });

  it("tells why a command that said nothing has failed", async () => {
    const silent = guestHang({ command: script("exit 3") }, world.vcenter, noAccount, {});
    await assert.rejects(silent.start(vm), /^CouldNotRun: the command \/bin\/sh failed: Command failed: \/bin\/sh /);
    const none = guestHang({ command: [join(dir, "none")] }, world.vcenter, noAccount, {});
    await assert.rejects(none.start(vm), /^CouldNotRun: the command .*none failed: spawn .*ENOENT/);
  });

  it("is a program in the guest, started with the guest's own account", async () => {
    const started: unknown[] = [];
    const guests = { ...world.vcenter.guests, start: (...given: unknown[]) => Promise.resolve(started.push(given)) };
    const hang = guestHang({ program: "/bin/hang", arguments: "now" }, { guests }, () => account, {});
    assert.deepEqual([hang.what, hang.account], ["/bin/hang in it", account]);
    await hang.start(vm);
    assert.deepEqual(started, [[vm, account, { path: "/bin/hang", arguments: "now" }]]);
  });
});
