import assert from "node:assert/strict";
import type { FaultRecord } from "../../../../verification/faults/fault";
import { faultWords, isFaultKind } from "../../../../verification/faults/words";

describe("the words of a fault", () => {
  const storage = { host: "esx-1", datastores: ["one", "two"], devices: [], paths: [], rulesets: [] };

  it("name every adapter that is disabled, in what is done and in what a person does", () => {
    const fault: FaultRecord = { kind: "host-isolation", host: "esx-1", adapters: ["vmk0", "vmk2"], undoSeconds: 300 };
    const { breaks, undo } = faultWords(fault);
    assert.match(breaks, /^have esx-1 enable vmk0 and vmk2 by itself after 300 s, and disable vmk0 and vmk2, /);
    assert.match(undo, /^wait until esx-1 enables vmk0 and vmk2 by itself, 300 s after the fault, or enable it /);
  });

  it("name every datastore that is lost, and by what it comes back", () => {
    const paths = ["vmhba1:C0:T0:L0", "vmhba2:C0:T0:L0"];
    const apd = faultWords({ ...storage, kind: "apd", paths, rulesets: ["nfsClient"] });
    assert.equal(apd.title, "All paths down of one, two at esx-1");
    assert.equal(apd.inLine, "all paths down of one, two at esx-1");
    assert.equal(
      apd.undo,
      "bring one, two back at esx-1 (vmhba1:C0:T0:L0, vmhba2:C0:T0:L0, firewall rule set nfsClient)",
    );
    assert.equal(apd.refused, "esx-1 must not lose one, two");
    const pdl = faultWords({ ...storage, kind: "pdl" });
    assert.equal(pdl.title, "Device loss of one, two at esx-1");
    assert.equal(pdl.undo, "bring one, two back at esx-1");
  });

  it("say what is refused also where it is not known which storage that is", () => {
    assert.equal(faultWords({ ...storage, kind: "pdl", datastores: [] }).refused, "esx-1 must not lose its storage");
  });

  it("are of the kinds that there are", () => {
    assert.deepEqual(["apd", "host-power", "toString", "earthquake"].map(isFaultKind), [true, true, false, false]);
  });
});
