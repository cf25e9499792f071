import assert from "node:assert/strict";
import fc from "fast-check";
import ts from "typescript";
import { parse } from "yaml";
import { parseConfig } from "../../../../verification/config";
import type { Json } from "../../../../verification/config/layers";
import { adoption } from "../../../../verification/init/adopt";
import { filesOf, slug, type Files } from "../../../../verification/init/files";
import { literal } from "../../../../verification/init/literal";
import { scene } from "../checks/fixture";

/** What is hard to quote: for YAML, JSON, TypeScript or a shell. */
const odd = [
  `a "b" 'c'`,
  "- x: #y",
  "{[&*!|>%@`",
  "yes",
  "1e3",
  "ä\u2028\u0007😀",
  "${x} $(y) `z`",
  "*/ //",
  "__proto__",
  "\\",
];

function files(name: string, secured = false): Files {
  const { inventory } = scene();
  const found = {
    ref: { type: "ClusterComputeResource", id: "c" },
    datacenter: name,
    name,
    path: `/${name}/host/${name}`,
  };
  const vcenter = {
    server: "vc.example.com:8443",
    user: name,
    thumbprint: secured ? "AB".repeat(32) : undefined,
    certificate: secured ? "-----BEGIN CERTIFICATE-----\n" : undefined,
  };
  return filesOf({
    vcenter,
    found,
    inventory,
    adoption: adoption(inventory, found),
    vms: [{ name, guestOs: "ubuntu" }],
  });
}

/** The program's arguments of a call, as TypeScript understands them. */
function evaluated(program: string, callee: string): unknown[] {
  const source = ts.createSourceFile("index.ts", program, ts.ScriptTarget.ES2022, true);
  assert.deepEqual((source as unknown as { parseDiagnostics: unknown[] }).parseDiagnostics, [], program);
  let found: ts.NodeArray<ts.Expression> | undefined;
  const visit = (node: ts.Node): void => {
    const isCall = ts.isCallExpression(node) || ts.isNewExpression(node);
    if (isCall && node.expression.getText() === callee) found = node.arguments;
    ts.forEachChild(node, visit);
  };
  visit(source);
  assert.ok(found, callee);
  return found.map((argument) => {
    const text = argument.getText();
    // eslint-disable-next-line @typescript-eslint/no-implied-eval
    return text === "target" ? text : (new Function(`return (${text})`) as () => unknown)();
  });
}

describe("the files of init", () => {
  for (const name of odd) {
    it(`hold the name ${JSON.stringify(name)} as it is`, () => {
      const written = files(name);
      const stack = parse(written["Pulumi.prod.yaml"] ?? "") as { config: Record<string, string> };
      assert.deepEqual(stack, { config: { "vsphere:vsphereServer": "vc.example.com:8443", "vsphere:user": name } });
      assert.match((parse(written["Pulumi.yaml"] ?? "") as { name: string }).name, /^[a-z0-9-]+$/);
      const [, args] = evaluated(written["index.ts"] ?? "", "EsxiCluster") as [string, { clusterName: string }];
      assert.equal(args.clusterName, name);
      const [, vms] = evaluated(written["index.ts"] ?? "", "verificationDocument");
      assert.deepEqual(vms, [{ name, guestOs: "ubuntu" }]);
      const imported = JSON.parse(written["import.json"] ?? "") as { resources: { id?: string }[] };
      assert.equal(imported.resources[1]?.id, `/${name}/host/${name}`);
    });

    it(`give the check a configuration that it takes, for ${JSON.stringify(name)}`, () => {
      const document = JSON.parse(files(name)["verification.json"] ?? "") as Json;
      const config = parseConfig(document, { VSPHERE_PASSWORD: "p" });
      const { inventory } = scene();
      assert.deepEqual(config.cluster, { datacenter: name, name, declared: inventory.cluster.settings });
      assert.deepEqual(
        config.hosts.map((host) => host.name),
        inventory.hosts.map((host) => host.name),
      );
      assert.deepEqual(
        config.vms.map((vm) => [vm.name, vm.guestOs, vm.probe.port]),
        [[name, "ubuntu", 22]],
      );
      assert.deepEqual(config.vcenter, {
        server: "vc.example.com:8443",
        user: name,
        caFile: undefined,
        thumbprint: undefined,
      });
    });
  }

  it("are those of a project, with the certificate only where it was pinned", () => {
    const plain = ["Pulumi.yaml", "Pulumi.prod.yaml", "index.ts", "package.json", "tsconfig.json", "import.json"];
    assert.deepEqual(Object.keys(files("a")), [...plain, "verification.json"]);
    assert.deepEqual(Object.keys(files("a", true)), [...plain, "verification.json", "vcenter.pem"]);
    const document = JSON.parse(files("a", true)["verification.json"] ?? "") as { vcenter: { thumbprint: string } };
    assert.equal(document.vcenter.thumbprint, "AB".repeat(32));
  });
});

describe("a literal", () => {
  it("says what JSON says, whatever that is", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
        const known = JSON.parse(JSON.stringify(value, (_, one: unknown) => (one === null ? false : one))) as never;
        // eslint-disable-next-line @typescript-eslint/no-implied-eval
        assert.deepEqual((new Function(`return (${literal(known)})`) as () => unknown)(), known);
      }),
    );
  });

  it("stands on one line where that is short, and else has a line for each member", () => {
    assert.equal(literal({ a: [1, "x"], "b-c": true, d: {} }), '{ a: [1, "x"], "b-c": true, d: {} }');
    const long = "x".repeat(60);
    assert.equal(literal({ a: [long, long] }), `{\n  a: [\n    "${long}",\n    "${long}",\n  ],\n}`);
  });
});

describe("the name of the folder", () => {
  for (const [name, folder] of [
    ["by-hand", "by-hand"],
    ["Küche Süd #1", "kuche-sud-1"],
    ["集群", "cluster"],
    ["..", "cluster"],
    ["a".repeat(80), "a".repeat(60)],
  ] as const) {
    it(`is ${folder} for ${name}`, () => {
      assert.equal(slug(name), folder);
    });
  }
});
