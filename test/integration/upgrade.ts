import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asDeployedBy, type Exported, losses, type Preview, type Resource } from "../../bin/releasedState";

/** Runs the CLI: what it prints on its standard output. */
type Pulumi = (...args: string[]) => Promise<string> | string;

/** The reference stack as the previous release deployed it. */
export function previousRelease(stack: "dev" | "openstack"): Resource[] {
  const file = join(__dirname, "fixtures", "previous-release", `${stack}.json`);
  return JSON.parse(readFileSync(file, "utf8")) as Resource[];
}

/**
 * What users of a release would lose with the code of today, by a preview on the release's state; the stack's own state is
 * put back.
 * @param pulumi runs the CLI on the stack that today's code deployed
 */
export async function lossesByUpgrade(release: readonly Resource[], pulumi: Pulumi): Promise<string[]> {
  const dir = mkdtempSync(join(tmpdir(), "upgrade-"));
  const load = async (name: string, state: string): Promise<void> => {
    const file = join(dir, name);
    writeFileSync(file, state);
    await pulumi("stack", "import", "--file", file);
  };
  const now = await pulumi("stack", "export");
  try {
    await load("release.json", JSON.stringify(asDeployedBy(release, JSON.parse(now) as Exported)));
    return losses(JSON.parse(await pulumi("preview", "--json")) as Preview);
  } finally {
    await load("now.json", now);
    rmSync(dir, { recursive: true });
  }
}
