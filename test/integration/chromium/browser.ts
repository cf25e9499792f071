/** A real Chromium for tests: the machine's, or Debian's package when there is none. */
import { execFileSync } from "node:child_process";
import { launch, type Browser } from "puppeteer-core";

/** As distributions and Google name it. */
const names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

interface Machine {
  which: (name: string) => string | undefined;
  /** Whether Debian packages may be installed, and what version there would be of one. */
  canInstall: () => boolean;
  aptCandidate: (name: string) => string | undefined;
  install: (name: string) => void;
}

/** Path of a Chromium, installed if need be. Throws an error that says how to get one. */
export function chromiumOf({ which, canInstall, aptCandidate, install }: Machine): string {
  const found = (): string | undefined => names.map(which).find((path) => path !== undefined);
  const there = found();
  if (there !== undefined) return there;
  const missing = `no Chromium is on PATH (${names.join(", ")}), and the report is looked at in one`;
  if (!canInstall() || aptCandidate("chromium") === undefined) {
    throw new Error(`${missing}: sudo apt-get install chromium, or install it from https://www.chromium.org/`);
  }
  install("chromium");
  const installed = found();
  if (installed === undefined) throw new Error(`${missing}, even after apt-get install chromium`);
  return installed;
}

export async function openChromium(): Promise<Browser> {
  const { aptCandidate, canInstall, which } = await import("../../../lab/toolchain/prerequisites.mjs");
  const path = chromiumOf({
    which: (name) => which(name, process.env.PATH ?? ""),
    canInstall,
    aptCandidate,
    install: (name) => {
      execFileSync("apt-get", ["install", "--yes", "--no-install-recommends", name], {
        env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
        stdio: ["ignore", "ignore", "inherit"],
      });
    },
  });
  // Its sandbox needs what containers do not give; it shows only pages that were made here.
  return launch({ executablePath: path, pipe: true, args: ["--no-sandbox", "--force-color-profile=srgb"] });
}
