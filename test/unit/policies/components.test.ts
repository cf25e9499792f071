import assert from "node:assert/strict";
import { EsxiCluster, UbuntuVm, VmPlacement, WindowsXpVm } from "../../../components";
import { rules } from "../../../policies/policies";
import { registered } from "../components/mocks";
import { violations } from "./proposed";

/** A cluster, its network and its virtual machines, with nothing stated that has a default. */
function program(): void {
  const { target } = new EsxiCluster("c", {
    datacenter: { name: "Lab", existing: true },
    hosts: ["a", "b"].map((name) => ({ name, password: "p" })),
    datastores: ["d", "e"].map((name) => ({ name, nfs: { server: "nfs", path: `/${name}` } })),
    portGroups: [{ name: "n" }],
  });
  const vm = new UbuntuVm("u", { target, datastore: "d", network: "n" });
  new WindowsXpVm("x", { target, datastore: "e", network: "n" });
  new VmPlacement("p", { target, vms: { u: vm.vmId }, haOverrides: [{ vm: "u" }], drsOverrides: [{ vm: "u" }] });
}

describe("the components", function () {
  this.timeout(60_000);

  it("break no policy by their defaults, but for what they cannot know: firmware of templates, who logs in to hosts", async () => {
    const stack = (await registered(program)).map(({ type, name, inputs }) => ({ type, name, props: inputs }));
    const broken = await Promise.all(
      rules.map(async ({ name }) => ((await violations(name, stack)).length > 0 ? [name] : [])),
    );
    assert.deepEqual(broken.flat(), ["vm-secure-boot", "host-lockdown"]);
  });
});
