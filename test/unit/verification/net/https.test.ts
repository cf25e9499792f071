import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer as createHttp } from "node:http";
import { createServer, type Server } from "node:https";
import { createServer as createTcp, type AddressInfo } from "node:net";
import type { Server as AnyServer } from "node:net";
import {
  createHttps,
  TransportError,
  type HttpsOptions,
  type HttpsRequest,
  type HttpsResponse,
} from "../../../../verification/net/https";
import { version } from "../../../../package.json";
import { CouldNotRun } from "../../../../verification/problems";
import { makeCertificates, type Certificates } from "./certificates";

async function listen(server: AnyServer): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function ask(options: HttpsOptions, url: string, request?: HttpsRequest): Promise<HttpsResponse> {
  const https = createHttps({ peer: "vCenter", setting: "vcenter", timeoutMs: 5000, ...options });
  try {
    return await https.request(url, request);
  } finally {
    await https.close();
  }
}

function failure(name: string, pattern: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof TransportError, String(error));
    assert.equal(error.failure, name);
    assert.match(error.message, pattern);
    return true;
  };
}

describe("HTTPS client", () => {
  let certificates: Certificates;
  let server: Server;
  let requests = 0;
  let port = 0;
  let hang = false;

  before(async () => {
    certificates = makeCertificates();
    server = createServer({ cert: certificates.cert, key: certificates.key }, (incoming, answer) => {
      requests++;
      if (hang) return;
      const parts: Buffer[] = [];
      incoming.on("data", (part: Buffer) => parts.push(part));
      incoming.on("end", () => {
        answer.writeHead(418, {
          "x-method": incoming.method,
          "x-sent": incoming.headers["x-sent"] ?? "",
          "x-agent": incoming.headers["user-agent"] ?? "",
        });
        answer.end(Buffer.concat(parts));
      });
    });
    port = await listen(server);
  });

  after(() => {
    server.closeAllConnections();
    server.close();
    certificates.remove();
  });

  beforeEach(() => {
    requests = 0;
    hang = false;
  });

  const url = (): string => `https://127.0.0.1:${port.toString()}/a/path?b`;

  it("gives status, headers and text, whatever the status, when the CA is trusted", async () => {
    const request: HttpsRequest = { method: "POST", headers: { "x-sent": "h" }, body: "käse" };
    const answer = await ask({ caFile: certificates.caFile }, url(), request);
    assert.equal(answer.status, 418);
    assert.equal(answer.headers["x-method"], "POST");
    assert.equal(answer.headers["x-sent"], "h");
    assert.equal(answer.headers["x-agent"], `vsphere-ha/${version}`);
    assert.equal(answer.text, "käse");
  });

  it("accepts a pinned SHA-256 or SHA-1 thumbprint, in any spelling", async () => {
    const { sha256, sha1 } = certificates;
    for (const thumbprint of [sha256, sha1, sha256.replaceAll(":", "").toLowerCase()]) {
      assert.equal((await ask({ thumbprint }, url())).status, 418);
    }
  });

  it("sends nothing to a server with another thumbprint, and shows that", async () => {
    const thumbprint = certificates.sha256.replace(/^../, (byte) => (byte === "00" ? "01" : "00"));
    await assert.rejects(
      ask({ thumbprint }, url(), { method: "POST", body: "password" }),
      failure(
        "certificate",
        new RegExp(`shows another certificate .* ${certificates.sha256}; nothing was sent.*vcenter.thumbprint`),
      ),
    );
    assert.equal(requests, 0);
  });

  it("sends nothing to a server that no trusted CA vouches for, and shows the thumbprint to pin", async () => {
    await assert.rejects(
      ask({}, url(), { method: "POST", body: "password", call: "Login" }),
      failure(
        "certificate",
        new RegExp(
          `^the certificate of vCenter 127.0.0.1:${port.toString()} \\(Login\\) is not trusted .*vcenter.caFile, or pin .* vcenter.thumbprint to ${certificates.sha256}$`,
        ),
      ),
    );
    assert.equal(requests, 0);
  });

  it("refuses a certificate for another name", async () => {
    const other = makeCertificates("DNS:elsewhere.example.com");
    const wrong = createServer({ cert: other.cert, key: other.key }, () => requests++);
    try {
      const address = `https://127.0.0.1:${(await listen(wrong)).toString()}/`;
      await assert.rejects(
        ask({ caFile: other.caFile }, address),
        failure("certificate", /is for another name: .*127\.0\.0\.1 is not in .* use a name that it covers/),
      );
      assert.equal(requests, 0);
    } finally {
      wrong.closeAllConnections();
      wrong.close();
      other.remove();
    }
  });

  it("names a refused connection", async () => {
    const closed = createTcp();
    const free = await listen(closed);
    closed.close();
    await once(closed, "close");
    await assert.rejects(
      ask({}, `https://127.0.0.1:${free.toString()}/sdk`),
      failure(
        "refused",
        new RegExp(
          `^cannot reach vCenter 127.0.0.1:${free.toString()} \\(GET /sdk\\): connection refused; check the address in vcenter`,
        ),
      ),
    );
  });

  it("names a host that does not resolve", async () => {
    await assert.rejects(
      ask({}, "https://no-such-host.invalid/sdk"),
      failure("dns", /^cannot resolve the name of vCenter no-such-host\.invalid \(GET \/sdk\): E/),
    );
  });

  it("names a server without TLS", async () => {
    const plain = createHttp((_, answer) => answer.end("hello"));
    try {
      const address = `https://127.0.0.1:${(await listen(plain)).toString()}/`;
      await assert.rejects(
        ask({}, address),
        failure("refused", /does not speak TLS; check host and port: the address in vcenter$/),
      );
    } finally {
      plain.closeAllConnections();
      plain.close();
    }
  });

  it("gives up on a server that does not answer in time", async () => {
    hang = true;
    const started = performance.now();
    await assert.rejects(
      ask({ caFile: certificates.caFile }, url(), { timeoutMs: 200 }),
      failure("timeout", /did not answer within 0\.2 s/),
    );
    assert.ok(performance.now() - started < 3000);
  });

  it("tells a connection that breaks from one that was refused", async () => {
    const breaking = createServer({ cert: certificates.cert, key: certificates.key }, (incoming) =>
      incoming.socket.destroy(),
    );
    try {
      const address = `https://127.0.0.1:${(await listen(breaking)).toString()}/`;
      await assert.rejects(
        ask({ caFile: certificates.caFile }, address),
        failure("interrupted", /the connection to vCenter .* broke: .*; try again/),
      );
    } finally {
      breaking.close();
    }
  });

  it("rejects with the caller's reason when it is aborted", async () => {
    hang = true;
    const abort = new AbortController();
    setTimeout(() => {
      abort.abort(new Error("enough"));
    }, 50);
    await assert.rejects(ask({ caFile: certificates.caFile }, url(), { signal: abort.signal }), /^Error: enough$/);
  });

  it("names a CA file that cannot be read or is none", () => {
    assert.throws(
      () => createHttps({ caFile: "/no/such.pem", setting: "vcenter" }),
      (error) => {
        assert.ok(error instanceof CouldNotRun);
        assert.match(error.message, /^cannot read vcenter\.caFile \/no\/such\.pem: ENOENT/);
        return true;
      },
    );
    const empty = `${certificates.caFile}.empty`;
    writeFileSync(empty, "nothing");
    assert.throws(
      () => createHttps({ caFile: empty, setting: "vcenter" }),
      /holds no PEM certificate; export the CA as PEM/,
    );
  });
});
