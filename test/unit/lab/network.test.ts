import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { labAddresses, splitAddress } from "../../../lab/addresses";
import { LabError } from "../../../lab/errors";
import { claimNetwork } from "../../../lab/network";

// Octets that neither a lab nor a test of the simulated vCenter has, so that what runs beside this test is no part of it.
const OCTETS = [252, 253];

async function listening(address: string): Promise<() => Promise<void>> {
  const { host, port } = splitAddress(address);
  const server = createServer().listen(port, host);
  await once(server, "listening");
  return async () => {
    server.close();
    await once(server, "close");
  };
}

describe("claimNetwork", () => {
  it("gives each of several at once a network of its own, and an error when none is left", async () => {
    const [first, second] = await Promise.all([claimNetwork(OCTETS), claimNetwork(OCTETS)]);
    assert.deepEqual([first.octet, second.octet].sort(), OCTETS);
    await assert.rejects(claimNetwork(OCTETS), (error: unknown) => {
      assert.ok(error instanceof LabError);
      assert.match(error.message, /each of the 2 networks .*127\.252\.0\.0.*127\.253\.0\.0.*stop a lab/);
      return true;
    });
    first.release();
    const again = await claimNetwork(OCTETS);
    assert.equal(again.octet, first.octet);
    again.release();
    second.release();
  });

  it("passes over a network in which anything listens", async () => {
    const { vcenter, faults, bmcs, ssh } = labAddresses(252);
    for (const address of [vcenter, faults, ...bmcs, ...ssh]) {
      const close = await listening(address);
      try {
        const claim = await claimNetwork(OCTETS);
        assert.equal(claim.octet, 253, address);
        claim.release();
      } finally {
        await close();
      }
    }
  });
});
