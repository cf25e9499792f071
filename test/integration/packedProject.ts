import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { LabError } from "../../lab/errors";
import { exclusively } from "../../lab/record";

const root = resolve(__dirname, "../..");
const run = promisify(execFile);

/** What `npm pack` made, and a project that has it installed. */
export interface PackedProject {
  /** Folder of all of this. */
  dir: string;
  tarball: string;
  files: { path: string; size: number }[];
  /** Folder of the project. */
  project: string;
}

/** Where `npm` keeps what it once fetched; nothing needs the network then, and where it was never there npm asks for it. */
const offline = ["--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"];

let packed: Promise<PackedProject> | undefined;

/** The package in an empty project: made once for all test files of a process, and removed at its end. */
export function packedProject(): Promise<PackedProject> {
  packed ??= pack();
  return packed;
}

/** Packing builds `dist`, one for all processes that test this checkout. */
async function inTurn<T>(action: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await exclusively("package", action);
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      await sleep(500);
    }
  }
}

async function pack(): Promise<PackedProject> {
  const dir = mkdtempSync(join(tmpdir(), "vsphere-ha-package-"));
  process.once("exit", () => {
    rmSync(dir, { recursive: true, force: true });
  });
  const packing = ["pack", "--json", "--pack-destination", dir];
  const { stdout } = await inTurn(() => run("npm", packing, { cwd: root, maxBuffer: 1e8 }));
  const [made] = JSON.parse(stdout.slice(stdout.indexOf("[\n"))) as {
    filename: string;
    files: PackedProject["files"];
  }[];
  if (made === undefined) throw new Error(`npm pack made nothing: ${stdout}`);
  const tarball = join(dir, made.filename);
  const project = join(dir, "project");
  mkdirSync(project);
  // The official SDKs of vSphere and OpenStack come with a user's providers; here stand those that setup generated.
  const sdks = Object.fromEntries(
    ["vsphere", "openstack"].map((name) => [`@pulumi/${name}`, `file:${join(root, ".sdks", name)}`]),
  );
  const others = ["@pulumi/pulumi", "@pulumi/command", "@pulumi/policy", "@types/node", "typescript"];
  const locked = (
    JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
      packages: Record<string, { version: string }>;
    }
  ).packages;
  const dependencies = {
    "vsphere-ha": `file:${tarball}`,
    ...sdks,
    ...Object.fromEntries(others.map((name) => [name, locked[`node_modules/${name}`]?.version ?? ""])),
  };
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "user", private: true, dependencies }));
  await run("npm", ["install", "--install-links", ...offline], { cwd: project });
  return { dir, tarball, files: made.files, project };
}
