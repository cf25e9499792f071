import assert from "node:assert/strict";
import { createServer, type AddressInfo, type Server } from "node:net";
import { connectTcp, probeTcp } from "../../../../verification/probes/tcp";

function listen(): Promise<{ server: Server; port: number }> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.on("error", () => socket.destroy()));
    server.listen(0, "127.0.0.1", () => {
      resolve({ server, port: (server.address() as AddressInfo).port });
    });
  });
}

describe("TCP probe", () => {
  it("finds a listening service up, and down as soon as it stopped", async () => {
    const { server, port } = await listen();
    assert.equal(await probeTcp("127.0.0.1", port, 500), true);
    await new Promise((done) => server.close(done));
    assert.equal(await probeTcp("127.0.0.1", port, 500), false);
    assert.equal(await connectTcp("127.0.0.1", port, 500), "refused");
  });

  it("leaves no connection behind", async () => {
    const { server, port } = await listen();
    for (let k = 0; k < 20; k++) assert.equal(await probeTcp("127.0.0.1", port, 500), true);
    // close() ends only when the server has no connection any more.
    await new Promise((done) => server.close(done));
  });

  it("calls a service up that answered while this process was paused beyond the time limit", async () => {
    const { server, port } = await listen();
    const probe = connectTcp("127.0.0.1", port, 20);
    setImmediate(() => {
      const until = performance.now() + 60;
      while (performance.now() < until);
    });
    assert.equal(await probe, "up");
    await new Promise((done) => server.close(done));
  });

  it("learns nothing from a failure of its own side", async () => {
    // A name that cannot exist (RFC 6761) says nothing about the service.
    assert.equal(await connectTcp("guest.invalid", 22, 2000), "unknown");
  });
});
