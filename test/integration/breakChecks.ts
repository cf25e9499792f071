import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { makeCertificates } from "../unit/verification/net/certificates";
import { cluster, neighbour, openOf, type VerifierCloud } from "./verifierCloud";

/** For each check of OpenStack, a test that breaks the real thing and sees just that check fail. */
export function breakEachCheck(given: () => VerifierCloud): void {
  const api = <T>(...call: Parameters<VerifierCloud["cloud"]["api"]>): Promise<T> => given().cloud.api<T>(...call);
  const breaking = (check: string, breakIt: () => unknown, mend: () => unknown): Promise<void> =>
    given().breaking(check, breakIt, mend);
  const server = (action: object) => api("compute", "POST", `/servers/${given().instanceId}/action`, action);
  const vm = () => given().admin.findByUuid(given().instanceId);
  const maintenance = async (verb: "Enter" | "Exit"): Promise<void> => {
    const { admin } = given();
    const host = await admin.find("HostSystem", "esx-03.lab.test");
    await admin.task(`${verb}MaintenanceMode_Task`, host, "<timeout>0</timeout>");
  };
  /** With another nova-compute.conf, which the checks read over SSH. */
  const configured = async (check: string, edit: (text: string) => string): Promise<void> => {
    const path = given().operator.configurationOf(cluster);
    const before = readFileSync(path, "utf8");
    assert.notEqual(edit(before), before);
    const write = (text: string) => () => {
      writeFileSync(path, text);
    };
    await breaking(check, write(edit(before)), write(before));
  };

  it("fails openstack-compute-service for a disabled service", async () => {
    const { services } = await api<{ services: { id: string; host: string }[] }>("compute", "GET", "/os-services");
    const path = `/os-services/${services.find(({ host }) => host === cluster)?.id ?? ""}`;
    const set = (body: object) => () => api("compute", "PUT", path, body);
    const disabled = set({ status: "disabled", disabled_reason: "repair" });
    await breaking("openstack-compute-service", disabled, set({ status: "enabled" }));
  });

  it("fails openstack-hypervisor for a compute host that serves another cluster", async () => {
    const results = await given().fails(["openstack-hypervisor"], given().document(neighbour));
    const told = ["openstack-hypervisor", "openstack-hypervisor-capacity", "openstack-placement-capacity"];
    assert.deepEqual(openOf(results), told);
  });

  it("fails openstack-placement-capacity for an inventory that somebody changed", () =>
    breaking(
      "openstack-placement-capacity",
      () => given().placement(2),
      () => given().placement(0.5),
    ));

  it("fails openstack-availability-zone for an aggregate of another name", async () => {
    type Aggregates = { aggregates: { id: number; name: string }[] };
    const { aggregates } = await api<Aggregates>("compute", "GET", "/os-aggregates");
    const path = `/os-aggregates/${String(aggregates.find(({ name }) => name === cluster)?.id)}`;
    const rename = (name: string) => () => api("compute", "PUT", path, { aggregate: { name } });
    await breaking("openstack-availability-zone", rename("renamed"), rename(cluster));
  });

  it("fails openstack-images for a property that does not fit the guest", () => {
    const set = (value: string) => () =>
      api("image", "PATCH", `/images/${given().imageId}`, [{ op: "replace", path: "/vmware_ostype", value }]);
    return breaking("openstack-images", set("winXPProGuest"), set("ubuntu64Guest"));
  });

  it("fails openstack-instances-present for an instance that a user stopped", () => {
    const stop = () => server({ "os-stop": null });
    return breaking("openstack-instances-present", stop, () => server({ "os-start": null }));
  });

  it("fails openstack-instance-states for an instance that is off in vCenter only", () => {
    const task = (name: string) => async () => given().admin.task(name, await vm());
    return breaking("openstack-instance-states", task("PowerOffVM_Task"), task("PowerOnVM_Task"));
  });

  it("fails openstack-ports-bound for a port that is unbound", async () => {
    const of = `/ports?device_id=${given().instanceId}`;
    const { ports } = await api<{ ports: { id: string }[] }>("network", "GET", of);
    const bind = (host: string) => () =>
      api("network", "PUT", `/ports/${ports[0]?.id ?? ""}`, { port: { "binding:host_id": host } });
    await breaking("openstack-ports-bound", bind(""), bind(cluster));
  });

  it("fails openstack-drs-fully-automated for another automation level", () => {
    const set = (level: string) => async () => {
      const { admin } = given();
      const drs = `<drsConfig><enabled>true</enabled><defaultVmBehavior>${level}</defaultVmBehavior></drsConfig>`;
      await admin.reconfigure(await admin.find("ClusterComputeResource", cluster), drs);
    };
    return breaking("openstack-drs-fully-automated", set("partiallyAutomated"), set("fullyAutomated"));
  });

  it("fails openstack-quota for a project that has used it up, and the command with what was read", async () => {
    const path = `/os-quota-sets/${given().cloud.env.OS_PROJECT_ID ?? ""}`;
    const set = (instances: number) => () => api("compute", "PUT", path, { quota_set: { instances } });
    let said = { code: 0, err: "" };
    await breaking("openstack-quota", set(1), async () => {
      said = await given().run("check");
      await set(10)();
    });
    assert.equal(said.code, 1, said.err);
    assert.match(said.err, /openstack-quota.*small: instances.*1 of 1 used/s);
  });

  it("fails openstack-power-state-sync for a nova.conf that leaves it on", () =>
    configured("openstack-power-state-sync", (text) => text.replace(/^sync_power_state_interval.*$/m, "")));

  it("fails openstack-vcenter-verified for a nova.conf that trusts anybody", () =>
    configured("openstack-vcenter-verified", (text) => text.replace(/^ca_file.*$/m, "insecure = true")));

  it("is inconclusive about nova.conf without a way to its node", async () => {
    const { env } = given().cloud;
    const without = Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("VSPHERE_HA_COMPUTE")));
    const results = await given().look(given().document(), without);
    const open = results.filter(({ verdict }) => verdict === "inconclusive").map(({ id }) => id);
    assert.deepEqual(open, ["openstack-power-state-sync", "openstack-vcenter-verified"]);
  });

  it("fails openstack-certificates for one that ends in two days", async () => {
    const { env, lab } = given().cloud;
    const made = makeCertificates();
    const ca = join(lab.dir, "both.pem");
    writeFileSync(ca, readFileSync(env.OS_CACERT ?? "", "utf8") + readFileSync(made.caFile, "utf8"));
    const keystone = new URL(env.OS_AUTH_URL ?? "");
    const inFront = createServer({ cert: made.cert, key: made.key }, (incoming, answer) => {
      const { method, headers, url = "" } = incoming;
      const options = { method, headers, ca: readFileSync(env.OS_CACERT ?? "") };
      const onward = request(`${keystone.origin}${url}`, options, (answered) => {
        answer.writeHead(answered.statusCode ?? 502, answered.headers);
        answered.pipe(answer);
      });
      incoming.pipe(onward);
    });
    inFront.listen(0, "127.0.0.1");
    await once(inFront, "listening");
    try {
      const address = `127.0.0.1:${String((inFront.address() as AddressInfo).port)}`;
      const through = { ...env, OS_AUTH_URL: `https://${address}/v3`, OS_CACERT: ca };
      const results = await given().fails(["openstack-certificates"], given().document(), through);
      const { findings = [] } = results.find(({ id }) => id === "openstack-certificates") ?? {};
      assert.deepEqual(
        findings.map(({ subject }) => subject),
        [`Keystone ${address}`],
      );
    } finally {
      inFront.closeAllConnections();
      inFront.close();
      made.remove();
    }
  });

  it("fails openstack-hypervisor-capacity when nova-compute did not see a host go into maintenance", async () => {
    const node = given().operator.node(cluster);
    // Placement is told by hand, nova by nobody; and nova takes the service for up for a minute.
    await breaking(
      "openstack-hypervisor-capacity",
      async () => {
        await node.stop();
        await maintenance("Enter");
        await given().placement(2 / 3);
      },
      async () => {
        await maintenance("Exit");
        await node.start();
      },
    );
  });

  it("fails openstack-instances-on-shared-storage when a host lacks the datastore", () =>
    breaking(
      "openstack-instances-on-shared-storage",
      async () => {
        await maintenance("Enter");
        await given().admin.unmount("esx-03.lab.test", "ha-a");
        await maintenance("Exit");
      },
      () => given().admin.mount("esx-03.lab.test", "ha-a"),
    ));
}
