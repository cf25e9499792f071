import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { startLab, stopLab, type Lab } from "../../lab/lab";
import { openstackEnv, startOpenstack, stopOpenstack, type OpenstackLab } from "../../lab/openstack/openstack";
import { call, logIn } from "../../lab/openstack/rest";
import { place } from "../../lab/record";

const ports = { identity: "5000/v3", compute: "8774/v2.1", network: "9696/v2.0", image: "9292/v2", placement: "8778" };
export type Service = keyof typeof ports;

const patienceMs = 180_000;

/** Waits for something that is asked for over the network. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  withinMs = patienceMs,
): Promise<T> {
  for (const end = Date.now() + withinMs; ; await sleep(300)) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`${what}: not within ${String(withinMs / 1000)} s`);
  }
}

/** A lab with OpenStack, and its administrator's calls. */
export class CloudLab {
  private constructor(
    readonly lab: Lab,
    readonly openstack: OpenstackLab,
    readonly env: Record<string, string>,
    private readonly token: string,
  ) {}

  static async start(name: string, { timeScale = 10, environment = {} }: StartOptions = {}): Promise<CloudLab> {
    const lab = await startLab({ name, timeScale });
    const openstack = { name, dir: lab.dir, octet: place(name).addresses.octet };
    try {
      await within(environment, () => startOpenstack(openstack));
      const env = { ...lab.env, ...openstackEnv(openstack) };
      const login = { ca: env.OS_CACERT ?? "", password: env.OS_PASSWORD ?? "" };
      return new CloudLab(lab, openstack, env, (await logIn(env.OS_AUTH_URL ?? "", login)).token);
    } catch (error) {
      await stopOpenstack(openstack);
      await stopLab(name);
      throw error;
    }
  }

  async stop(): Promise<void> {
    await stopOpenstack(this.openstack);
    await stopLab(this.lab.name);
  }

  /** The answer's body; any status of 300 and above is an error. */
  async api<T>(service: Service, method: string, path: string, body?: unknown): Promise<T> {
    const url = `https://${new URL(this.env.OS_AUTH_URL ?? "").hostname}:${ports[service]}${path}`;
    const options = { ca: this.env.OS_CACERT ?? "", token: this.token, timeoutMs: 60_000 };
    const answer = await call(url, { ...options, method, body, headers: headersOf(service, method) });
    assert.ok(answer.status < 300, `${method} ${url}: ${String(answer.status)} ${answer.text.slice(0, 300)}`);
    return (answer.text === "" ? undefined : JSON.parse(answer.text)) as T;
  }

  /** Waits until an instance has a status; fails at once when it is in error. */
  becomes(id: string, status: string): Promise<true> {
    return eventually(`instance ${id} becomes ${status}`, async () => {
      const { server } = await this.api<{ server: { status: string; fault?: { message: string } } }>(
        "compute",
        "GET",
        `/servers/${id}`,
      );
      if (server.status === "ERROR") throw new Error(server.fault?.message);
      return server.status === status || undefined;
    });
  }
}

interface StartOptions {
  timeScale?: number;
  /** Of the services, beside this process's. */
  environment?: Record<string, string>;
}

/** Versions that have what the tests ask for; glance takes its patches in a form of their own. */
function headersOf(service: Service, method: string): Record<string, string> {
  if (service === "compute") return { "OpenStack-API-Version": "compute 2.53" };
  if (service === "placement") return { "OpenStack-API-Version": "placement 1.26" };
  return service === "image" && method === "PATCH"
    ? { "Content-Type": "application/openstack-images-v2.1-json-patch" }
    : {};
}

async function within<T>(environment: Record<string, string>, work: () => Promise<T>): Promise<T> {
  const before = { ...process.env };
  Object.assign(process.env, environment);
  try {
    return await work();
  } finally {
    for (const name of Object.keys(environment)) {
      if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = before[name];
    }
  }
}
