import { mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { Environment } from "../config";
import { CouldNotRun } from "../problems";
import type { TreeObject } from "../vcenter/tree";
import { nameOf, type EngineLog } from "./engineLog";
import { asCreated, isFindable, leftBehind, type LeftBehind } from "./leftBehind";
import type { PulumiStack } from "./stack";
import { continued, pendingOf, pendingText, resourcesOf, type StackState } from "./state";

/** What a deployment took into the state before it began. */
export interface TakenOver {
  before: StackState;
  file: string;
  resources: LeftBehind[];
}

export interface Continuation {
  name: string;
  stack: Pick<PulumiStack, "state" | "putState">;
  env: Environment;
  note: (line: string) => void;
  /** Reads what vCenter has. */
  objects: () => Promise<TreeObject[]>;
}

/**
 * Makes the state ready for the next deployment after one that was killed: what was created without being recorded is taken
 * over, if exactly one object of vCenter fits and it holds no data; everything else that was under way is begun anew. The
 * engine by itself only warns of it, for ever.
 *
 * @returns what was taken over; undefined: nothing
 * @throws CouldNotRun when only a person can tell what to do; nothing was changed then
 */
export async function continueKilled({
  name,
  stack,
  env,
  note,
  objects,
}: Continuation): Promise<TakenOver | undefined> {
  const state = await stack.state();
  const pending = pendingOf(state);
  if (pending.length === 0) return undefined;
  const recorded = new Set(resourcesOf(state).map(({ urn }) => urn));
  const creating = pending.filter(({ type, resource }) => type === "creating" && !recorded.has(resource.urn));
  const sought = creating.filter(({ resource }) => isFindable(resource.type));
  const tree = sought.length === 0 ? [] : await objects();
  const found = sought.map(({ resource }) => leftBehind(resource, state, tree)).filter(({ fits }) => fits.length > 0);
  const unclear = found.filter(({ fits, holdsData }) => holdsData || fits.length > 1);
  if (unclear.length > 0) throw new CouldNotRun(unclearText(unclear));

  const urns = new Set(found.map(({ resource }) => resource.urn));
  const anew = pending.filter(({ resource }) => !urns.has(resource.urn));
  if (anew.length > 0) {
    note(`a deployment was killed while ${anew.map(pendingText).join(", ")}: this one begins that anew`);
  }
  const file = found.length === 0 ? "" : keep(name, state, env);
  await stack.putState(continued(state, found.flatMap(asCreated)));
  if (found.length === 0) return undefined;
  const what = found.map(({ resource, fits }) => `${fits[0]?.object ?? ""} as ${nameOf(resource.urn)}`).join(", ");
  note(
    `a deployment was killed after it had made, and before it had recorded: ${what}. This one takes that over. The state ` +
      `before is in ${file}; pulumi stack import --stack ${name} --file ${file} puts it back`,
  );
  return { before: state, file, resources: found };
}

/**
 * Puts the state back when what was taken over would be replaced or deleted: then it is not what was declared.
 *
 * @throws CouldNotRun in that case
 */
export async function refuseToDestroy(
  taken: TakenOver | undefined,
  proposed: EngineLog,
  stack: Pick<PulumiStack, "putState">,
): Promise<void> {
  const destroyed = (taken?.resources ?? []).filter(({ resource }) =>
    proposed
      .changes(false)
      .some(
        ({ resource: name, type, operation }) =>
          name === nameOf(resource.urn) && type === resource.type && ["replace", "delete"].includes(operation),
      ),
  );
  if (taken === undefined || destroyed.length === 0) return;
  await stack.putState(taken.before);
  throw new CouldNotRun(unclearText(destroyed));
}

function unclearText(unclear: readonly LeftBehind[]): string {
  const lines = unclear.map(({ resource, fits, holdsData }) => {
    const objects = fits.map(({ object }) => object).join(", ");
    const why = holdsData
      ? "it may be half made, or somebody's with data on it"
      : fits.length > 1
        ? "more than one fits"
        : "it is otherwise than declared, and deployment would replace it";
    return `  ${nameOf(resource.urn)}: vCenter has ${objects}; ${why}`;
  });
  return [
    "a deployment was killed while it created what vCenter has now, and only you can tell whether it made that:",
    ...lines,
    "If it did, remove it in vCenter. If it is somebody's, rename it there, or declare another name. Then deploy again; " +
      "nothing was changed",
  ].join("\n");
}

/** Where Pulumi keeps what only its user may read: the state has secrets, encrypted. */
function keep(name: string, state: StackState, env: Environment): string {
  const home = env.PULUMI_HOME === undefined || env.PULUMI_HOME === "" ? join(homedir(), ".pulumi") : env.PULUMI_HOME;
  const folder = resolve(home, "vsphere-ha");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stamp = new Date().toISOString().replaceAll(":", "-");
  const file = join(folder, `${name.replaceAll("/", "-")}-${stamp}.json`);
  writeFileSync(file, JSON.stringify(state), { mode: 0o600, flag: "wx" });
  return file;
}
