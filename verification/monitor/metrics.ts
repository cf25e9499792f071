import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { GuestOs, Journal } from "../model";
import type { Sample } from "../probes/sample";
import { RollingAvailability } from "./rolling";

export interface Monitored {
  vm: string;
  guestOs: GuestOs;
}

/** A window by its name, `1h`, and its length in seconds of the Clock. */
export interface MonitorWindow {
  name: string;
  seconds: number;
}

export interface MetricsOptions {
  vms: readonly Monitored[];
  windows: readonly MonitorWindow[];
  clock: { now(): number; seconds(wallMs: number): number; wallMs(seconds: number): number };
  probeIntervalSeconds: number;
  /** The journal of the last drills; undefined: none was found. */
  journal: () => Promise<Journal | undefined>;
}

/** From 0.1 ms on the loopback network to a probe's limit, seconds of the wall clock. */
const latencyBuckets = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** What Prometheus scrapes. Memory depends on the number of VMs and windows alone. */
export class MonitorMetrics {
  readonly #registry = new Registry();
  readonly #rolling: Map<string, RollingAvailability>;
  readonly #probes: Counter<"vm" | "outcome">;
  readonly #latency: Histogram<"vm">;
  readonly #vcenter: Gauge;

  constructor({ vms, windows, clock, probeIntervalSeconds, journal }: MetricsOptions) {
    const registers = [this.#registry];
    const begun = clock.now();
    const lengths = windows.map(({ seconds }) => clock.wallMs(seconds));
    const resolution = clock.wallMs(probeIntervalSeconds);
    this.#rolling = new Map(vms.map(({ vm }) => [vm, new RollingAvailability(lengths, resolution, begun)]));
    collectDefaultMetrics({ register: this.#registry });
    this.#probes = new Counter({
      name: "vsphere_ha_probes_total",
      help: "Probes of the service, by outcome: up, down, or lost because the prober was late.",
      labelNames: ["vm", "outcome"],
      registers,
    });
    this.#latency = new Histogram({
      name: "vsphere_ha_probe_duration_seconds",
      help: "From sending a probe to its answer, of those that were answered.",
      labelNames: ["vm"],
      buckets: latencyBuckets,
      registers,
    });
    this.#vcenter = new Gauge({
      name: "vsphere_ha_vcenter_reachable",
      help: "1 when vCenter told the addresses at the last look, else 0. Probes go on without it.",
      registers,
    });
    const each = (act: (rolling: RollingAvailability, labels: { vm: string; guest_os: string }) => void): void => {
      for (const { vm, guestOs } of vms) {
        const rolling = this.#rolling.get(vm);
        if (rolling !== undefined) act(rolling, { vm, guest_os: guestOs });
      }
    };
    new Gauge({
      name: "vsphere_ha_up",
      help: "1 when the newest probe was answered, else 0; absent before the first one.",
      labelNames: ["vm", "guest_os"],
      registers,
      collect() {
        this.reset();
        each(({ isUp }, labels) => {
          if (isUp !== undefined) this.set(labels, Number(isUp));
        });
      },
    });
    new Gauge({
      name: "vsphere_ha_availability_ratio",
      help: "Share of the window in which the service was up: lower and upper bound of what the probes prove.",
      labelNames: ["vm", "guest_os", "window", "bound"],
      registers,
      collect() {
        each((rolling, labels) => {
          rolling.availability(clock.now()).forEach(({ share }, k) => {
            const window = windows[k]?.name ?? "";
            this.set({ ...labels, window, bound: "lower" }, share.lower);
            this.set({ ...labels, window, bound: "upper" }, share.upper);
          });
        });
      },
    });
    new Gauge({
      name: "vsphere_ha_window_seconds",
      help: "How much of the window has passed since the monitor began: the availability is of that.",
      labelNames: ["window"],
      registers,
      collect() {
        const [first] = vms;
        const rolling = first && rollingOf(first.vm);
        rolling?.availability(clock.now()).forEach(({ length }, k) => {
          this.set({ window: windows[k]?.name ?? "" }, clock.seconds(length));
        });
      },
    });
    const rollingOf = (vm: string): RollingAvailability | undefined => this.#rolling.get(vm);
    new Gauge({
      name: "vsphere_ha_downtime_seconds_total",
      help: "Proved downtime since the monitor began.",
      labelNames: ["vm", "guest_os"],
      registers,
      collect() {
        each(({ downMs }, labels) => {
          this.set(labels, clock.seconds(downMs));
        });
      },
    });
    this.#lastDrills(journal);
  }

  #lastDrills(journal: () => Promise<Journal | undefined>): void {
    const registers = [this.#registry];
    const labelNames = ["drill", "host"] as const;
    const drillsOf = async (): Promise<Journal["drills"]> => {
      const { drills = [] } = (await journal()) ?? {};
      // Of several of a host the last counts.
      return [...new Map(drills.map((one) => [`${one.drill} ${one.host}`, one])).values()];
    };
    new Gauge({
      name: "vsphere_ha_last_drill_timestamp_seconds",
      help: "When the last drill of a host ended.",
      labelNames,
      registers,
      async collect() {
        const drills = await drillsOf();
        this.reset();
        for (const { drill, host, ended } of drills) this.set({ drill, host }, Date.parse(ended) / 1000);
      },
    });
    new Gauge({
      name: "vsphere_ha_last_drill_passed",
      help: "1 when the last drill of a host passed, else 0.",
      labelNames,
      registers,
      async collect() {
        const drills = await drillsOf();
        this.reset();
        for (const { drill, host, verdict } of drills) this.set({ drill, host }, Number(verdict === "passed"));
      },
    });
    new Gauge({
      name: "vsphere_ha_last_drill_downtime_seconds",
      help: "Largest possible downtime of a VM in the last drill of the host that it ran on.",
      labelNames: ["drill", "host", "vm"],
      registers,
      async collect() {
        const drills = await drillsOf();
        this.reset();
        for (const { drill, host, vms } of drills) {
          for (const { vm, affected, downtimeSeconds } of vms) {
            if (affected) this.set({ drill, host, vm }, downtimeSeconds.upper);
          }
        }
      },
    });
  }

  add(sample: Sample): void {
    this.#rolling.get(sample.vm)?.add(sample);
    this.#probes.inc({ vm: sample.vm, outcome: sample.outcome });
    if (sample.outcome === "up") this.#latency.observe({ vm: sample.vm }, (sample.done - sample.sent) / 1000);
  }

  vcenterReachable(is: boolean): void {
    this.#vcenter.set(Number(is));
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** In Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
