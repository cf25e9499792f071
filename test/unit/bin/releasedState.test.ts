import assert from "node:assert/strict";
import { asDeployedBy, type Exported, losses, released, type Resource } from "../../../bin/releasedState";

const of = (type: string, name: string): string => `urn:pulumi:dev::p::${type}::${name}`;
const secret = (ciphertext: string): object => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  ciphertext,
});

/** What differs between two deployments of the same. */
interface Lab {
  host: string;
  cluster: string;
  uuid: string;
  ciphertext: string;
}
const one: Lab = {
  host: "host-3",
  cluster: "domain-c34",
  uuid: "61e4ce66-502c-40a9-ad54-7b4207916707",
  ciphertext: "v1:a",
};
const two: Lab = {
  host: "host-77",
  cluster: "domain-c7",
  uuid: "81501036-c2d4-4ed4-94ad-29d37e348772",
  ciphertext: "v1:b",
};

function deployed({ host, cluster, uuid, ciphertext }: Lab): Exported {
  const provider = `${of("pulumi:providers:v", "default")}::${uuid}`;
  const child = { custom: true, parent: of("c:Cluster", "c"), provider };
  const resources: Resource[] = [
    { urn: of("c:Cluster", "c"), type: "c:Cluster", custom: false, outputs: { clusterId: cluster } },
    { urn: of("pulumi:providers:v", "default"), type: "pulumi:providers:v", custom: true, id: uuid },
    {
      ...child,
      urn: of("c:Cluster$v:Host", "c-host-1"),
      type: "v:Host",
      id: host,
      inputs: { name: "esx-1.lab.test", password: secret(ciphertext), maintenance: false },
      outputs: { disk: "naa.6000c29000000000000000000000a001", thumbprint: `00:11:22:33:44:${host.slice(-1)}a` },
    },
    {
      ...child,
      urn: of("c:Cluster$v:Cluster", "c-cluster"),
      type: "v:Cluster",
      id: cluster,
      inputs: { hosts: [host], other: "host-345", size: 3 },
      outputs: { pool: `resgroup-${host.slice(-1)}`, drift: null },
    },
    {
      ...child,
      urn: of("c:Cluster$v:Override", "c-override"),
      type: "v:Override",
      id: `${cluster}:${uuid}`,
      inputs: { pool: `resgroup-${host.slice(-1)}`, text: `{"cluster":"${cluster}"}` },
      dependencies: [of("c:Cluster$v:Cluster", "c-cluster")],
      modified: new Date().toISOString(),
    },
    {
      ...child,
      urn: of("c:Cluster$command:local:Command", "c-check"),
      type: "command:local:Command",
      id: `c-check${host === one.host ? "0123abcd" : "4567cdef"}`,
      outputs: { stdout: `took ${host.slice(-1)} s` },
    },
  ];
  return { version: 3, deployment: { secrets_providers: { type: "passphrase", salt: ciphertext }, resources } };
}

const named = (resources: Resource[], name: string): Resource => {
  const found = resources.find(({ urn }) => urn.endsWith(`::${name}`));
  assert.ok(found, name);
  return found;
};

describe("the state of a release", () => {
  it("is the same from whatever lab it was exported", () => {
    assert.deepEqual(released(deployed(one)), released(deployed(two)));
  });

  it("says where what only a lab had stands, and keeps the rest", () => {
    const resources = released(deployed(one));
    const cluster = named(resources, "c-cluster");
    assert.equal(cluster.id, "{{c-cluster /id}}");
    assert.deepEqual(cluster.inputs, { hosts: ["{{c-host-1 /id}}"], other: "{{c-cluster /inputs/other}}", size: 3 });
    assert.deepEqual(cluster.outputs, { pool: "{{c-cluster /outputs/pool}}", drift: null });
    assert.equal(cluster.provider, `${of("pulumi:providers:v", "default")}::{{default /id}}`);
    assert.deepEqual(named(resources, "c-override").inputs, {
      pool: "{{c-cluster /outputs/pool}}",
      text: '{"cluster":"{{c-cluster /id}}"}',
    });
    const { inputs, outputs } = named(resources, "c-host-1");
    assert.deepEqual(inputs, {
      name: "esx-1.lab.test",
      password: "{{c-host-1 /inputs/password}}",
      maintenance: false,
    });
    assert.deepEqual(outputs, {
      disk: "naa.6000c29000000000000000000000a001",
      thumbprint: "{{c-host-1 /outputs/thumbprint}}",
    });
    assert.equal(named(resources, "c-check").id, "{{c-check /id}}");
    assert.deepEqual(named(resources, "c-check").outputs, { stdout: "{{c-check /outputs/stdout}}" });
  });

  it("becomes the state of another deployment with that one's ids and secrets", () => {
    const now = deployed(two);
    const passing = ["dependencies", "modified"];
    const expected = now.deployment.resources.map((resource) =>
      Object.fromEntries(
        Object.entries(resource).filter(([key]) => !passing.includes(key) && (resource.custom || key !== "outputs")),
      ),
    );
    const state = asDeployedBy(released(deployed(one)), now);
    assert.deepEqual(state.deployment.resources, expected);
    assert.deepEqual(state.deployment.secrets_providers, now.deployment.secrets_providers);
  });

  it("keeps what the release stated otherwise", () => {
    const release = released(deployed(one));
    named(release, "c-cluster").inputs = { size: 2 };
    const state = asDeployedBy(release, deployed(two));
    assert.deepEqual(named(state.deployment.resources, "c-cluster").inputs, { size: 2 });
  });

  it("has the ids of what was renamed since, under the release's name: preview judges whether it is the same", () => {
    const now = deployed(two);
    named(now.deployment.resources, "c-override").urn = of("c:Cluster$v:Override", "c-new-name");
    const state = asDeployedBy(released(deployed(one)), now);
    assert.equal(named(state.deployment.resources, "c-override").id, `${two.cluster}:${two.uuid}`);
  });

  it("takes of several that were renamed the one that is most alike", () => {
    const host = (name: string, id: string): Resource => ({
      ...{ urn: of("v:Host", name), type: "v:Host", custom: true, id, inputs: { fqdn: name.slice(-1), port: 443 } },
    });
    const before = [host("old-a", "host-1"), host("old-b", "host-2")];
    const now = [host("new-b", "host-8"), host("new-a", "host-9")];
    const release = released({ version: 3, deployment: { resources: before } });
    const { deployment } = asDeployedBy(release, { version: 3, deployment: { resources: now } });
    assert.deepEqual(
      deployment.resources.map(({ id }) => id),
      ["host-9", "host-8"],
    );
  });

  it("fails, and names it, for what is not made any more", () => {
    const now = deployed(two);
    now.deployment.resources = now.deployment.resources.filter(({ type }) => type !== "v:Override");
    assert.throws(() => asDeployedBy(released(deployed(one)), now), {
      message: "the release made what is not made now, so that its users would lose it:\n  c-override (v:Override)",
    });
  });
});

describe("what an upgrade loses", () => {
  const step = (op: string, type: string, name: string): { op: string; urn: string } => ({ op, urn: of(type, name) });

  it("is all that is replaced, deleted or created, by its name", () => {
    const steps = ["replace", "create-replacement", "delete-replaced", "delete", "create", "import", "discard"];
    assert.deepEqual(
      losses({ steps: steps.map((op) => step(op, "c:Cluster$v:index/host:Host", "h")) }),
      steps.map((op) => `${op} h (v:index/host:Host)`),
    );
  });

  it("is nothing of what stays, is read or changed in place, nor a provider or a check that is made again", () => {
    const steps = [
      ...["same", "read", "update", "refresh"].map((op) => step(op, "v:Host", "h")),
      step("delete", "pulumi:providers:v", "default_4_0_0"),
      step("replace", "vsphere-ha:index:PostDeployCheck$command:local:Command", "verified-check"),
    ];
    assert.deepEqual(losses({ steps }), []);
  });

  it("is a check that is gone, and any other command that is run again", () => {
    const steps = [
      step("delete", "vsphere-ha:index:PostDeployCheck$command:local:Command", "verified-check"),
      step("replace", "vsphere-ha:index:OpenStackCompute$command:remote:Command", "service"),
    ];
    assert.equal(losses({ steps }).length, 2);
  });
});
