import { adoption, candidates, obstacles } from "../init/adopt";
import { login, whichCluster, whichVms, type InitOptions } from "../init/answers";
import { terminalAsker, type Asker } from "../init/asker";
import { clustersFilter, clustersIn } from "../init/clusters";
import { filesOf, slug, type Written } from "../init/files";
import { open } from "../init/open";
import { foundLines, nextLines } from "../init/summary";
import { survey } from "../init/survey";
import { inTheWay, writeAll } from "../init/write";
import { Problems, problemText } from "../problems";
import { retrieve } from "../vcenter/properties";
import type { CommandContext } from "./context";

/** Writes a stack that takes an existing cluster over, and what the check reads. Resolves to the exit code, 0. */
export async function initCommand(
  options: InitOptions,
  { env, stdout, signal }: CommandContext,
  asker: Asker | undefined = process.stdin.isTTY && stdout.isTTY ? terminalAsker(signal) : undefined,
): Promise<number> {
  const say = (lines: readonly string[]): void => {
    stdout.write(`${lines.join("\n")}\n`);
  };
  const who = await login(options, env, asker, options.out === undefined ? [] : inTheWay(options.out));
  const { session, pinned, close } = await open(who, asker, say);
  let written: Written;
  try {
    const clusters = clustersIn(await retrieve(session, clustersFilter(session.service.rootFolder), signal));
    const found = await whichCluster(clusters, options, asker);
    const { inventory, guestIds, vmMonitoring } = await survey(session, found, signal);
    const problems = obstacles(inventory, found);
    if (problems.length > 0)
      throw new Problems(problems, `cluster ${found.name}, which the library cannot take over as it is`);
    const vms = await whichVms(candidates(inventory, guestIds), options.vm, asker);
    const vcenter = {
      server: who.server,
      user: who.user,
      thumbprint: pinned?.thumbprint,
      certificate: pinned?.pem,
    };
    written = { vcenter, found, inventory, vms, adoption: adoption(inventory, found, vmMonitoring) };
  } finally {
    await close();
  }
  const out = options.out ?? (await folder(slug(written.found.name), asker));
  const files = filesOf(written);
  writeAll(out, files);
  say(foundLines(written));
  const caFile = pinned === undefined && who.caFile !== undefined && (env.SSL_CERT_FILE ?? "") === "";
  say(nextLines(out, files, { typed: (env.VSPHERE_PASSWORD ?? "") === "", caFile }));
  return 0;
}

/** Where the files go: asked, or named for the cluster. Throws Problems when something is in the way there. */
async function folder(usual: string, asker: Asker | undefined): Promise<string> {
  if (asker !== undefined) {
    return asker.text("Folder for the stack", usual, (answer) => {
      const [first, ...others] = inTheWay(answer);
      if (first === undefined) return undefined;
      return `${problemText(first)}${others.length > 0 ? ` (and ${others.length.toString()} more)` : ""}`;
    });
  }
  const problems = inTheWay(usual);
  if (problems.length > 0) throw new Problems(problems, "what init needs to know");
  return usual;
}
