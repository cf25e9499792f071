import assert from "node:assert/strict";

const loadPrerequisites = () => import("../../../../lab/toolchain/prerequisites.mjs");
type Prerequisites = Awaited<ReturnType<typeof loadPrerequisites>>;

const complete = { node: "20.20.2", npm: "/usr/bin/npm", git: "/usr/bin/git", go: "go1.26.1" };

describe("the prerequisites", () => {
  let p: Prerequisites;
  before(async () => {
    p = await loadPrerequisites();
  });

  it("are met by what the documentation asks for", () => {
    assert.deepEqual(p.problemsOf(complete), []);
    assert.deepEqual(p.problemsOf({ ...complete, node: "22.0.0", go: "go1.30" }), []);
  });

  it("compares versions as numbers", () => {
    assert.equal(p.isAtLeast("20.9.0", "20.19"), false);
    assert.equal(p.isAtLeast("20.19", "20.19.0"), true);
    assert.equal(p.isAtLeast("go1.26rc1", "1.26"), true);
    assert.equal(p.isAtLeast("v3.100.0", "3.220.0"), false);
    assert.equal(p.isAtLeast("4", "3.220.0"), true);
  });

  it("are named all at once, each with what was found and what to do", () => {
    const problems = p.problemsOf({ node: "18.2.0", go: "go1.22.1" });
    assert.equal(
      p.problemsMessage(problems, ["npm", "git"]),
      [
        "this machine lacks:",
        "  Node 20.19 or later is needed, this is 18.2.0: install it from https://nodejs.org/",
        "  npm is missing: it comes with Node from https://nodejs.org/",
        "  git is missing: install it from https://git-scm.com/",
        "  Go 1.26 or later is needed, this is go1.22.1: install it from https://go.dev/dl/",
        "  on this system: sudo apt-get install npm git",
      ].join("\n"),
    );
  });

  it("says when Go is not there at all", () => {
    assert.match(p.problemsOf({ ...complete, go: undefined })[0]?.what ?? "", /^Go 1\.26 or later is missing$/);
  });

  it("takes only Debian packages that exist and are new enough", () => {
    const problems = p.problemsOf({ node: "20.20.2", npm: "npm" });
    const debian12: Record<string, string> = { git: "1:2.39.5-0+deb12u2", "golang-go": "2:1.19~1" };
    const without = p.packagesFor(problems, (name) => debian12[name]);
    assert.deepEqual(without.packages, ["git"]);
    assert.deepEqual(
      without.left.map(({ what }) => what),
      ["Go 1.26 or later is missing"],
    );
    const backports: Record<string, string> = { ...debian12, "golang-1.26-go": "1.26.1-1~bpo12+1" };
    assert.deepEqual(p.packagesFor(problems, (name) => backports[name]).packages, ["git", "golang-1.26-go"]);
    const later: Record<string, string> = { ...debian12, "golang-go": "2:1.26~2" };
    assert.deepEqual(p.packagesFor(problems, (name) => later[name]).packages, ["git", "golang-go"]);
  });
});
