import { createHash } from "node:crypto";
import type { Clock } from "../clock";
import { CouldNotRun } from "../problems";
import { retrieve, retrieveOne } from "./properties";
import { isFault, type Session } from "./session";
import { runTask, TaskFailed } from "./task";
import { at, element, members, ref, text, textAt, type Ref } from "./xml";

/**
 * The lock of a cluster is a folder in the datacenter's VM folder: vCenter creates it or says DuplicateName, so that
 * only one can have it, and everyone sees it. Owner and expiry are the name of a folder inside: readable in any client,
 * and, unlike a custom field, without a definition that would stay in vCenter and needs a global privilege.
 */
export interface LockPlace {
  vmFolder: Ref;
  clusterName: string;
}

export interface Holder {
  owner: string;
  expires: Date;
}

/** Names of vCenter's objects have at most 80 characters. */
const nameLimit = 80;
/** Time for the holder to write its name into a lock that it has just created; seconds of the clock. */
const namingSeconds = 30;

export function lockName(clusterName: string): string {
  const name = plainName(`vsphere-ha-lock-${clusterName}`);
  if (name.length <= nameLimit) return name;
  return `vsphere-ha-lock-${createHash("sha256").update(clusterName).digest("hex").slice(0, 40)}`;
}

export function holderName({ owner, expires }: Holder): string {
  const suffix = ` until ${expires.toISOString()}`;
  return plainName(owner).slice(0, nameLimit - suffix.length) + suffix;
}

export function parseHolder(name: string): Holder | undefined {
  const [, owner = "", instant = ""] = /^(.*) until (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)$/s.exec(name) ?? [];
  const expires = new Date(instant);
  return Number.isNaN(expires.getTime()) ? undefined : { owner, expires };
}

/** Without the three characters that vCenter would escape. */
function plainName(name: string): string {
  return name.replace(/[%/\\]/g, "-");
}

/** Takes the lock, or one that has expired or is the same owner's; CouldNotRun names the holder of another's. */
export async function acquireLock(
  session: Session,
  clock: Clock,
  { vmFolder, clusterName }: LockPlace,
  holder: Holder,
  now: () => Promise<Date>,
): Promise<{ release(): Promise<void> }> {
  const name = lockName(clusterName);
  // Who makes a lock must be able to take it away.
  await session.requirePrivilege("Folder.Delete", vmFolder, "Destroy_Task");
  let folder = await createFolder(session, vmFolder, name);
  if (folder === undefined) {
    const held = await findFolder(session, vmFolder, name);
    if (held !== undefined) await clear(session, clock, held, { clusterName, holder, now });
    folder = await createFolder(session, vmFolder, name);
  }
  if (folder === undefined)
    throw new CouldNotRun(`${lockTaken(clusterName)} by another run, this moment; try again later`);
  const lock = folder;
  try {
    await createFolder(session, lock, holderName(holder));
  } catch (error) {
    await destroy(session, clock, lock);
    throw error;
  }
  return {
    release: () => destroy(session, clock, lock),
  };
}

interface Claim {
  clusterName: string;
  holder: Holder;
  now: () => Promise<Date>;
}

/**
 * Removes a lock that has expired, or that this very owner has left behind; CouldNotRun names any other holder.
 * Destroys the folder by its id: of two runs that find the same expired lock, one destroys it, and the other, finding
 * it gone, meets the new lock by its name.
 */
async function clear(session: Session, clock: Clock, lock: Ref, { clusterName, holder, now }: Claim): Promise<void> {
  const until = clock.now() + clock.wallMs(namingSeconds);
  let inside = await readInside(session, lock);
  while (inside.names.length === 0 && inside.present && clock.now() < until) {
    await clock.wait(1);
    inside = await readInside(session, lock);
  }
  if (!inside.present) return;
  const holders = inside.names.map(parseHolder);
  if (inside.foreign || holders.includes(undefined)) {
    throw new CouldNotRun(
      `the folder ${lockName(clusterName)} holds something that is no lock (${inside.names.join(", ")}); ` +
        "it is the lock of the cluster's drills: move its content elsewhere and delete the folder",
    );
  }
  const time = await now();
  const own = parseHolder(holderName(holder))?.owner;
  const valid = holders.find((other) => other !== undefined && other.expires > time && other.owner !== own);
  if (valid !== undefined) {
    throw new CouldNotRun(
      `${lockTaken(clusterName)} by ${valid.owner} until ${valid.expires.toISOString()}; wait for that run to end. If it ` +
        `is dead, run vsphere-ha recover, or delete the folder ${lockName(clusterName)} in vCenter`,
    );
  }
  await destroy(session, clock, lock);
}

function lockTaken(clusterName: string): string {
  return `cluster ${clusterName} is locked (folder ${lockName(clusterName)})`;
}

/** Undefined: a folder of that name is there already. */
async function createFolder(session: Session, parent: Ref, name: string): Promise<Ref | undefined> {
  try {
    return ref(at(await session.call("CreateFolder", parent, [element("name", name)]), "returnval"));
  } catch (error) {
    if (isFault(error, "DuplicateName")) return undefined;
    throw error;
  }
}

async function findFolder(session: Session, parent: Ref, name: string): Promise<Ref | undefined> {
  const folders = await retrieve(session, {
    start: parent,
    properties: { Folder: ["name"] },
    traversal: [{ type: "Folder", path: "childEntity" }],
  });
  return folders.find(({ properties }) => text(properties.get("name")) === name)?.ref;
}

interface Inside {
  present: boolean;
  names: string[];
  /** Something other than folders is in it. */
  foreign: boolean;
}

async function readInside(session: Session, folder: Ref): Promise<Inside> {
  try {
    const content = members((await retrieveOne(session, folder, ["childEntity"])).get("childEntity"));
    const children = content.flatMap((child) => ref(child) ?? []);
    const names = await Promise.all(
      children.map(async (child) => textAt((await retrieveOne(session, child, ["name"])).get("name"))),
    );
    return { present: true, names, foreign: children.some(({ type }) => type !== "Folder") };
  } catch (error) {
    if (isFault(error, "ManagedObjectNotFound")) return { present: false, names: [], foreign: false };
    throw error;
  }
}

async function destroy(session: Session, clock: Clock, folder: Ref): Promise<void> {
  try {
    await runTask(session, clock, { method: "Destroy_Task", on: folder, parameters: [], what: "remove the lock" }, 60);
  } catch (error) {
    const gone = "ManagedObjectNotFound";
    if (!isFault(error, gone) && !(error instanceof TaskFailed && error.fault === gone)) throw error;
  }
}
