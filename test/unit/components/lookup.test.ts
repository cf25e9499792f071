import assert from "node:assert/strict";
import { inspect } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { lookup } from "../../../components/lookup";

const settled = <T>(output: pulumi.Output<T>): Promise<T> => (output as unknown as { promise(): Promise<T> }).promise();

describe("a look-up in vCenter", () => {
  it("asks by name and datacenter", async () => {
    const asked: unknown[] = [];
    const found = lookup("host", { name: "esx-01", datacenterId: pulumi.output("datacenter-2") }, (args) => {
      asked.push(args);
      return Promise.resolve({ id: "host-9" });
    });
    assert.deepEqual(await settled(found), { id: "host-9" });
    assert.deepEqual(asked, [{ name: "esx-01", datacenterId: "datacenter-2" }]);
  });

  it("that fails is a user's error: one line with the provider's reason and the remedy, and cheap to render", async () => {
    const reason = "invocation of vsphere:index/getHost:getHost returned an error: host 'esx-09' not found";
    const failing = lookup("host", { name: "esx-09" }, () => Promise.reject(new Error(reason)));
    await assert.rejects(settled(failing), (error: Error) => {
      assert.ok(pulumi.RunError.isInstance(error));
      assert.equal(
        error.message,
        "cannot find host \"esx-09\" in vCenter: host 'esx-09' not found; check the name, that vCenter can be reached, " +
          "and who logs in (VSPHERE_SERVER, VSPHERE_USER, VSPHERE_PASSWORD, or the provider's arguments)",
      );
      assert.equal(inspect(error), error.message);
      return true;
    });
  });
});
