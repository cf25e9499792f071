import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

type Answer = [status: number, body: unknown, headers?: Record<string, string>];

/** Keystone and the services of one region, on one port of loopback. Its fields are what a test breaks. */
export class FakeCloud {
  calls: string[] = [];
  bodies: string[] = [];
  headers: IncomingMessage["headers"][] = [];
  /** Tokens that services accept; Keystone gives token-1, token-2 … */
  valid = new Set<string>();
  logins = 0;
  /** Answers of a path instead of its own: the first is taken each time, the last stays. */
  instead = new Map<string, Answer[]>();
  regions = ["R"];
  without: string[] = [];
  password = "secret";
  answers: Record<string, unknown> = {};
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const path = request.url ?? "";
        this.calls.push(`${request.method ?? ""} ${path}`);
        this.headers.push(request.headers);
        this.bodies.push(Buffer.concat(parts).toString("utf8"));
        const [status, body, headers = {}] = this.#answer(request, path, Buffer.concat(parts).toString("utf8"));
        response.writeHead(status, { "content-type": "application/json", ...headers });
        response.end(typeof body === "string" ? body : JSON.stringify(body));
      });
    });
  }

  async start(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port.toString()}`;
  }

  #answer(request: IncomingMessage, path: string, body: string): Answer {
    const bare = path.split("?")[0] ?? path;
    const own = this.instead.get(bare);
    const first = own !== undefined && own.length > 1 ? own.shift() : own?.[0];
    if (first !== undefined) return first;
    if (bare === "/identity/v3/auth/tokens") return this.#logIn(body);
    if (bare.endsWith("/auth/tokens")) return [404, { error: { message: "no such resource" } }];
    const token = request.headers["x-auth-token"];
    if (typeof token !== "string" || !this.valid.has(token)) return [401, { error: { message: "no token" } }];
    const answer = this.answers[path] ?? this.answers[bare];
    return answer === undefined ? [404, { itemNotFound: { message: `no ${path}` } }] : [200, answer];
  }

  #logIn(body: string): Answer {
    if (!body.includes(`"password":"${this.password}"`)) return [401, { error: { message: "wrong" } }];
    const token = `token-${(++this.logins).toString()}`;
    this.valid.add(token);
    const paths = { compute: "/compute/v2.1", placement: "/placement", image: "/image", network: "/network/" };
    const catalog = Object.entries(paths)
      .filter(([type]) => !this.without.includes(type))
      .map(([type, path]) => ({
        type,
        endpoints: this.regions.flatMap((region) => [
          { interface: "internal", region_id: region, url: "http://192.0.2.1/" },
          { interface: "public", region_id: region, url: this.url + path },
        ]),
      }));
    return [201, { token: { project: { id: "project-1" }, catalog } }, { "x-subject-token": token }];
  }
}
