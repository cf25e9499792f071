import { z } from "zod";
import type { Journal } from "./model";

// Loose objects: a later version 1 may add fields, and readers of today must not refuse them.
const verdict = z
  .enum(["passed", "failed", "inconclusive", "not-applicable"])
  .describe("inconclusive: it could not be observed, which is never a pass");
const guestOs = z.enum(["ubuntu", "windowsxp"]);
const instant = z.iso.datetime().describe("wall time, UTC");
const seconds = z.number().describe("seconds of the run's clock: wall seconds times timeScale");
const bounds = z.looseObject({ lower: z.number(), upper: z.number() });
const guest = { guestOs, openstack: z.literal(true).optional().describe("OpenStack launched it") };

const check = z.looseObject({
  id: z.string().describe("stable, such as ha-settings-as-declared"),
  title: z.string(),
  severity: z.enum(["error", "warning"]),
  verdict,
  read: z.string(),
  expected: z.string(),
  why: z.string(),
  source: z.string(),
  remedy: z.string(),
  findings: z.array(z.looseObject({ subject: z.string(), read: z.string(), expected: z.string() })),
});

const expectation = z.looseObject({
  id: z.string(),
  statement: z.string(),
  basis: z.string().describe("how the number was computed from the settings, with the source of each constant"),
  verdict,
  seen: z.string(),
});

const wallMs = z.number().describe("wall milliseconds since the epoch");

const vm = z.looseObject({
  ...guest,
  vm: z.string(),
  windowSeconds: seconds,
  downtimeSeconds: bounds,
  availabilityPercent: bounds,
  intervals: z.array(
    z.looseObject({ startAfter: wallMs, startBefore: wallMs, endAfter: wallMs, endBefore: wallMs.optional() }),
  ),
  unobservedSeconds: seconds,
  samples: z.looseObject({ sent: z.int(), answered: z.int(), lost: z.int() }),
  affected: z.boolean().describe("it ran where the fault was"),
  hostBefore: z.string(),
  hostAfter: z.string().optional(),
  shares: z
    .looseObject({
      detectionSeconds: seconds.optional(),
      restartSeconds: seconds.optional(),
      bootSeconds: seconds.optional(),
    })
    .optional(),
});

const percent = z.number().describe("percent, 0 to 100");
const loadedGuests = z.enum(["ubuntu", "windowsxp", "mixed", "idle"]);

const usage = z.looseObject({
  samples: z.int(),
  cpuPercent: percent,
  cpuMhz: z.number(),
  readyPercent: percent.describe("time that processors were wanted and not there, of one processor"),
  memoryPercent: percent,
});

const load = z.looseObject({
  verdict,
  summary: z.string(),
  started: instant,
  ended: instant,
  levels: z.array(percent),
  levelSeconds: seconds,
  expectations: z.array(expectation),
  readings: z.array(
    z.looseObject({
      guests: loadedGuests,
      levelPercent: percent.describe("what the load program was told"),
      from: instant,
      to: instant,
      moved: z.array(z.string()),
      hosts: z.array(z.looseObject({ host: z.string(), loaded: z.array(z.string()), usage: usage.optional() })),
      vms: z.array(
        z.looseObject({
          vm: z.string(),
          guestOs,
          host: z.string(),
          loaded: z.boolean(),
          usage: usage.optional(),
          latencyMs: z
            .looseObject({ median: z.number(), p95: z.number() })
            .optional()
            .describe("of probes that were answered, milliseconds of the wall clock"),
        }),
      ),
    }),
  ),
  slopes: z.array(
    z.looseObject({
      guests: loadedGuests,
      kind: z.enum(["host", "vm"]),
      name: z.string(),
      slope: z.number().describe("percentage points of CPU a percentage point of load"),
      interval: bounds.optional().describe("95 %, Student's t over the means of the levels"),
      levels: z.int(),
    }),
  ),
  undo: z.looseObject({
    programs: z.array(z.looseObject({ vm: z.string(), guestOs, path: z.string(), arguments: z.string() })),
    description: z.string(),
    done: z.boolean(),
  }),
});

const drill = z.looseObject({
  id: z.string(),
  drill: z.string().describe("host-loss, maintenance-mode …"),
  host: z.string(),
  loadPercent: percent.optional().describe("load in the guests when it failed"),
  fdmRole: z.string(),
  verdict,
  summary: z.string(),
  started: instant,
  ended: instant,
  faultAt: instant.optional(),
  steadyStateBefore: z.array(check),
  steadyStateAfter: z.array(check),
  expectations: z.array(expectation),
  vms: z.array(vm),
  timeline: z.array(
    z.looseObject({
      at: instant,
      t: seconds.optional().describe("seconds since the fault, negative before it"),
      kind: z.enum(["plan", "steady-state", "fault", "event", "probe", "recovery", "note"]),
      text: z.string(),
    }),
  ),
  undo: z.looseObject({
    fault: z.discriminatedUnion("kind", [
      z.looseObject({ kind: z.enum(["host-power", "host-loss-vcenter-down", "maintenance-mode"]), host: z.string() }),
      z.looseObject({ kind: z.literal("second-failure"), host: z.string(), second: z.string() }),
      z.looseObject({ kind: z.literal("guest-hang"), host: z.string(), vm: z.string() }),
      z.looseObject({
        kind: z.literal("host-isolation"),
        host: z.string(),
        adapters: z.array(z.string()),
        undoSeconds: seconds.describe("the host undoes it by itself after so long"),
      }),
      z.looseObject({
        kind: z.enum(["apd", "pdl"]),
        host: z.string(),
        datastores: z.array(z.string()),
        devices: z.array(z.string()),
        paths: z.array(z.string()),
        rulesets: z.array(z.string()).describe("of the host's firewall, for NFS"),
      }),
    ]),
    description: z.string(),
    done: z.boolean(),
  }),
  openstack: z
    .looseObject({
      cloud: z.string(),
      samples: z.int(),
      failed: z.int(),
      instances: z.array(z.looseObject({ vm: z.string(), id: z.string(), statuses: z.array(z.string()) })),
      capacity: z.array(z.looseObject({ t: z.number(), text: z.string() })),
    })
    .optional(),
  stopped: z
    .looseObject({ at: instant, reason: z.string() })
    .optional()
    .describe("what ended it before its time; its figures are no measurement of a failover"),
});

const cloud = z.looseObject({
  cloud: z.string(),
  capacity: z.looseObject({
    vcenter: z.string().optional(),
    nova: z.string().optional(),
    placement: z.string().optional(),
  }),
  instances: z.array(
    z.looseObject({
      name: z.string(),
      id: z.string(),
      nova: z.string(),
      vcenter: z.string().optional(),
      host: z.string().optional(),
    }),
  ),
});

const deployment = z.looseObject({
  stack: z.string(),
  changes: z.array(
    z.looseObject({
      resource: z.string().describe("name in the program"),
      type: z.string(),
      operation: z.enum(["create", "update", "replace", "delete", "import"]),
      state: z
        .enum(["proposed", "done", "failed", "unfinished"])
        .describe("unfinished: the deployment ended while it was at it, or before"),
      properties: z.array(z.looseObject({ property: z.string(), before: z.string(), after: z.string() })),
    }),
  ),
  notes: z.array(z.string()).describe("what was put right first, as after a deployment that was killed"),
});

const restorePart = z.looseObject({ seconds, n: z.int(), interval: bounds.optional() });

/** What `journal.json` holds; Journal is its type. Published as docs/journal.schema.json. */
export const journalSchema = z.looseObject({
  schemaVersion: z.literal(1),
  tool: z.looseObject({ name: z.literal("vsphere-ha"), version: z.string() }),
  command: z.string(),
  started: instant,
  ended: instant,
  vcenter: z
    .looseObject({
      server: z.string(),
      about: z.looseObject({
        fullName: z.string(),
        version: z.string(),
        instanceUuid: z.string(),
        simulated: z.boolean(),
      }),
    })
    .optional(),
  timeScale: z.number().positive().describe("1 on real hardware; faster only where vCenter is simulated"),
  simulated: z.array(z.string()).describe("what was simulated, in plain words; empty on real hardware"),
  lockOwner: z.string().optional(),
  target: z.looseObject({
    datacenter: z.string(),
    cluster: z.string(),
    hosts: z.array(z.string()),
    vms: z.array(z.looseObject({ ...guest, name: z.string() })),
  }),
  checks: z.array(check),
  deployment: deployment.optional(),
  openstack: cloud.optional(),
  drills: z.array(drill),
  load: load.optional(),
  means: z.array(
    z.looseObject({
      ...guest,
      hosts: z.int(),
      repetitions: z.int().optional().describe("in which every host failed: the n of the intervals"),
      windowSeconds: seconds,
      availabilityPercent: bounds,
      downtimeSeconds: bounds,
      interval: z
        .looseObject({ availabilityPercent: bounds, downtimeSeconds: bounds })
        .optional()
        .describe("95 % over repetitions, Student's t, bounds of the measurement included"),
      restore: z
        .looseObject({
          total: restorePart.optional(),
          detection: restorePart.optional(),
          restart: restorePart.optional(),
          boot: restorePart.optional(),
        })
        .optional(),
      longRun: z.looseObject({ mtbfHours: z.number().positive(), availabilityPercent: bounds }).optional(),
      publishedPercent: z.number().describe("the study's figure; its window was not published"),
    }),
  ),
  verdict,
  error: z.string().optional().describe("why the run could not be finished"),
});

/** JSON has no undefined: what is undefined in the type is absent in the file. */
type Written<T> = T extends readonly (infer Member)[]
  ? Written<Member>[]
  : T extends object
    ? { [Key in keyof T as undefined extends T[Key] ? never : Key]: Written<T[Key]> } & {
        [Key in keyof T as undefined extends T[Key] ? Key : never]?: Written<Exclude<T[Key], undefined>> | undefined;
      }
    : T;

// Fails to compile when a field of the type is missing here, or has another type.
((journal: z.output<typeof journalSchema>): Written<Journal> => journal) satisfies unknown;

/** Draft 2020-12 of JSON Schema, for other tools. */
export function journalJsonSchema(): object {
  return {
    $id: "urn:vsphere-ha:journal:1",
    title: "Journal of vsphere-ha, version 1",
    ...z.toJSONSchema(journalSchema),
  };
}
