import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { Ended } from "./deployedLab";
import { packedProject } from "./packedProject";

const terminal = join(__dirname, "fixtures", "terminal.py");

/** A question as it begins, and what the user types then. */
export type Answer = [question: string, typed: string];

/** A user who has the package installed, and a cluster. */
export class InitProject {
  private constructor(
    private readonly home: string,
    private readonly modules: string,
    private readonly env: Record<string, string | undefined>,
  ) {}

  /** @param env in which the commands run, undefined: taken away */
  static async of(env: Record<string, string | undefined>): Promise<InitProject> {
    const { project } = await packedProject();
    const home = mkdtempSync(join(tmpdir(), "vsphere-ha-init-"));
    const modules = join(project, "node_modules");
    symlinkSync(modules, join(home, "node_modules"));
    return new InitProject(home, modules, env);
  }

  /** On a terminal, with answers; what the screen showed, without colours and cursor movements. */
  async onTerminal(command: string, answers: readonly Answer[]): Promise<string> {
    const { code, stdout, stderr } = await this.start("python3", [
      terminal,
      JSON.stringify(answers),
      "bash",
      "-c",
      command,
    ]);
    const shown = stripVTControlCharacters(stdout).replaceAll("\r", "");
    assert.equal(code, 0, shown + stderr);
    return shown;
  }

  /** Stands for the `npm install` that init tells: one installation serves all, and what is asked for must be in it. */
  get installation(): string {
    return `ln -s '${this.modules}' node_modules && npm ls --depth 0`;
  }

  /** Commands as one shell runs them, up to the first that fails. */
  run(commands: readonly string[]): Promise<Ended> {
    return this.start("bash", ["-e", "-o", "pipefail", "-c", commands.join("\n")]);
  }

  private start(file: string, args: string[]): Promise<Ended> {
    return new Promise((done, fail) => {
      const env = { ...process.env, ...this.env };
      const child = spawn(file, args, { cwd: this.home, env, stdio: ["ignore", "pipe", "pipe"] });
      const ended: Ended = { code: null, stdout: "", stderr: "" };
      child.stdout.on("data", (chunk: Buffer) => void (ended.stdout += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => void (ended.stderr += chunk.toString()));
      child.on("error", fail).on("close", (code) => {
        done({ ...ended, code });
      });
    });
  }

  remove(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}

/** The commands that init tells to go on with. */
export function nextCommands(shown: string): string[] {
  const [, block = ""] = /Next:\n\n((?: {2}.*\n)+)/.exec(shown) ?? [];
  return block
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
