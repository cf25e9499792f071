import { guestDefaults } from "./guestDefaults";
import { each, known, memory, nonEmpty, oneOf, Rule, wholeNumber } from "./validation";
import { GuestOs, NetworkAdapter, ScsiType } from "./values";
import type { VmArgs } from "./virtualMachine";

const common: Rule<VmArgs>[] = [
  nonEmpty(["vmName", "template", "network", "datastore", "ova.path", "ova.url"], "it"),
  known("datastore", "shared datastores of the cluster", ({ target }) => Object.keys(target.datastoreIds)),
  {
    rule: "must be the only source: a clone of a template or an OVA",
    remedy: "leave out either template or ova",
    broken: ({ template, ova }) => (template !== undefined && ova ? [{ path: "ova", value: ova }] : []),
    limits: { paths: [""], schema: { not: { required: ["template", "ova"] } } },
  },
  {
    rule: "must say exactly one of path and url",
    remedy: "say where the OVA is, once",
    broken: ({ ova }) => (ova && "path" in ova === "url" in ova ? [{ path: "ova", value: ova }] : []),
    limits: { paths: ["ova"], schema: { oneOf: [{ required: ["path"] }, { required: ["url"] }] } },
  },
  wholeNumber("cpus", "virtual CPUs", 1),
  memory("memoryMb", "vSphere's granularity"),
  wholeNumber("diskGb", "GB", 1),
  wholeNumber("probePort", "a TCP port", 1, 65535),
  wholeNumber("bootSeconds", "seconds", 1),
  oneOf("scsiType", ScsiType),
  oneOf("networkAdapter", NetworkAdapter),
];

const windowsXp: Rule<VmArgs>[] = [
  each(
    "scsiType",
    "must not be pvscsi: Windows XP has no driver for it and does not boot",
    `write ${guestDefaults.windowsxp.scsiType}, or leave it out`,
    (value) => value !== ScsiType.pvscsi,
    { not: { const: ScsiType.pvscsi } },
  ),
  each(
    "networkAdapter",
    "must be e1000: Windows XP has no driver for the others",
    "write e1000, or leave it out",
    (value) => value === NetworkAdapter.e1000,
    { const: NetworkAdapter.e1000 },
  ),
];

/** What must hold of a virtual machine before it is created. */
export const vmRules: Record<GuestOs, Rule<VmArgs>[]> = {
  [GuestOs.ubuntu]: common,
  [GuestOs.windowsxp]: [...common, ...windowsXp],
};
