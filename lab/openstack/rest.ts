import { readFileSync } from "node:fs";
import { request } from "node:https";

/** An answer of an OpenStack API. */
export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/**
 * One call over HTTPS, verified against the lab's own authority.
 *
 * @throws Error when there is no answer in time
 */
export function call(
  url: string,
  { ca, method = "GET", token, body, headers: own = {}, timeoutMs = 60_000 }: CallOptions,
): Promise<Answer> {
  const payload = body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  const headers = {
    ...(token !== undefined && { "X-Auth-Token": token }),
    ...(payload && {
      "Content-Type": Buffer.isBuffer(body) ? "application/octet-stream" : "application/json",
      "Content-Length": payload.length,
    }),
    ...own,
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers, ca: readFileSync(ca), timeout: timeoutMs }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", reject);
      incoming.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text });
      });
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error(`${method} ${url}: no answer in ${timeoutMs} ms`)));
    outgoing.on("error", reject);
    outgoing.end(payload);
  });
}

/** Options of a call. */
export interface CallOptions {
  /** File with the authority's certificate. */
  ca: string;
  method?: string;
  token?: string;
  /** Sent as JSON, a buffer as it is. */
  body?: unknown;
  /** Others, and instead of its own. */
  headers?: Record<string, string>;
  timeoutMs?: number;
}

/** A token for the project admin, with the id of that project. */
export async function logIn(
  authUrl: string,
  { ca, password }: { ca: string; password: string },
): Promise<{ token: string; projectId: string }> {
  const user = { name: "admin", domain: { id: "default" }, password };
  const scope = { project: { name: "admin", domain: { id: "default" } } };
  const body = { auth: { identity: { methods: ["password"], password: { user } }, scope } };
  const { status, headers, text } = await call(`${authUrl}/auth/tokens`, { ca, method: "POST", body });
  const token = headers["x-subject-token"];
  if (status !== 201 || typeof token !== "string") throw new Error(`keystone refused the login: ${status} ${text}`);
  return { token, projectId: (JSON.parse(text) as { token: { project: { id: string } } }).token.project.id };
}
