import assert from "node:assert/strict";
import { parseList } from "../../../../verification/faults/esxcli";

describe("what esxcli prints of a list", () => {
  const lists = (text: string): Record<string, string>[] => parseList(text).map((fields) => Object.fromEntries(fields));

  it("is an object for each name, with its indented fields", () => {
    const text =
      "naa.1 \n   Status: on\n   Display Name: Disk: the first \n\nnaa.2\n   Status: dead timeout\n   Model:\n";
    assert.deepEqual(lists(text), [
      { "": "naa.1", Status: "on", "Display Name": "Disk: the first" },
      { "": "naa.2", Status: "dead timeout", Model: "" },
    ]);
  });

  it("is none where nothing is printed, or fields of nothing", () => {
    assert.deepEqual(lists(""), []);
    assert.deepEqual(lists("  \n   Status: on\n"), []);
  });

  it("leaves out what is no field", () => {
    assert.deepEqual(lists("vmk0: up\n   no field here\n   MTU: 1500"), [{ "": "vmk0: up", MTU: "1500" }]);
  });
});
