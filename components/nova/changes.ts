import { z } from "zod";
import type { Environment } from "../../verification/config";
import type { OpenStackConfig } from "../../verification/config/openstack";
import { createHttps, type HttpsResponse } from "../../verification/net/https";
import { endpoints, json, Keystone } from "../../verification/openstack/keystone";
import { CouldNotRun } from "../../verification/problems";

/** What taking a compute service away needs of nova beyond reading. */
export interface NovaChanges {
  /** Ids of the compute service's records. */
  serviceIds(computeHost: string): Promise<string[]>;
  /** With it go its hypervisor, its resource provider, its mapping to a cell and its membership in aggregates. */
  deleteService(id: string): Promise<void>;
  deleteInstance(id: string): Promise<void>;
  /** nova's own defaults again, for the project of the login. */
  resetQuota(): Promise<void>;
  close(): Promise<void>;
}

const microversion = "compute 2.53";
/** nova: `{"conflictingRequest": {"code": 409, "message": "…"}}`. */
const errorSchema = z.record(z.string(), z.object({ message: z.string() }));
const servicesSchema = z.object({ services: z.array(z.object({ id: z.string(), host: z.string() })) });

/** Each call throws CouldNotRun when Keystone or nova refuses. */
export function changeNova(config: OpenStackConfig, env: Environment): NovaChanges {
  const settings = { address: "OS_AUTH_URL", caFile: "OS_CACERT", thumbprint: "the certificate" };
  const https = createHttps({ caFile: config.caFile, peer: "OpenStack", settings });
  const keystone = new Keystone(
    https,
    config,
    env.OS_PASSWORD ?? "",
    (ms) => new Promise((done) => setTimeout(done, ms)),
  );
  const call = async (method: "GET" | "DELETE", path: string, allowed: number[]): Promise<HttpsResponse> => {
    const { token, catalog } = await keystone.login();
    const url = endpoints(catalog, config.region, keystone.server).urls.compute;
    const headers = { "x-auth-token": token, accept: "application/json", "openstack-api-version": microversion };
    const answer = await https.request(url + path, { method, headers, call: `${method} ${path}` });
    if (allowed.includes(answer.status)) return answer;
    const [reason] = Object.values(errorSchema.safeParse(json(answer.text)).data ?? {});
    const needs = answer.status === 403 ? "; it needs the role admin, check OS_USERNAME" : "";
    throw new CouldNotRun(
      `nova ${new URL(url).host} (${method} ${path}) answers HTTP ${String(answer.status)}: ${reason?.message ?? answer.text.slice(0, 200)}${needs}`,
    );
  };
  return {
    async serviceIds(computeHost) {
      const { text } = await call("GET", "/os-services?binary=nova-compute", [200]);
      return servicesSchema
        .parse(json(text))
        .services.filter(({ host }) => host === computeHost)
        .map(({ id }) => id);
    },
    async deleteService(id) {
      await call("DELETE", `/os-services/${id}`, [204, 404]);
    },
    async deleteInstance(id) {
      await call("DELETE", `/servers/${id}`, [204, 404]);
    },
    async resetQuota() {
      const { projectId } = await keystone.login();
      await call("DELETE", `/os-quota-sets/${projectId}`, [202]);
    },
    close: () => https.close(),
  };
}
