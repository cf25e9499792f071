import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { sharedTarget } from "../../../components";
import { target } from "./ruleSuite";

/** A reference to a stack with these outputs. */
async function referenceTo(outputs: object): Promise<pulumi.StackReference> {
  await pulumi.runtime.setMocks({
    newResource: ({ inputs }) => ({ id: "stack", state: { ...(inputs as object), outputs } }),
    call: ({ inputs }) => inputs as object,
  });
  return new pulumi.StackReference("org/cluster/prod");
}

async function refusal(outputs: object, output?: string): Promise<string> {
  const reference = await referenceTo(outputs);
  try {
    await sharedTarget(reference, output);
  } catch (error) {
    assert.ok(pulumi.RunError.isInstance(error), String(error));
    return error.message;
  }
  throw new Error("was taken");
}

describe("sharedTarget", () => {
  it("gives what another stack exports, as components take it", async () => {
    assert.deepEqual(await sharedTarget(await referenceTo({ cluster: target })), target);
    assert.deepEqual(await sharedTarget(await referenceTo({ other: target }), "other"), target);
  });

  it("fails in one line when the stack has no such output", async () => {
    assert.equal(
      await refusal({ clusterId: "domain-c1" }),
      'output "cluster" of stack org/cluster/prod is not there; export it there: ' +
        "export const cluster = cluster.target, and run pulumi up",
    );
  });

  it("fails for another output, naming every part that is not a cluster's", async () => {
    const { hostIds, ...rest } = target;
    const message = await refusal({ cluster: { ...rest, datastoreIds: { "ha-a": 1 } } });
    assert.match(message, /^2 problems in what stack org\/cluster\/prod exports as a cluster's target:/);
    assert.match(message, /\n {2}cluster\.hostIds is not set: .*; set it/);
    assert.match(message, /\n {2}cluster\.datastoreIds\.ha-a = 1: expected string; correct the value/);
    assert.ok(hostIds);
  });

  it("fails for a secret", async () => {
    const secret = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value: target };
    assert.match(await refusal({ cluster: secret }), /^output "cluster" of stack org\/cluster\/prod is a secret/);
  });
});
