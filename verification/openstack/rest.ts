import type { z } from "zod";
import { TransportError, type Https, type HttpsResponse } from "../net/https";
import { CouldNotRun } from "../problems";
import { json, type Keystone } from "./keystone";

/** A service answered that there is no such thing. */
export class NotFound extends CouldNotRun {
  override name = "NotFound";
}

/** Waits before the second and third try, in wall ms. */
const retryWaitsMs = [200, 1000];

/** Reads of one OpenStack service, with Keystone's token: renewed once when it is refused, repeated when it may pass. */
export class RestClient {
  /** @param headers asked for with every call, such as a microversion */
  constructor(
    private readonly https: Https,
    private readonly keystone: Keystone,
    private readonly service: { name: string; url: string; headers: Record<string, string> },
    private readonly pause: (ms: number) => Promise<unknown>,
  ) {}

  /** Throws NotFound, TransportError, or CouldNotRun that names server and call. */
  async get<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    const answer = await this.#read(path);
    const where = this.#where(path);
    const status = answer.status.toString();
    if (answer.status === 200) {
      const parsed = schema.safeParse(json(answer.text));
      if (parsed.success) return parsed.data;
      const at = parsed.error.issues[0]?.path.join(".") ?? "";
      throw new CouldNotRun(`${where} answers otherwise than its API says${at === "" ? "" : `, at ${at}`}`);
    }
    const reason = reasonOf(answer.text);
    if (answer.status === 401) {
      throw new CouldNotRun(
        `${where} refuses a new token of Keystone ${this.keystone.server}; check its keystone_authtoken`,
      );
    }
    if (answer.status === 403) {
      throw new CouldNotRun(`${where} is forbidden to this user${reason}; it needs the role admin, check OS_USERNAME`);
    }
    if (answer.status === 404) throw new NotFound(`${where} answers 404${reason}`);
    throw new CouldNotRun(`${where} answers HTTP ${status}${reason}; check the service and its log`);
  }

  #where(path: string): string {
    return `${this.service.name} ${new URL(this.service.url).host} (GET ${path.split("?")[0] ?? path})`;
  }

  async #read(path: string): Promise<HttpsResponse> {
    for (let attempt = 0; ; attempt++) {
      const wait = retryWaitsMs[attempt];
      try {
        const answer = await this.#authorized(path);
        if (!mayPass(answer.status) || wait === undefined) return answer;
      } catch (error) {
        if (!(error instanceof TransportError) || error.failure !== "interrupted" || wait === undefined) throw error;
      }
      await this.pause(wait);
    }
  }

  async #authorized(path: string): Promise<HttpsResponse> {
    const { token } = await this.keystone.login();
    const answer = await this.#send(path, token);
    if (answer.status !== 401) return answer;
    return this.#send(path, (await this.keystone.renew(token)).token);
  }

  #send(path: string, token: string): Promise<HttpsResponse> {
    const headers = { ...this.service.headers, accept: "application/json", "x-auth-token": token };
    return this.https.request(this.service.url + path, { headers, call: `GET ${path.split("?")[0] ?? path}` });
  }
}

/** Overloaded, or restarting behind its load balancer. */
function mayPass(status: number): boolean {
  return status === 429 || status >= 500;
}

/** OpenStack's services say it in several shapes: `{"itemNotFound": {"message"}}`, `{"errors": [{"detail"}]}`. */
function reasonOf(text: string): string {
  const body = json(text);
  const found = messageIn(body);
  return found === undefined ? "" : `: ${found.slice(0, 200)}`;
}

function messageIn(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { message, detail } = value as { message?: unknown; detail?: unknown };
  for (const one of [message, detail]) if (typeof one === "string") return one;
  return Object.values(value)
    .map(messageIn)
    .find((one) => one !== undefined);
}
