/** Kills drills at random points, and sees that `recover` puts everything back. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { drillNames, variantOf, type DrillName } from "../../verification/drills/variants";
import { lockName } from "../../verification/vcenter/lock";
import type { DrillLab } from "../integration/drillLab";

/** Lines that a drill tells at most before it ends. One that ends earlier is tried again, with half as many. */
const lines = 14;
/** At most so long after a line, wall ms. */
const longestDelayMs = 1500;

export interface KillPoint {
  drill: DrillName;
  subject: string;
  /** After so many lines of its output … */
  line: number;
  /** … and so many ms. */
  delayMs: number;
}

/** Points that follow from the seed: the same again for the same seed and lab. */
export function killPoints(seed: number, count: number, { document }: Pick<DrillLab, "document">): KillPoint[] {
  const random = generator(seed);
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
  const drills = drillNames.filter((name) => variantOf(name).ofOpenStack !== true);
  let deck: DrillName[] = [];
  return Array.from({ length: count }, () => {
    // Each as often as the others, in no order.
    if (deck.length === 0) deck = [...drills];
    const drill = pick(deck);
    deck = deck.filter((name) => name !== drill);
    const subjects = variantOf(drill).ofVm === true ? document.vms : document.hosts;
    return {
      drill,
      subject: pick<{ name: string }>(subjects).name,
      line: 1 + Math.floor(random() * lines),
      delayMs: Math.floor(random() * longestDelayMs),
    };
  });
}

/** Kills a drill at a point, and sees that all is put back. Resolves to where it was. */
export async function killAt(lab: DrillLab, point: KillPoint, name: string): Promise<string> {
  const ended = await killOnce(lab, point, name);
  const line = Math.floor(point.line / 2);
  if (ended.killed || line === 0) return ended.text;
  return `${ended.text}; again: ${await killAt(lab, { ...point, line }, name)}`;
}

async function killOnce(
  lab: DrillLab,
  { drill, subject, line, delayMs }: KillPoint,
  name: string,
): Promise<{ killed: boolean; text: string }> {
  let killed = false;
  const option = variantOf(drill).ofVm === true ? "--vm" : "--host";
  const { code, output } = await lab.drill(name, [drill, option, subject], (soFar, child) => {
    if (killed || soFar.split("\n").length <= line) return;
    killed = true;
    void sleep(delayMs).then(() => child.kill("SIGKILL"));
  });
  // A drill that is refused breaks nothing, and a point of it shows nothing: only a busy machine is an excuse.
  const busy = output.includes("did not answer steadily");
  assert.ok(code === null || code === 0 || code === 1 || busy, output);
  const last = output.trim().split("\n").at(-1) ?? "";
  const journal = join(lab.dir, name, "journal.json");
  if (existsSync(journal)) {
    const recovered = await lab.verifier(["recover", "--journal", journal]);
    assert.equal(recovered.code, 0, `${output}\nrecover: ${recovered.output}`);
    assert.deepEqual(
      lab.journal(name).drills.filter(({ undo }) => !undo.done),
      [],
      output,
    );
  }
  const checked = await lab.verifier(["check"]);
  assert.equal(checked.code, 0, `${output}\ncheck: ${checked.output}`);
  await assert.rejects(lab.admin.find("Folder", lockName(lab.document.cluster.name)), /no Folder/, "the lock is left");
  return {
    killed: code === null,
    text: `${code === null ? "killed" : `ended with ${code.toString()}`} after: ${last}`,
  };
}

export function pointText({ drill, subject, line, delayMs }: KillPoint): string {
  return `${drill} of ${subject}, ${delayMs.toString()} ms after line ${line.toString()}`;
}

/** Mulberry32: small, and good enough to choose with. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}
