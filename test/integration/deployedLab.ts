import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Lab, startLab, stopLab } from "../../lab/lab";
import type { Journal } from "../../verification/model";

const root = resolve(__dirname, "../..");
const cli = join(root, "bin", "vsphere-ha.js");

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A lab with the reference stack on it, and the verifier's command line against it. */
export class DeployedLab {
  private constructor(
    readonly lab: Lab,
    readonly dir: string,
    /** The stack's output, as a pipeline would pipe it in. */
    readonly config: string,
  ) {}

  static async start(name: string, timeScale: number): Promise<DeployedLab> {
    const deployed = await DeployedLab.withoutDeployment(name, timeScale);
    await deployed.pulumi("up", "--yes", "--skip-preview");
    await deployed.keepOutput();
    return deployed;
  }

  /** As start(), with a stack that nothing was deployed of yet. */
  static async withoutDeployment(name: string, timeScale: number): Promise<DeployedLab> {
    const lab = await startLab({ name, timeScale });
    const dir = mkdtempSync(join(tmpdir(), `${name}-`));
    const deployed = new DeployedLab(lab, dir, join(dir, "config.json"));
    await deployed.pulumi("stack", "init", "dev");
    return deployed;
  }

  /** Gives what the stack says of its cluster to the verifier. */
  async keepOutput(): Promise<void> {
    writeFileSync(this.config, await this.pulumi("stack", "output", "verification", "--json"));
  }

  private async pulumi(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run("pulumi", [...args, "--non-interactive"]);
    assert.equal(code, 0, stdout + stderr);
    return stdout;
  }

  async stop(): Promise<void> {
    await stopLab(this.lab.name);
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** `watch` sees all output so far, with the process. */
  run(
    file: string,
    args: string[],
    watch?: (soFar: string, child: ChildProcess) => void,
    env: Record<string, string> = {},
  ): Promise<Ended> {
    return new Promise((done, fail) => {
      const child = spawn(file, args, { cwd: root, env: { ...process.env, ...this.lab.env, ...env } });
      const ended: Ended = { code: null, stdout: "", stderr: "" };
      const keep = (to: "stdout" | "stderr") => (chunk: Buffer) => {
        ended[to] += chunk.toString();
        watch?.(ended.stdout + ended.stderr, child);
      };
      child.stdout.on("data", keep("stdout"));
      child.stderr.on("data", keep("stderr"));
      child.on("error", fail).on("close", (code) => {
        done({ ...ended, code });
      });
    });
  }

  verifier(
    args: string[],
    watch?: (soFar: string, child: ChildProcess) => void,
    env?: Record<string, string>,
  ): Promise<Ended> {
    return this.run(process.execPath, [cli, ...args, "--config", this.config], watch, env);
  }

  /** Where a run of that name writes its report. */
  report(name: string): string {
    return join(this.dir, name);
  }

  journal(name: string): Journal {
    return JSON.parse(readFileSync(join(this.report(name), "journal.json"), "utf8")) as Journal;
  }

  /** One more file to lay over the configuration. */
  further(name: string, document: object): string {
    const file = join(this.dir, name);
    writeFileSync(file, JSON.stringify(document));
    return file;
  }
}
