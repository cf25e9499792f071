import assert from "node:assert/strict";
import { BlockList, isIPv4 } from "node:net";
import fc from "fast-check";
import { labAddresses, splitAddress } from "../../../lab/addresses";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8);

describe("labAddresses", () => {
  it("gives distinct loopback addresses with ports that need no privilege", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (checkout, name) => {
        const { octet, vcenter, faults, bmcs, guestNetwork } = labAddresses(checkout, name);
        assert.ok(octet >= 20 && octet < 220);
        const all = [vcenter, faults, ...bmcs];
        assert.equal(new Set(all).size, all.length);
        for (const { host, port } of all.map(splitAddress)) {
          assert.ok(isIPv4(host) && loopback.check(host), host);
          assert.ok(port >= 1024 && port < 65536);
        }
        assert.equal(guestNetwork, `127.${octet}.2.0/24`);
      }),
    );
  });

  it("is the same on every start", () => {
    assert.deepEqual(labAddresses("/home/a/checkout", "dev"), labAddresses("/home/a/checkout", "dev"));
  });

  it("keeps labs of other names and other checkouts apart", () => {
    const octets = [
      labAddresses("/home/a", "dev"),
      labAddresses("/home/a", "other"),
      labAddresses("/home/b", "dev"),
    ].map(({ octet }) => octet);
    assert.equal(new Set(octets).size, 3);
  });
});

describe("splitAddress", () => {
  it("splits at the last colon", () => {
    assert.deepEqual(splitAddress("127.0.0.1:8443"), { host: "127.0.0.1", port: 8443 });
  });
});
