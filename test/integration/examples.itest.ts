import assert from "node:assert/strict";
import { CloudLab } from "./cloudLab";
import { ExampleProject } from "./exampleProject";
import { wholeInventory } from "./inventory";
import { Administrator } from "./smallCluster";

/** Here, and not in `npm test`: with a start of OpenStack of its own it takes minutes. */
describe("the example two-zones", function () {
  this.timeout(900_000);
  let cloud: CloudLab;
  let admin: Administrator;
  let example: ExampleProject;
  let inventoryBefore: string[];
  const started: (() => unknown)[] = [];
  const check = (zone: string) => example.run(`pulumi stack output ${zone} --json | npx vsphere-ha check --config -`);

  before(async () => {
    cloud = await CloudLab.start("example-zones");
    started.push(() => cloud.stop());
    admin = await Administrator.logIn(cloud.env, 10);
    started.push(() => admin.logOut());
    inventoryBefore = await wholeInventory(cloud.env);
    const ca = { VSPHERE_HA_COMPUTE_CA_FILE: cloud.env.VSPHERE_HA_CA_FILE ?? "" };
    example = await ExampleProject.of("two-zones", { ...cloud.env, ...ca });
  });

  after(async () => {
    for (const end of started.reverse()) await end();
  });

  it("says in one line which variable is missing", async () => {
    await example.run("pulumi stack init missing");
    const output = await example.refusal("VSPHERE_HA_COMPUTE_HOST_KEY= pulumi preview");
    assert.match(output, /VSPHERE_HA_COMPUTE_HOST_KEY is not set: README\.md tells what it is/);
    await example.run("pulumi stack rm missing --yes");
  });

  it("is deployed by the commands of its README, each cluster a zone of its own, and each verified", async () => {
    const output = await example.documented("pulumi destroy");
    assert.equal([...output.matchAll(/passed {2}declared VMs answer: 1 of 1 VM\n/g)].length >= 2, true, output);
    const { services } = await cloud.api<{ services: { binary: string; host: string; state: string; zone: string }[] }>(
      "compute",
      "GET",
      "/os-services",
    );
    const computes = services.filter(({ binary }) => binary === "nova-compute");
    assert.deepEqual(computes.map(({ host, state, zone }) => `${host} ${state} ${zone}`).sort(), [
      "north up north",
      "south up south",
    ]);
    const settled = await example.run("pulumi preview --expect-no-changes");
    assert.equal(settled.code, 0, settled.stdout + settled.stderr);
  });

  it("fails the check of the zone whose compute service is disabled, and of that one only", async () => {
    const { services } = await cloud.api<{ services: { id: string; host: string }[] }>(
      "compute",
      "GET",
      "/os-services",
    );
    const path = `/os-services/${services.find(({ host }) => host === "south")?.id ?? ""}`;
    await cloud.api("compute", "PUT", path, { status: "disabled", disabled_reason: "repair" });
    const [north, south] = [await check("north"), await check("south")];
    await cloud.api("compute", "PUT", path, { status: "enabled" });
    assert.equal(north.code, 0, north.stdout + north.stderr);
    assert.equal(south.code, 1, south.stdout + south.stderr);
    assert.match(south.stdout + south.stderr, /FAILED {2}nova-compute of the cluster is up and enabled/i);
  });

  it("leaves nothing behind", async () => {
    await example.documented();
    // The folders that nova's driver makes for a project, and keeps.
    const ofNova = /^Folder (OpenStack|Instances|Project \(.*\))$/;
    const inventory = (await wholeInventory(cloud.env)).filter((entry) => !ofNova.test(entry));
    assert.deepEqual(inventory, inventoryBefore);
    const { services } = await cloud.api<{ services: { binary: string }[] }>("compute", "GET", "/os-services");
    assert.deepEqual(
      services.filter(({ binary }) => binary === "nova-compute"),
      [],
    );
  });
});
