import { loadConfig } from "../config";
import { isServer } from "../config/server";
import { runMonitor } from "../monitor";
import type { MonitorWindow } from "../monitor/metrics";
import type { Address } from "../monitor/server";
import { Problems, type Problem } from "../problems";
import type { CommandContext } from "./context";
import { defaultListen, defaultWindows } from "./defaults";

export interface MonitorOptions {
  config: string[];
  listen: string;
  windows: string;
  journal: string | undefined;
}

/** Watches until it is interrupted. Resolves to the exit code. */
export async function monitorCommand(options: MonitorOptions, context: CommandContext): Promise<number> {
  const { env, stdout, signal } = context;
  const { listen, windows } = parseMonitorOptions(options);
  const config = loadConfig(options.config, env);
  const progress = (line: string): void => {
    stdout.write(`${line}\n`);
  };
  await runMonitor({ config, env, listen, windows, journalFile: options.journal, progress, signal });
  return 0;
}

const unitSeconds: Record<string, number> = { m: 60, h: 3600, d: 86_400 };

/** Throws Problems with everything that is wrong. */
export function parseMonitorOptions({ listen, windows }: { listen: string; windows: string }): {
  listen: Address;
  windows: MonitorWindow[];
} {
  const problems: Problem[] = [];
  const address = /^(.*):(\d+)$/.exec(listen);
  const port = Number(address?.[2]);
  // Port 0 takes any that is free.
  if (address === null || !(isServer(listen) || port === 0)) {
    const rule = "must be an address of this machine and a port";
    problems.push({ path: "--listen", value: listen, rule, remedy: `write for example ${defaultListen}` });
  }
  const parsed = windows.split(",").map((text): MonitorWindow => {
    const [, count = "", unit = ""] = /^([1-9]\d{0,4})([mhd])$/.exec(text.trim()) ?? [];
    return { name: text.trim(), seconds: Number(count) * (unitSeconds[unit] ?? Number.NaN) };
  });
  const names = new Set(parsed.map(({ name }) => name));
  if (parsed.some(({ seconds }) => !(seconds > 0)) || names.size < parsed.length) {
    const rule = "must be different lengths in minutes, hours or days, with commas between them";
    problems.push({ path: "--windows", value: windows, rule, remedy: `write for example ${defaultWindows}` });
  }
  if (problems.length > 0) throw new Problems(problems, "the command line");
  return { listen: { host: (address?.[1] ?? "").replace(/^\[|\]$/g, ""), port }, windows: parsed };
}
