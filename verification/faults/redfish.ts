import type { Clock } from "../clock";
import type { Environment, HostConfig } from "../config";
import { createHttps, type Https } from "../net/https";
import { CouldNotRun } from "../problems";
import { parseSystem, pickSystem, resetTypes, type ComputerSystem, type ResetAction } from "./redfishModel";

/** Power of one host: what a host-loss drill cuts and restores. All errors are CouldNotRun and name the host's BMC. */
export interface HostPower {
  /** Reads the state, and makes sure that this BMC can both cut and restore the power. Changes nothing. */
  check(): Promise<PowerState>;
  /** Cuts the power at once, without telling the host, and waits until the BMC says Off. */
  powerOff(): Promise<void>;
  /** Restores the power and waits until the BMC says On; does nothing when it is on. */
  powerOn(): Promise<void>;
  close(): Promise<void>;
}

/** DMTF Redfish `PowerState`: On, Off, PoweringOn, PoweringOff, Paused. */
export type PowerState = string;

/** How long a BMC may take until its PowerState follows a reset, in seconds of the Clock. */
const confirmSeconds = 120;
const pollSeconds = 1;

/**
 * The host's BMC over Redfish (DMTF DSP0266; ComputerSystem.Reset of DSP2046), with basic authentication.
 *
 * @param https replaced in tests
 */
export function redfishPower(
  host: HostConfig,
  env: Environment,
  clock: Pick<Clock, "now" | "wait" | "seconds">,
  https?: Https,
): HostPower {
  const { bmc } = host;
  if (bmc === undefined) {
    throw new CouldNotRun(
      `host ${host.name} has no BMC in the configuration; a host-loss drill cuts its power: set hosts[].bmc`,
    );
  }
  const { url: service, systemId, username, passwordEnv, thumbprint, caFile } = bmc;
  const password = env[passwordEnv];
  if (password === undefined || password === "") {
    throw new CouldNotRun(`${passwordEnv} is not set; export the password of the BMC of ${host.name} in it`);
  }
  const peer = `the BMC of ${host.name}`;
  const base = new URL(service);
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  const client =
    https ??
    createHttps({
      caFile,
      thumbprint,
      timeoutMs: 15_000,
      peer,
      setting: `bmc of ${host.name}`,
    });
  let systemPath: string | undefined;

  async function call(method: "GET" | "POST", path: string, body?: object): Promise<unknown> {
    const name = `${method} ${path}`;
    const url = new URL(path, base);
    if (url.origin !== base.origin) {
      throw new CouldNotRun(
        `${peer} ${base.host} points to ${url.origin}; the password is sent to ${base.origin} only`,
      );
    }
    const headers = { authorization, accept: "application/json", "content-type": "application/json" };
    const answer = await client.request(url.href, {
      method,
      headers,
      call: name,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (answer.status === 401 || answer.status === 403) {
      throw new CouldNotRun(
        `${peer} ${base.host} (${name}) refused user ${username} with ${answer.status.toString()}; ` +
          `check its bmc.username, and the password in ${passwordEnv}`,
      );
    }
    if (answer.status < 200 || answer.status > 299) {
      const reason = redfishMessage(answer.text);
      throw new CouldNotRun(`${peer} ${base.host} (${name}) answered ${answer.status.toString()}${reason}`);
    }
    if (answer.text === "") return {};
    try {
      return JSON.parse(answer.text) as unknown;
    } catch {
      throw new CouldNotRun(`${peer} ${base.host} (${name}) did not answer in JSON; is ${service} a Redfish service?`);
    }
  }

  async function discover(): Promise<string> {
    const root = (await call("GET", "/redfish/v1/")) as { Systems?: { "@odata.id"?: string } };
    const collection = root.Systems?.["@odata.id"] ?? "/redfish/v1/Systems";
    const listed = (await call("GET", collection)) as { Members?: { "@odata.id"?: string }[] };
    const paths = (listed.Members ?? []).flatMap((member) => member["@odata.id"] ?? []);
    const systems: ComputerSystem[] = [];
    for (const path of paths) systems.push(parseSystem(path, await call("GET", path)));
    return pickSystem(systems, { host: host.name, systemId, peer: `${peer} ${base.host}` });
  }

  async function read(): Promise<ComputerSystem> {
    systemPath ??= await discover();
    return parseSystem(systemPath, await call("GET", systemPath));
  }

  /** The reset types that this system allows: listed in the action, or in the ActionInfo that it points to. */
  async function allowed(action: ResetAction): Promise<string[] | undefined> {
    if (action.allowed !== undefined || action.infoPath === undefined) return action.allowed;
    const info = (await call("GET", action.infoPath)) as {
      Parameters?: { Name?: string; AllowableValues?: string[] }[];
    };
    return info.Parameters?.find(({ Name }) => Name === "ResetType")?.AllowableValues;
  }

  async function resetType(system: ComputerSystem, target: "Off" | "On"): Promise<{ path: string; type: string }> {
    const { action } = system;
    if (action === undefined) {
      throw new CouldNotRun(`${peer} ${base.host} (GET ${system.path}) offers no #ComputerSystem.Reset`);
    }
    const suitable: readonly string[] = resetTypes[target];
    const offered = (await allowed(action)) ?? suitable;
    const type = suitable.find((one) => offered.includes(one));
    if (type === undefined) {
      throw new CouldNotRun(
        `${peer} ${base.host} (GET ${system.path}) allows none of ${suitable.join(", ")}, only ` +
          `${offered.join(", ") || "nothing"}; a host-loss drill needs them: check the rights of user ${username}`,
      );
    }
    return { path: action.target, type };
  }

  async function reset(target: "Off" | "On"): Promise<void> {
    const system = await read();
    if (system.powerState === target) return;
    const { path, type } = await resetType(system, target);
    if (system.powerState !== `Powering${target}`) await call("POST", path, { ResetType: type });
    const started = clock.now();
    for (;;) {
      const { powerState } = await read();
      if (powerState === target) return;
      if (clock.seconds(clock.now() - started) > confirmSeconds) {
        throw new CouldNotRun(
          `${peer} ${base.host} (POST ${path}, ${type}) took the call, but its PowerState is still ${powerState} after ` +
            `${confirmSeconds.toString()} s; look at the host's console`,
        );
      }
      await clock.wait(pollSeconds);
    }
  }

  return {
    async check() {
      const system = await read();
      await resetType(system, "Off");
      await resetType(system, "On");
      return system.powerState;
    },
    powerOff: () => reset("Off"),
    powerOn: () => reset("On"),
    close: () => client.close(),
  };
}

/** What a Redfish error body says (DSP0266, error responses), shortened. */
function redfishMessage(text: string): string {
  let body: { error?: { message?: string; "@Message.ExtendedInfo"?: { Message?: string }[] } } | null;
  try {
    body = JSON.parse(text) as typeof body;
  } catch {
    return "";
  }
  const message = body?.error?.["@Message.ExtendedInfo"]?.[0]?.Message ?? body?.error?.message;
  return message === undefined ? "" : `: ${message.slice(0, 200)}`;
}
