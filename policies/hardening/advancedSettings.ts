/** Advanced settings of a virtual machine. */
import { type Context, type PolicyRule, shown, stated } from "../rule";
import * as types from "../types";
import { guide } from "./guide";

interface Row {
  name: string;
  title: string;
  severity: PolicyRule["severity"];
  key: string;
  /** The value that must be stated, without regard to case, or the number that it must not pass. */
  must: "TRUE" | "FALSE" | { most: number } | { least: number };
}

const rows: Row[] = [
  {
    name: "vm-console-copy",
    title: "nothing is copied out of a guest by its console",
    severity: "low",
    key: "isolation.tools.copy.disable",
    must: "TRUE",
  },
  {
    name: "vm-console-paste",
    title: "nothing is pasted into a guest by its console",
    severity: "low",
    key: "isolation.tools.paste.disable",
    must: "TRUE",
  },
  {
    name: "vm-console-drag-and-drop",
    title: "nothing is dragged between a guest and its console",
    severity: "low",
    key: "isolation.tools.dnd.disable",
    must: "TRUE",
  },
  {
    name: "vm-console-gui-options",
    title: "a guest cannot change the options of its console",
    severity: "low",
    key: "isolation.tools.setGUIOptions.enable",
    must: "FALSE",
  },
  {
    name: "vm-disk-shrink",
    title: "a guest cannot shrink its disks",
    severity: "medium",
    key: "isolation.tools.diskShrink.disable",
    must: "TRUE",
  },
  {
    name: "vm-disk-wiper",
    title: "a guest cannot wipe the free space of its disks",
    severity: "medium",
    key: "isolation.tools.diskWiper.disable",
    must: "TRUE",
  },
  {
    name: "vm-device-connect",
    title: "a guest cannot connect or disconnect devices",
    severity: "medium",
    key: "isolation.device.connectable.disable",
    must: "TRUE",
  },
  {
    name: "vm-remote-display",
    title: "a console shows itself to one user at a time",
    severity: "medium",
    key: "RemoteDisplay.maxConnections",
    must: { most: 1 },
  },
  {
    name: "vm-log-size",
    title: "a virtual machine's log is rotated before it fills its datastore",
    severity: "medium",
    key: "log.rotateSize",
    must: { most: 2048000 },
  },
  {
    name: "vm-log-files",
    title: "a virtual machine keeps enough of its old logs",
    severity: "medium",
    key: "log.keepOld",
    must: { least: 10 },
  },
];

/** What must be stated, in words. */
function wanted(must: Row["must"], number: Context["number"]): string {
  if (typeof must === "string") return must;
  return "most" in must ? `${String(number("most"))} or less` : `${String(number("least"))} or more`;
}

function holds(must: Row["must"], value: unknown, number: Context["number"]): boolean {
  if (typeof must === "string") return String(value).toUpperCase() === must;
  const text = String(value);
  const amount = /^\d+$/.test(text) ? Number(text) : NaN;
  return "most" in must ? amount <= number("most") : amount >= number("least");
}

const settingOf = (must: Row["must"], key: string): Pick<PolicyRule, "settings"> =>
  typeof must === "string"
    ? {}
    : "most" in must
      ? { settings: { most: { type: "integer", default: must.most, description: `largest ${key} that passes` } } }
      : { settings: { least: { type: "integer", default: must.least, description: `smallest ${key} that passes` } } };

/** One rule a key of extraConfig. A key that is not stated fails: a default that nobody stated is not seen to change. */
export const advancedSettings: PolicyRule[] = rows.map(({ key, must, ...row }) => ({
  ...row,
  group: "hardening",
  level: "mandatory",
  source: `${guide}, ${key}`,
  remedy: `set it in extraConfig: "${key}": "${typeof must === "string" ? must : String(Object.values(must)[0])}"`,
  ...settingOf(must, key),
  types: [types.vm],
  scope: "resource",
  judge: ({ props }, { number }) => {
    const extraConfig = stated(props, "extraConfig", {});
    if (typeof extraConfig !== "object" || extraConfig === null) return [];
    const found = Object.keys(extraConfig).find((name) => name.toLowerCase() === key.toLowerCase());
    const value = found === undefined ? undefined : (extraConfig as Record<string, unknown>)[found];
    // There, and not known yet.
    if (found !== undefined && value === undefined) return [];
    return holds(must, value ?? "", number) ? [] : [`${key} is ${shown(value)}, must be ${wanted(must, number)}`];
  },
}));
