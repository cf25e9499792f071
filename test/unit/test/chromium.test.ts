import assert from "node:assert/strict";
import { chromiumOf } from "../../integration/chromium/browser";

describe("a Chromium for tests", () => {
  const nothing = (): undefined => undefined;
  const bare = {
    which: nothing as (name: string) => string | undefined,
    canInstall: () => true,
    aptCandidate: nothing as (name: string) => string | undefined,
    install: () => assert.fail("installed"),
  };

  it("is the machine's", () => {
    assert.equal(
      chromiumOf({ ...bare, which: (name) => (name === "google-chrome" ? "/opt/chrome" : undefined) }),
      "/opt/chrome",
    );
  });

  it("is Debian's where there is none", () => {
    let path: string | undefined;
    const found = chromiumOf({
      ...bare,
      which: (name) => (name === "chromium" ? path : undefined),
      aptCandidate: () => "130",
      install: (name) => {
        path = `/usr/bin/${name}`;
      },
    });
    assert.equal(found, "/usr/bin/chromium");
  });

  it("fails with what to do where none can be had, and never goes without", () => {
    assert.throws(() => chromiumOf(bare), /no Chromium is on PATH .*: sudo apt-get install chromium/);
    const apt = { ...bare, aptCandidate: () => "130" };
    assert.throws(() => chromiumOf({ ...apt, canInstall: () => false }), /sudo apt-get install chromium/);
    assert.throws(() => chromiumOf({ ...apt, install: () => undefined }), /even after apt-get install chromium/);
  });
});
