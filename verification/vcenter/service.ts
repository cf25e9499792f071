import type { Clock } from "../clock";
import type { Environment, VCenterConfig } from "../config";
import { createHttps, type Https, type HttpsResponse } from "../net/https";
import { CouldNotRun } from "../problems";

/** vCenter's own service, vpxd, by the appliance that it runs on. All errors are CouldNotRun. */
export interface VcenterService {
  /** `STARTED`, `STOPPED`, `STARTING`, `STOPPING` (vSphere Automation API, vcenter/services). */
  state(): Promise<string>;
  /** Stops it and waits for that; does nothing when it is stopped. */
  stop(): Promise<void>;
  /** Starts it and waits for that; does nothing when it runs. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Limit of a change of state, and between two looks; seconds of the Clock. */
const changeSeconds = 900;
const pollSeconds = 1;
/** Limit of one call, in wall ms: the appliance answers when the service has stopped or started. */
const callLimitMs = 600_000;

/**
 * Over the REST API of the appliance, which goes on while the service is stopped. The user must be an administrator of
 * vCenter's services (vSphere Automation API, `POST /api/vcenter/services/{service}?action=…`).
 *
 * @param https replaced in tests
 */
export function vcenterService(
  { server, user, caFile, thumbprint }: VCenterConfig,
  env: Environment,
  clock: Pick<Clock, "now" | "wait" | "wallMs">,
  https: Https = createHttps({
    caFile,
    thumbprint,
    timeoutMs: callLimitMs,
    peer: "vCenter",
    settings: {
      address: "vcenter.server or VSPHERE_SERVER",
      caFile: "vcenter.caFile or VSPHERE_HA_CA_FILE",
      thumbprint: "vcenter.thumbprint or VSPHERE_HA_THUMBPRINT",
    },
  }),
): VcenterService {
  const base = `https://${server}/api`;
  const path = "/vcenter/services/vpxd";
  let session: string | undefined;

  async function logIn(): Promise<string> {
    const authorization = `Basic ${Buffer.from(`${user}:${env.VSPHERE_PASSWORD ?? ""}`).toString("base64")}`;
    const answer = await https.request(`${base}/session`, { method: "POST", headers: { authorization } });
    if (answer.status === 401) {
      throw new CouldNotRun(`vCenter ${server} (POST /api/session) refuses user ${user}; check VSPHERE_PASSWORD`);
    }
    return String(parsed(answer, "POST /api/session"));
  }

  function parsed(answer: HttpsResponse, call: string): unknown {
    if (answer.status === 403) {
      throw new CouldNotRun(
        `vCenter ${server} (${call}) does not let ${user} stop and start its services; name an administrator`,
      );
    }
    if (answer.status < 200 || answer.status > 299) {
      throw new CouldNotRun(
        `vCenter ${server} (${call}) answered ${answer.status.toString()}; the drill needs the appliance's service API`,
      );
    }
    try {
      return answer.text === "" ? undefined : (JSON.parse(answer.text) as unknown);
    } catch {
      throw new CouldNotRun(`vCenter ${server} (${call}) did not answer in JSON`);
    }
  }

  async function call(method: "GET" | "POST", query: string): Promise<unknown> {
    const name = `${method} /api${path}${query}`;
    const send = async (): Promise<HttpsResponse> => {
      session ??= await logIn();
      return https.request(base + path + query, { method, headers: { "vmware-api-session-id": session } });
    };
    let answer = await send();
    if (answer.status === 401) {
      session = undefined;
      answer = await send();
    }
    return parsed(answer, name);
  }

  async function state(): Promise<string> {
    const told = (await call("GET", "")) as { state?: unknown } | undefined;
    if (typeof told?.state === "string") return told.state;
    throw new CouldNotRun(`vCenter ${server} (GET /api${path}) does not tell the state of its service`);
  }

  async function change(to: "STARTED" | "STOPPED", action: "start" | "stop"): Promise<void> {
    const until = clock.now() + clock.wallMs(changeSeconds);
    for (;;) {
      const now = await state();
      if (now === to) return;
      if (clock.now() > until) {
        throw new CouldNotRun(
          `vCenter ${server}: its service is still ${now} ${changeSeconds.toString()} s after the ${action}; ` +
            `on the appliance: service-control --${action} vmware-vpxd`,
        );
      }
      if (now === "STARTED" || now === "STOPPED") await call("POST", `?action=${action}`);
      else await clock.wait(pollSeconds);
    }
  }

  return {
    state,
    stop: () => change("STOPPED", "stop"),
    start: () => change("STARTED", "start"),
    close: () => https.close(),
  };
}
