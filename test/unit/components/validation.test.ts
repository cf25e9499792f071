import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import {
  describe as describeProblems,
  nonEmpty,
  plain,
  validated,
  valuesAt,
  wholeNumber,
} from "../../../components/validation";
import { registered, type Registered } from "./mocks";

interface Args {
  name?: pulumi.Input<string>;
  items?: pulumi.Input<number>[];
}
const rules = [nonEmpty<Args>("name", "a name"), wholeNumber<Args>("items[]", "pieces", 1, 5)];

class Checked extends pulumi.ComponentResource {
  constructor(name: string, args: Args) {
    super("test:index:Checked", name, {}, validated(`Checked ${name}`, args, rules, undefined));
    new pulumi.ComponentResource("test:index:Child", `${name}-child`, {}, { parent: this });
  }
}

/** What the program fails with, now or when values become known, and the names of what it registered until then. */
async function outcome(args: Args): Promise<{ message: string; names: string[] }> {
  const resources: Registered[] = [];
  // Mocha listens too, and would take the failure of an Output for a failure of the test.
  const listeners = process.listeners("unhandledRejection");
  const failure = new Promise<unknown>((resolve) => {
    process.removeAllListeners("unhandledRejection").on("unhandledRejection", resolve);
  });
  try {
    const error = await Promise.race([
      registered(() => new Checked("c", args), resources).then(() => undefined),
      failure,
    ]).catch((thrown: unknown) => thrown);
    assert.ok(error === undefined || pulumi.RunError.isInstance(error), String(error));
    return { message: error?.message ?? "", names: resources.map(({ name }) => name) };
  } finally {
    process.removeAllListeners("unhandledRejection");
    listeners.forEach((listener) => process.on("unhandledRejection", listener));
  }
}

describe("validation", () => {
  it("lets good arguments through", async () => {
    const { message, names } = await outcome({ name: "n", items: [1, pulumi.output(5)] });
    assert.equal(message, "");
    assert.deepEqual(names, ["c", "c-child"]);
  });

  it("fails at once on plain values, listing every problem", async () => {
    const { message, names } = await outcome({ name: "", items: [0, 3, 9] });
    assert.deepEqual(message.split("\n"), [
      "3 problems in Checked c:",
      '  name = "": must not be empty; write a name',
      "  items[0] = 0: must be a whole number of pieces, from 1 to 5; write a whole number, from 1 to 5",
      "  items[2] = 9: must be a whole number of pieces, from 1 to 5; write a whole number, from 1 to 5",
    ]);
    assert.deepEqual(names, []);
  });

  it("fails on values of other resources when they become known, and creates nothing before", async () => {
    const { message, names } = await outcome({ name: pulumi.output(""), items: [pulumi.output(7)] });
    assert.match(message, /^2 problems in Checked c:\n {2}name = "": /);
    assert.match(message, /items\[0\] = 7/);
    assert.deepEqual(names, []);
  });

  it("never shows a secret", async () => {
    const { message } = await outcome({ name: pulumi.secret("hidden"), items: [pulumi.secret(77), 3] });
    assert.equal(message, "");
  });

  it("takes what is not known yet for stated", () => {
    assert.deepEqual(plain({ a: pulumi.output(1), b: undefined, c: [{ d: 2 }] }), { a: undefined, c: [{ d: 2 }] });
    assert.ok("a" in plain({ a: pulumi.output(1) }));
  });

  it("names each value of a list by its index", () => {
    assert.deepEqual(valuesAt({ a: [{ b: [1, 2] }, {}] }, "a[].b[]"), [
      { path: "a[0].b[0]", value: 1 },
      { path: "a[0].b[1]", value: 2 },
    ]);
    assert.deepEqual(valuesAt({}, "a[].b"), []);
  });

  it("says that a value is not set instead of printing undefined", () => {
    const text = describeProblems("X", [{ path: "p", value: undefined, rule: "must be there", remedy: "set it" }]);
    assert.equal(text, "1 problem in X:\n  p is not set: must be there; set it");
  });
});
