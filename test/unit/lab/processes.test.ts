import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import {
  commandOf,
  descendantsOf,
  isTaken,
  listenerOf,
  listeningInode,
  processesWith,
  waitFor,
} from "../../../lab/processes";

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F99 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0 0 10 0
   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000000000000000 100 0 0 10 0
   2: 01004D7F:20FB 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 4713 1 0000000000000000 20 4 30 10 -1
`;

describe("listeningInode", () => {
  it("finds the socket that listens at an address", () => {
    assert.equal(listeningInode(TABLE, "127.0.0.1:8089"), "4711");
  });
  it("finds one that listens at all addresses", () => {
    assert.equal(listeningInode(TABLE, "127.77.0.1:22"), "4712");
  });
  it("passes over connections, other ports and other addresses", () => {
    for (const address of ["127.77.0.1:8443", "127.0.0.1:8090", "127.0.0.2:8089"]) {
      assert.equal(listeningInode(TABLE, address), undefined);
    }
  });
});

describe("isTaken and listenerOf", () => {
  let server: Server;
  let address: string;
  beforeEach(async () => {
    server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.close();
  });

  it("say that a port is in use, and by whom", async function () {
    assert.equal(await isTaken(address), true);
    if (process.platform !== "linux") this.skip();
    assert.match(listenerOf(address) ?? "", new RegExp(`node.* \\(pid ${process.pid}\\)$`));
  });

  it("say that it is free once nobody listens", async () => {
    server.close();
    await once(server, "close");
    assert.equal(await isTaken(address), false);
    assert.equal(listenerOf(address), undefined);
  });
});

describe("commandOf", () => {
  it("is the command line of a process, and nothing once it has ended", async () => {
    const child = spawn("sleep", ["4242"]);
    const { pid } = child;
    assert.ok(pid);
    assert.equal(commandOf(pid), "sleep 4242");
    child.kill();
    await once(child, "exit");
    assert.equal(commandOf(pid), undefined);
  });
});

describe("waitFor", () => {
  it("ends as soon as the condition holds", async () => {
    let calls = 0;
    assert.equal(await waitFor(() => ++calls === 3, 10_000), true);
    assert.equal(calls, 3);
  });
  it("says so when it does not hold in time", async () => {
    assert.equal(await waitFor(() => false, 1), false);
  });
});

describe("processesWith and descendantsOf", () => {
  it("find what runs by its command line, and below a process whatever its depth", async () => {
    const mark = `mark-${process.pid}`;
    const child = spawn("/bin/sh", ["-c", `sleep 100 & echo $!; sh -c 'sleep 100; : ${mark}' & echo $!; wait`], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const pids = (): number[] => output.trim().split("\n").map(Number);
    // The inner shell, too, has begun its sleep.
    const begun = (): boolean => pids().length === 2 && descendantsOf(child.pid ?? 0).length === 3;
    assert.ok(await waitFor(begun, 10_000), output);
    const found = descendantsOf(child.pid ?? 0);
    for (const pid of pids()) assert.ok(found.includes(pid));
    assert.deepEqual(processesWith(mark).sort(), [child.pid, pids()[1]].sort());
    assert.deepEqual(descendantsOf(pids()[0] ?? 0), []);
    for (const pid of [...found, child.pid ?? 0]) process.kill(pid, "SIGKILL");
    await once(child, "close");
    assert.deepEqual(processesWith(mark), []);
  });
});
