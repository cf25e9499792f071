import { vmAvailability } from "../availability/availability";
import type { Window } from "../availability/downtime";
import { performDrill } from "../drills/drill";
import { overall } from "../drills/judge";
import type { DrillParts, Prober } from "../drills/parts";
import { baseline } from "../drills/prepare";
import { awaitSteadyState, nothingShorterThanNova } from "../drills/steadyState";
import { readOffset } from "../drills/vcenterTime";
import type { JournalFile } from "../journal";
import type { VmAvailability } from "../model";
import type { Sample } from "../probes/sample";
import { CouldNotRun, messageOf } from "../problems";
import { realTimeSeconds, type PerfEntity, type PerfSample } from "../vcenter/performance";
import { endLoad } from "./end";
import { judgeLoad, slopes } from "./judge";
import type { LoadReading, LoadResult } from "./model";
import { planLoad, type LoadOptions, type LoadPlan, type Stage } from "./plan";
import { reading, type StageObservation } from "./readings";

/** Seconds of the Clock. */
const steadyBudget = 180;
const pollSeconds = 2;
/** That a drill may take with all its waiting: load must outlast it. */
const drillSeconds = 3600;
/** vCenter may show a real-time sample late: it asks its hosts. Seconds of the Clock beyond a level's end. */
const lateSeconds = 60;

export interface LoadRequest extends LoadOptions {
  /** Hosts that are failed at each level afterwards, one after the other. */
  failHosts: readonly string[];
}

/**
 * Holds each level in the guests and reads what it does to them and their hosts; then fails hosts at each level. Ends the
 * load on any way out.
 *
 * @returns the judged result, which is in the journal too
 * @throws CouldNotRun when it was refused (nothing was started), when it was interrupted, or when load could not be ended
 */
export async function performLoad(parts: DrillParts, file: JournalFile, request: LoadRequest): Promise<LoadResult> {
  const { clock } = parts;
  const started = new Date(clock.now()).toISOString();
  const plan = await prepareLoad(parts, file, request);
  const result = beginLoad(plan, request, started);
  const prober = await parts.prober(plan.targets.map(({ service }) => service));
  const from = clock.now();
  prober.start();
  try {
    await baseline(
      parts,
      prober,
      plan.targets.map(({ vm }) => vm.name),
    );
    file.journal.load = result;
    await file.save(); // From here on a dead process leaves word of what to end.
    await endedAfter(parts, file, result, async () => {
      for (const stage of plan.stages) {
        parts.interrupted.throwIfAborted();
        result.readings.push(await hold(parts, plan, stage, request.seconds, prober));
      }
    });
    const samples = await prober.stop();
    conclude(result, measured(parts, plan, samples, { from, to: clock.now() }));
  } catch (error) {
    result.summary = parts.interrupted.aborted ? "interrupted" : messageOf(error);
    throw error;
  } finally {
    await prober.stop();
    result.ended = new Date(clock.now()).toISOString();
    if (file.journal.load !== undefined) await file.save();
  }
  parts.progress(`load: ${result.verdict}`);
  for (const level of request.levels) {
    for (const host of request.failHosts) await drillUnderLoad(parts, file, result, { host, level });
  }
  return result;
}

/** Does something while load may run, and ends that load whatever becomes of it. */
async function endedAfter(
  parts: DrillParts,
  file: JournalFile,
  { undo }: LoadResult,
  work: () => Promise<void>,
): Promise<void> {
  const failure = await work().then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  try {
    await endLoad(parts, undo.programs);
    undo.done = true;
    await file.save();
  } catch (error) {
    throw new CouldNotRun(
      [
        ...(failure === undefined ? [] : [failure.message]),
        `load may go on: ${messageOf(error)}`,
        `it ends by itself after a while; ${undo.description} by hand, or run: ` +
          `vsphere-ha recover --config FILE --journal ${file.path}`,
      ].join("\n"),
    );
  }
  if (failure !== undefined) throw failure;
}

function measured(
  { clock, config }: DrillParts,
  { targets }: LoadPlan,
  samples: readonly Sample[],
  window: Window,
): Map<string, VmAvailability> {
  const resolution = clock.wallMs(config.probeIntervalSeconds);
  return new Map(
    targets.map(({ vm: { name: vm }, config: { guestOs } }) => {
      const own = samples.filter((sample) => sample.vm === vm);
      return [vm, vmAvailability({ vm, guestOs, samples: own, window, resolution }, (ms) => clock.seconds(ms))];
    }),
  );
}

/** Steady state, plan, and guests that let us in. Starts nothing; throws CouldNotRun. */
async function prepareLoad(parts: DrillParts, file: JournalFile, request: LoadRequest): Promise<LoadPlan> {
  const budget = nothingShorterThanNova(parts, steadyBudget);
  const { inventory, checks } = await awaitSteadyState(parts, budget, parts.interrupted);
  file.journal.checks = checks;
  parts.progress(`the steady state holds (${checks.length.toString()} checks)`);
  const plan = planLoad(inventory, parts.config, request);
  const refused = [...plan.refusals, ...(await lockedOut(parts, plan))];
  if (refused.length > 0) throw new CouldNotRun(loadRefusal(refused));
  return plan;
}

/** Guests that do not let us run programs, with the reason. */
export async function lockedOut({ vcenter, guestAccount }: DrillParts, { targets }: LoadPlan): Promise<string[]> {
  const answers = await Promise.all(
    targets.map(async ({ vm, config }) => {
      try {
        await vcenter.guests.processes(vm, guestAccount(config.guestOs));
        return [];
      } catch (error) {
        if (error instanceof CouldNotRun) return [error.message];
        throw error;
      }
    }),
  );
  return answers.flat();
}

export function loadRefusal(refusals: readonly string[]): string {
  return ["no load was started:", ...refusals.map((reason) => `  ${reason}`)].join("\n");
}

function beginLoad({ programs }: LoadPlan, { levels, seconds }: LoadRequest, started: string): LoadResult {
  const vms = [...new Set(programs.map(({ vm }) => vm))];
  return {
    verdict: "inconclusive",
    summary: "the load run did not end",
    started,
    ended: started,
    levels: [...levels],
    levelSeconds: seconds,
    expectations: [],
    readings: [],
    slopes: [],
    undo: { programs, description: `end the load programs in ${vms.join(", ")}`, done: false },
  };
}

async function hold(
  parts: DrillParts,
  plan: LoadPlan,
  stage: Stage,
  seconds: number,
  prober: Prober,
): Promise<LoadReading> {
  const { clock, vcenter, interrupted, progress } = parts;
  const names = stage.loaded.map(({ vm }) => vm.name).join(", ");
  progress(stage.loaded.length === 0 ? "idle" : `load of ${stage.level.toString()} % in ${names}`);
  await startLoad(parts, stage);
  const { ms: offset } = await readOffset(parts);
  const from = clock.now();
  await clock.wait(seconds, interrupted);
  const to = clock.now();
  const after = await vcenter.inventory();
  const samples = await collect(parts, plan, { from: from + offset, to: to + offset });
  await endLoad(
    parts,
    stage.loaded.map(({ program }) => program),
  );
  const observation: StageObservation = { stage, from, to, offset, samples, probes: prober.samples, after };
  return reading(observation, plan.targets, (span) => clock.wallMs(span));
}

async function startLoad({ vcenter, guestAccount }: DrillParts, { loaded }: Stage): Promise<void> {
  await Promise.all(
    loaded.map(({ vm, program: { guestOs, path, arguments: args } }) =>
      vcenter.guests.start(vm, guestAccount(guestOs), { path, arguments: args }),
    ),
  );
}

/** Waits for the samples of a level; the ones that do not come in time are missing. */
async function collect(
  { vcenter, clock, interrupted }: DrillParts,
  { hosts, targets }: LoadPlan,
  level: { from: number; to: number },
): Promise<Map<string, PerfSample[]>> {
  const entities: PerfEntity[] = [
    ...hosts.map(({ id }): PerfEntity => ({ type: "HostSystem", id })),
    ...targets.map(({ vm: { id } }): PerfEntity => ({ type: "VirtualMachine", id })),
  ];
  const until = clock.now() + clock.wallMs(lateSeconds);
  for (;;) {
    const samples = await vcenter.performance.samplesSince(entities, new Date(level.from));
    // The last sample that a level holds ends less than an interval before the level does.
    const complete = entities.every(({ id }) => {
      const last = samples.get(id)?.at(-1);
      return last !== undefined && last.at > level.to - clock.wallMs(realTimeSeconds);
    });
    if (complete || clock.now() >= until) return samples;
    await clock.wait(pollSeconds, interrupted);
  }
}

function conclude(result: LoadResult, availability: ReadonlyMap<string, VmAvailability>): void {
  result.slopes = slopes(result.readings);
  const ended = { verdict: "passed" as const, seen: "none runs" };
  result.expectations = judgeLoad(result.readings, availability, ended);
  result.verdict = overall(result.expectations.map(({ verdict }) => verdict));
  const [first, ...others] = result.expectations.filter(({ verdict }) => verdict !== "passed");
  const more = others.length === 0 ? "" : `, and ${others.length.toString()} more`;
  result.summary =
    first === undefined
      ? "the CPU usage of guests and hosts rose with the load"
      : `${first.verdict}: ${first.statement}: ${first.seen}${more}`;
}

/** Fails a host while all guests have a load. */
async function drillUnderLoad(
  parts: DrillParts,
  file: JournalFile,
  result: LoadResult,
  { host, level }: { host: string; level: number },
): Promise<void> {
  parts.interrupted.throwIfAborted();
  const { inventory } = await awaitSteadyState(parts, nothingShorterThanNova(parts, steadyBudget), parts.interrupted);
  const plan = planLoad(inventory, parts.config, { levels: [level], seconds: drillSeconds, includeBystanders: true });
  const stage = plan.stages.at(-1);
  if (stage === undefined || plan.refusals.length > 0) throw new CouldNotRun(loadRefusal(plan.refusals));
  result.undo.programs.push(...plan.programs);
  result.undo.done = false;
  await file.save();
  await endedAfter(parts, file, result, async () => {
    await startLoad(parts, stage);
    parts.progress(`host loss of ${host} under a load of ${level.toString()} %`);
    await performDrill({ ...parts, drill: "host-loss", loadPercent: level }, file, host);
  });
}
