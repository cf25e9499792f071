import type { Environment, VCenterConfig } from "../config";
import { createHttps, type Https } from "../net/https";
import { decodeName } from "./names";
import { retrieve } from "./properties";
import { Session } from "./session";
import { SoapClient } from "./soap";
import { text } from "./xml";

/** What a user lacks on a datacenter. */
export interface Lacked {
  datacenter: string;
  privileges: string[];
}

/** Limit of one call, in wall ms. */
const callLimitMs = 30_000;

/**
 * Which of these privileges the user lacks, by datacenter; on those where nothing is lacked it says nothing. Throws
 * CouldNotRun when vCenter cannot be asked.
 *
 * @param https replaced in tests
 */
export async function lackedPrivileges(
  { server, user, caFile, thumbprint }: VCenterConfig,
  env: Environment,
  privileges: readonly string[],
  https: Https = createHttps({ caFile, thumbprint, timeoutMs: callLimitMs, peer: "vCenter" }),
): Promise<Lacked[]> {
  try {
    const session = await Session.open(new SoapClient(https, server), { user, password: env.VSPHERE_PASSWORD ?? "" });
    try {
      const datacenters = await retrieve(session, {
        start: session.service.rootFolder,
        properties: { Datacenter: ["name"] },
        traversal: [{ name: "folder", type: "Folder", path: "childEntity", then: ["folder"] }],
      });
      const found: Lacked[] = [];
      for (const { ref, properties } of datacenters) {
        const datacenter = decodeName(text(properties.get("name")) ?? ref.id);
        const lacked = await session.lackedPrivileges(privileges, ref);
        if (lacked.length > 0) found.push({ datacenter, privileges: lacked });
      }
      return found;
    } finally {
      await session.close();
    }
  } finally {
    await https.close();
  }
}
