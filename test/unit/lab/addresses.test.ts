import assert from "node:assert/strict";
import { BlockList, isIPv4 } from "node:net";
import fc from "fast-check";
import { labAddresses, octetsOf, splitAddress } from "../../../lab/addresses";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8);

describe("octetsOf", () => {
  it("is the same on every start", () => {
    assert.deepEqual(octetsOf("/home/a/checkout", "dev"), octetsOf("/home/a/checkout", "dev"));
  });

  it("names each octet once, and prefers another one for another name or checkout", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (checkout, name) => {
        const octets = octetsOf(checkout, name);
        assert.equal(octets.length, 200);
        assert.equal(new Set(octets).size, 200);
        for (const octet of octets) assert.ok(octet >= 20 && octet < 220);
      }),
    );
    const preferred = [octetsOf("/home/a", "dev"), octetsOf("/home/a", "other"), octetsOf("/home/b", "dev")];
    assert.equal(new Set(preferred.map(([octet]) => octet)).size, 3);
  });
});

describe("labAddresses", () => {
  it("gives distinct loopback addresses with ports that need no privilege", () => {
    const { vcenter, faults, bmcs, ssh, guestNetwork } = labAddresses(77);
    const all = [vcenter, faults, ...bmcs, ...ssh];
    assert.equal(new Set(all).size, all.length);
    for (const { host, port } of all.map(splitAddress)) {
      assert.ok(isIPv4(host) && loopback.check(host), host);
      assert.ok(port >= 1024 && port < 65536);
    }
    assert.equal(guestNetwork, "127.77.2.0/24");
  });
});

describe("splitAddress", () => {
  it("splits at the last colon", () => {
    assert.deepEqual(splitAddress("127.0.0.1:8443"), { host: "127.0.0.1", port: 8443 });
  });
});
