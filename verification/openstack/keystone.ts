import { z } from "zod";
import type { OpenStackConfig } from "../config/openstack";
import { TransportError, type Https, type HttpsResponse } from "../net/https";
import { CouldNotRun } from "../problems";

/** Service types as OpenStack's service types authority has them. */
export type ServiceType = "compute" | "placement" | "image" | "network";

/** Names of the projects that serve them, for messages. */
export const serviceNames: Record<ServiceType, string> = {
  compute: "nova",
  placement: "placement",
  image: "glance",
  network: "neutron",
};

/** A token with the addresses that it is good for. */
export interface Login {
  token: string;
  /** Of the project that it is for. */
  projectId: string;
  catalog: Catalog;
}

export type Catalog = { type: string; endpoints: { interface: string; region: string; url: string }[] }[];

const catalogSchema = z.object({
  token: z.object({
    project: z.object({ id: z.string() }),
    catalog: z.array(
      z.object({
        type: z.string(),
        endpoints: z.array(
          z.object({
            interface: z.string(),
            region: z.string().nullish(),
            region_id: z.string().nullish(),
            url: z.string(),
          }),
        ),
      }),
    ),
  }),
});

/** Waits before the second and third try, in wall ms. */
const retryWaitsMs = [200, 1000];

/** Logs in to Keystone with a password, for one project (Identity API v3, POST /auth/tokens). */
export class Keystone {
  #login: Promise<Login> | undefined;

  constructor(
    private readonly https: Https,
    private readonly config: OpenStackConfig,
    private readonly password: string,
    private readonly pause: (ms: number) => Promise<unknown>,
  ) {}

  /** The present login; the first call makes it. */
  login(): Promise<Login> {
    return this.#login ?? this.#begin();
  }

  /** A login with another token than the one that was refused. Calls that find it refused at once share one login. */
  async renew(refused: string): Promise<Login> {
    const { token } = await this.login();
    return token === refused ? this.#begin() : this.login();
  }

  /** One that fails is not kept: the next call tries anew. */
  #begin(): Promise<Login> {
    const begun = this.#send().catch((error: unknown) => {
      if (this.#login === begun) this.#login = undefined;
      throw error;
    });
    this.#login = begun;
    return begun;
  }

  /** For messages: host and port. */
  get server(): string {
    return new URL(this.config.authUrl).host;
  }

  async #send(): Promise<Login> {
    const { authUrl, username, projectName, userDomainName, projectDomainName } = this.config;
    const user = { name: username, domain: { name: userDomainName }, password: this.password };
    const scope = { project: { name: projectName, domain: { name: projectDomainName } } };
    const body = JSON.stringify({ auth: { identity: { methods: ["password"], password: { user } }, scope } });
    const headers = { "content-type": "application/json", accept: "application/json" };
    for (let attempt = 0; ; attempt++) {
      const wait = retryWaitsMs[attempt];
      try {
        const answer = await this.https.request(`${authUrl}/auth/tokens`, { method: "POST", headers, body });
        if (answer.status < 500 || wait === undefined) return this.#read(answer);
      } catch (error) {
        if (!(error instanceof TransportError) || error.failure !== "interrupted" || wait === undefined) throw error;
      }
      await this.pause(wait);
    }
  }

  #read(answer: HttpsResponse): Login {
    const { username, projectName, userDomainName, authUrl } = this.config;
    const where = `Keystone ${this.server} (POST ${new URL(authUrl).pathname}/auth/tokens)`;
    if (answer.status === 401) {
      throw new CouldNotRun(
        `${where} refuses the login of ${username} (domain ${userDomainName}) to project ${projectName}: wrong name, ` +
          "password, project or domain; check OS_PASSWORD, and openstack.username, projectName and their domains",
      );
    }
    if (answer.status >= 500) {
      throw new CouldNotRun(`${where} answers HTTP ${answer.status.toString()}; check the identity service`);
    }
    const token = [answer.headers["x-subject-token"] ?? []].flat()[0];
    const parsed = catalogSchema.safeParse(json(answer.text));
    if (answer.status !== 201 || token === undefined || !parsed.success) {
      throw new CouldNotRun(
        `${where} answers HTTP ${answer.status.toString()}, and not as Keystone's v3 API does; check openstack.authUrl ` +
          "or OS_AUTH_URL, for example https://keystone.example.com:5000/v3",
      );
    }
    const catalog = parsed.data.token.catalog.map(({ type, endpoints }) => ({
      type,
      endpoints: endpoints.map(({ interface: name, region, region_id: id, url }) => {
        return { interface: name, region: id ?? region ?? "", url };
      }),
    }));
    return { token, projectId: parsed.data.token.project.id, catalog };
  }
}

/**
 * The public address of each service in the region.
 *
 * @throws CouldNotRun when the region is not told, not known, or lacks a service
 */
export function endpoints(
  catalog: Catalog,
  region: string | undefined,
  server: string,
): { region: string; urls: Record<ServiceType, string> } {
  const open = catalog.map(({ type, endpoints: all }) => {
    return { type, endpoints: all.filter((endpoint) => endpoint.interface === "public") };
  });
  const regions = [...new Set(open.flatMap(({ endpoints: all }) => all.map((endpoint) => endpoint.region)))].sort();
  const known = regions.join(", ") || "none";
  const chosen = region ?? (regions.length === 1 ? regions[0] : undefined);
  const setting = "openstack.region or OS_REGION_NAME";
  if (chosen === undefined) {
    throw new CouldNotRun(`Keystone ${server} knows ${regions.length.toString()} regions: ${known}; set ${setting}`);
  }
  if (!regions.includes(chosen)) {
    throw new CouldNotRun(`Keystone ${server} knows no region ${chosen}, but ${known}; check ${setting}`);
  }
  const found = new Map(
    open.flatMap(({ type, endpoints: all }) => {
      const url = all.find((endpoint) => endpoint.region === chosen)?.url;
      return url !== undefined && URL.canParse(url) ? [[type, url.replace(/\/+$/, "")] as const] : [];
    }),
  );
  const types = Object.keys(serviceNames) as ServiceType[];
  const missing = types.filter((type) => !found.has(type));
  if (missing.length > 0) {
    throw new CouldNotRun(
      `Keystone ${server} has no public endpoint for ${missing.join(", ")} in region ${chosen}; ` +
        `register it there, or check ${setting}`,
    );
  }
  const url = (type: ServiceType): string => found.get(type) ?? "";
  return {
    region: chosen,
    urls: {
      compute: url("compute"),
      placement: url("placement"),
      image: withVersion(url("image"), "v2"),
      network: withVersion(url("network"), "v2.0"),
    },
  };
}

/** Glance and neutron are registered without their version, as their installation guides say. */
function withVersion(url: string, version: string): string {
  return /\/v\d+(\.\d+)?$/.test(url) ? url : `${url}/${version}`;
}

/** Undefined when it is none. */
export function json(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
