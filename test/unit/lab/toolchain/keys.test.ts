import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const loadKeys = () => import("../../../../lab/toolchain/keys.mjs");
type Keys = Awaited<ReturnType<typeof loadKeys>>;

const part = { name: "x", title: "X", dir: "x", package: ".", program: "x", megabytes: 1 };
const go = { GOVERSION: "go1.26.1", GOOS: "linux", GOARCH: "amd64", CGO_ENABLED: "1" };
const sources = { "main.go": "package main", "go.sum": "sums" };

describe("the key of a part", () => {
  let keys: Keys;
  before(async () => {
    keys = await loadKeys();
  });

  it("is the same for the same sources, in whatever order they are read", () => {
    const reversed = { "go.sum": "sums", "main.go": "package main" };
    assert.equal(keys.goPartKey(part, go, sources), keys.goPartKey(part, go, reversed));
  });

  it("changes with everything that determines the program", () => {
    const all = [
      keys.goPartKey(part, go, sources),
      keys.goPartKey(part, go, { ...sources, "main.go": "package main " }),
      keys.goPartKey(part, go, { ...sources, "go.sum": "other" }),
      keys.goPartKey(part, go, { ...sources, "more.go": "" }),
      keys.goPartKey(part, go, { "other.go": "package main", "go.sum": "sums" }),
      keys.goPartKey({ ...part, ldflags: "-X main.version=2" }, go, sources),
      keys.goPartKey({ ...part, package: "./cmd" }, go, sources),
      keys.goPartKey(part, { ...go, GOVERSION: "go1.26.2" }, sources),
      keys.goPartKey(part, { ...go, GOARCH: "arm64" }, sources),
      keys.goPartKey(part, { ...go, CGO_ENABLED: "0" }, sources),
    ];
    assert.equal(new Set(all).size, all.length);
  });

  it("depends on no test and no test data", () => {
    const dir = mkdtempSync(join(tmpdir(), "vsphere-ha-"));
    try {
      mkdirSync(join(dir, "pkg", "testdata"), { recursive: true });
      for (const file of ["go.mod", "pkg/a.go", "pkg/a_test.go", "pkg/testdata/b.go"]) {
        writeFileSync(join(dir, file), file);
      }
      assert.deepEqual(keys.goSources(dir), { "go.mod": "go.mod", "pkg/a.go": "pkg/a.go" });
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
