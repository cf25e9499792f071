import assert from "node:assert/strict";
import { hostname, userInfo } from "node:os";
import { beginJournal } from "../../../../verification/drills/beginJournal";
import type { Journal } from "../../../../verification/model";
import { World } from "./world";

describe("the journal of a run before anything was done", () => {
  const world = new World();
  const about = { ...world.vcenter.about, simulated: false };

  it("says of which cluster, hosts and VMs it is, and which of them nova launched", () => {
    const config = world.config();
    const [first] = config.vms;
    if (first !== undefined) first.openstack = { instanceId: "i" };
    const { target, command, vcenter, timeScale, tool } = beginJournal(config, about, "1.2.3", "apd");
    assert.deepEqual(target, {
      datacenter: "dc",
      cluster: "compute",
      hosts: ["esx-01", "esx-02", "esx-03"],
      vms: [
        { name: "ubuntu-1", guestOs: "ubuntu", openstack: true },
        { name: "ubuntu-2", guestOs: "ubuntu" },
        { name: "xp-1", guestOs: "windowsxp" },
        { name: "xp-2", guestOs: "windowsxp" },
      ],
    });
    assert.deepEqual([command, timeScale, tool], ["drill apd", 1, { name: "vsphere-ha", version: "1.2.3" }]);
    assert.deepEqual(vcenter, { server: "vcenter.example.com:443", about });
    assert.equal(beginJournal(config, about, "1").command, "drill host-loss");
  });

  it("shows nothing yet, and no verdict but that", () => {
    const { checks, drills, means, verdict, error, started, ended } = beginJournal(world.config(), about, "1");
    assert.deepEqual([checks, drills, means, verdict, error], [[], [], [], "inconclusive", undefined]);
    assert.equal(started, ended);
  });

  it("says what is simulated, and nothing where nothing is", () => {
    assert.deepEqual(beginJournal(world.config(), about, "1").simulated, []);
    assert.deepEqual(beginJournal(world.config(), world.vcenter.about, "1").simulated, [
      "vCenter, its hosts, their BMCs and the guests (in memory)",
    ]);
  });

  it("has an owner of the lock that people know, that no other run has, and that fits a name of vCenter's", () => {
    const owner = ({ lockOwner = "" }: Journal): string => lockOwner;
    const [one, other] = [1, 2].map(() => owner(beginJournal(world.config(), about, "1")));
    assert.notEqual(one, other);
    const [, user = "", machine = ""] = /^(\S{1,12})@(\S{0,16}) [0-9a-f]{8}$/.exec(one ?? "") ?? assert.fail(one);
    assert.ok(userInfo().username.startsWith(user));
    const [short = ""] = hostname().split(".");
    assert.equal(machine, short.slice(0, 16));
  });
});
