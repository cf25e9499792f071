import assert from "node:assert/strict";
import { isLoopback } from "../../../../verification/net/loopback";

describe("an address of this machine alone", () => {
  for (const host of ["127.0.0.1", "127.1.20.255", "localhost", "::1", "[::1]"]) {
    it(`is ${host}`, () => {
      assert.equal(isLoopback(host), true);
    });
  }
  // Passwords would go in clear text to each of these.
  for (const host of [
    "",
    "10.127.0.0.1",
    "127.0.0.1.example.com",
    "127.0.0",
    "127.a.b.c",
    "128.0.0.1",
    "::",
    "localhost.example.com",
  ]) {
    it(`is not ${host === "" ? "an empty one" : host}`, () => {
      assert.equal(isLoopback(host), false);
    });
  }
});
