import { execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const root = resolve(__dirname, "../..");

export interface Clone {
  dir: string;
  git(...args: string[]): string;
  /** Runs `npm …` in the clone as a user does; `onOutput` sees all output so far and may interrupt. */
  npm(args: string[], onOutput?: (output: string, interrupt: () => void) => void): Promise<Finished>;
  remove(): void;
}

export interface Finished {
  code: number | null;
  output: string;
  seconds: number;
}

/** A fresh clone of this checkout as it is, uncommitted files included, so that what is tested is what is here. */
export function freshClone(): Clone {
  const dir = mkdtempSync(join(tmpdir(), "vsphere-ha-clone-"));
  const git = (...args: string[]): string =>
    execFileSync("git", ["-c", "user.name=test", "-c", "user.email=test@example.com", ...args], {
      cwd: dir,
      encoding: "utf8",
    });
  copyCheckout(dir);
  git("init", "-q");
  git("add", "-A");
  git("commit", "-qm", "clone");
  return {
    dir,
    git,
    npm: (args, onOutput) => npm(dir, args, onOutput),
    remove: () => rmSync(dir, { recursive: true }),
  };
}

/** Copies this checkout's files as they are, uncommitted ones included; nothing that git ignores. */
export function copyCheckout(to: string): void {
  const list = ["ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate"];
  for (const file of execFileSync("git", list, { cwd: root, encoding: "utf8" }).trim().split("\n")) {
    if (!existsSync(join(root, file))) continue; // deleted, and not yet committed
    mkdirSync(join(to, dirname(file)), { recursive: true });
    cpSync(join(root, file), join(to, file));
  }
}

function npm(
  dir: string,
  args: string[],
  onOutput?: (output: string, interrupt: () => void) => void,
): Promise<Finished> {
  const started = Date.now();
  return new Promise((done, fail) => {
    // Its own process group, as under a terminal: Ctrl-C reaches npm, its shell and everything that it runs.
    const child = spawn("npm", args, { cwd: dir, stdio: ["ignore", "pipe", "pipe"], detached: true });
    let output = "";
    const interrupt = (): void => {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGINT");
    };
    const keep = (chunk: Buffer): void => {
      output += chunk.toString();
      onOutput?.(output, interrupt);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", fail);
    child.on("close", (code) => {
      done({ code, output, seconds: (Date.now() - started) / 1000 });
    });
  });
}
