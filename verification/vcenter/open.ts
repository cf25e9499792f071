import type { Environment, VCenterConfig } from "../config";
import { createHttps } from "../net/https";
import { Session } from "./session";
import { SoapClient } from "./soap";

const settingNames = {
  address: "vcenter.server or VSPHERE_SERVER",
  caFile: "vcenter.caFile or VSPHERE_HA_CA_FILE",
  thumbprint: "vcenter.thumbprint or VSPHERE_HA_THUMBPRINT",
};

/** Limit of one call, in wall ms. */
export const callLimitMs = 30_000;

/** A login that can be ended. */
export interface OpenSession {
  session: Session;
  close: () => Promise<void>;
}

/** Logs in. Throws CouldNotRun, with vCenter's own words. */
export async function openSession(vcenter: VCenterConfig, env: Environment): Promise<OpenSession> {
  const { server, user, caFile, thumbprint } = vcenter;
  const password = env.VSPHERE_PASSWORD ?? "";
  const https = createHttps({ caFile, thumbprint, timeoutMs: callLimitMs, peer: "vCenter", settings: settingNames });
  try {
    const session = await Session.open(new SoapClient(https, server), { user, password });
    return {
      session,
      async close() {
        await session.close();
        await https.close();
      },
    };
  } catch (error) {
    await https.close();
    throw error;
  }
}
